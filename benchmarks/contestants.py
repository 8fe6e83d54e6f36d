"""The contestants of the benchmarks: our programs and the peers', each as a command."""

import statistics
import sys
from pathlib import Path
from typing import Any

from benchmarks.race import Contestant, race

OURS = "tfi2i bfloat16"
BFLOAT16 = ("--precision", "mixed_bfloat16")
# The setting that `tfi2i export` advises for serving; training would compute with old weights.
FROZEN = {"TF_ONEDNN_ASSUME_FROZEN_WEIGHTS": "1"}


def ours(name: str, module: str, *arguments: str, **environment: str) -> Contestant:
    """A contestant that runs in this environment."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    return Contestant(name, command, {"TF_CPP_MIN_LOG_LEVEL": "2", **environment})


def theirs(name: str, python: str, module: str, *arguments: str) -> Contestant:
    """A contestant of the peers' environment."""
    command = [str(Path(python).absolute()), "-m", f"benchmarks.peers.{module}", *arguments]
    return Contestant(name, command)


def run(contestants: list[Contestant], rounds: int, units: int, **options: Any) -> dict[str, Any]:
    """Races, with the options of `race`, and summarises by name."""
    outcomes = race(contestants, rounds=rounds, units=units, **options)
    return {name: outcome.summary() for name, outcome in outcomes.items()}


def times(rounds: int, scale: float) -> int:
    """More or fewer rounds than usual, one at least."""
    return max(1, round(rounds * scale))


def median_of(values: list[float]) -> float:
    """Rounded for the results file."""
    return round(statistics.median(values), 3)
