"""Recipes, `model.json` and folders that hypothesis draws, told to what reads them."""

import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tfi2i.data import open_source
from tfi2i.errors import Tfi2iError
from tfi2i.recipe import Recipe, load_recipe
from tfi2i.training.files.model_facts import read_model_facts
from tfi2i.training.run.folder import RunFolder
from tfi2i.zoo.paired.pix2pix import Pix2Pix
from tools.fuzz import LONGEST_MESSAGE
from tools.fuzz.readers import seeds

_KEYS = st.sampled_from(
    ["variant", "model", "data", "train", "config", "networks", "weights_sha256", "scale", "depth",
     "value_ranges", "source", "batch_size", "epochs", "seed", "filters", "crop_size", "ema_decay"]
)  # fmt: skip
_PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | _KEYS
    | st.sampled_from(["pix2pix", "generator", 1e400, 2**70, -1, "..", "\0", "1:59", "nearest"])
)  # fmt: skip
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_KEYS | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=12,
)
_TABLES = st.dictionaries(_KEYS | st.text(max_size=8), _VALUES, max_size=6)
_RECIPES = st.fixed_dictionaries(
    {"variant": st.just("pix2pix") | _VALUES},
    optional={name: _TABLES | _VALUES for name in ("model", "data", "train", "other")},
)
_FACTS = st.fixed_dictionaries(
    {"variant": st.just("pix2pix") | _VALUES, "config": _TABLES},
    optional={
        name: _VALUES for name in ("networks", "weights_sha256", "scale", "value_ranges", "data")
    },
)
_NAMES = st.sampled_from(
    ["a.png", "B.JPG", "train", "test", "trainA", "trainB", "A", "B", "val", "x", "é.png", ".h"]
)
_CONTENTS = st.sampled_from([*seeds()["pictures"][:4], b"", b"no image"]) | st.binary(max_size=60)
_TREES = st.recursive(
    _CONTENTS, lambda inner: st.dictionaries(_NAMES, inner, max_size=4), max_leaves=10
)


# Whatever is drawn may take its time.
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


def run_all(examples: int, seed: int | None = None) -> dict[str, int]:
    """Draws inputs for each of the three, and counts them.

    Args:
        examples: Of each.
        seed: None takes others each time.

    Raises:
        Exception: Something raised what is not an error of tfi2i's own, or a message without end.
    """
    folder = Path(tempfile.mkdtemp(prefix="tfi2i-fuzz-"))
    return {
        "drawn recipes": _draw(_RECIPES, lambda one: _recipe(folder, one), examples, seed),
        "drawn model.json": _draw(_FACTS, lambda one: _model_facts(folder, one), examples, seed),
        "drawn folders": _draw(_TREES, _folder, examples, seed),
    }


def _draw(drawn: Any, told: Callable[[Any], None], examples: int, seed: int | None) -> int:
    count = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=seed is not None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=_SLOW,
    )
    @given(drawn)
    def one(value: Any) -> None:
        nonlocal count
        count += 1
        try:
            with warnings.catch_warnings(action="ignore"):
                told(value)
        except Tfi2iError as error:
            assert len(str(error)) < LONGEST_MESSAGE

    one()
    return count


def _recipe(folder: Path, value: Any) -> None:
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(value, allow_unicode=True), encoding="utf-8", errors="replace")
    recipe = load_recipe(path)
    Recipe("pix2pix", recipe.model, recipe.data, recipe.train).resolve(Pix2Pix)


def _model_facts(folder: Path, value: Any) -> None:
    # As a saved model, and as the facts of a run.
    for name in ("model.json", "run.json"):
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
    RunFolder(folder).facts()
    read_model_facts(folder)


def _folder(tree: Any) -> None:
    with tempfile.TemporaryDirectory(prefix="tfi2i-fuzz-") as place:
        _write(Path(place) / "data", tree)
        open_source(Path(place) / "data", skip_bad=True)


def _write(path: Path, tree: Any) -> None:
    if isinstance(tree, bytes):
        path.write_bytes(tree)
        return
    path.mkdir()
    for name, inner in tree.items():
        _write(path / name, inner)
