"""The race of the benchmarks, with contestants that take no time, and the README's table."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
SLEEPER = """
import time
from benchmarks.worker import take_turns
take_turns(lambda: time.sleep({seconds}), weights={weights})
"""


def module(name: str) -> ModuleType:
    """A file of benchmarks/, which is no installed package."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / f"benchmarks/{name}.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def sleeper(race: ModuleType, name: str, seconds: float):
    program = SLEEPER.format(seconds=seconds, weights=7)
    return race.Contestant(name, [sys.executable, "-c", program])


def test_contestants_take_turns_and_tell_their_seconds():
    race = module("race")
    contestants = [sleeper(race, "quick", 0.01), sleeper(race, "slow", 0.05)]
    outcomes = race.race(contestants, rounds=2, units=3)
    quick, slow = (outcomes[name].summary() for name in ("quick", "slow"))
    assert len(outcomes["quick"].seconds) == 6 and quick["rounds"] == 2
    assert 0.01 <= quick["median_s"] < slow["median_s"]
    assert quick["weights"] == 7 and quick["peak_mib"] > 1


def test_a_contestant_that_fails_is_named_with_its_message():
    race = module("race")
    broken = race.Contestant("broken", [sys.executable, "-c", "raise SystemExit('no engine')"])
    with pytest.raises(RuntimeError, match=r"broken failed:\nno engine"):
        race.race([broken], rounds=1, units=1)


def test_the_readme_shows_what_was_measured():
    results = json.loads((ROOT / "benchmarks/results.json").read_text(encoding="utf-8"))
    section = module("table").section(results)
    assert section in (ROOT / "README.md").read_text(encoding="utf-8"), "run: make bench"


def test_peers_train_as_many_weights():
    results = json.loads((ROOT / "benchmarks/results.json").read_text(encoding="utf-8"))
    for work, outcomes in results["training"].items():
        weights = {name: outcome["weights"] for name, outcome in outcomes.items()}
        assert len(set(weights.values())) == 1, (work, weights)
