"""Recipes: a variant, and three flat tables of settings, checked against the signatures they feed.

A recipe is YAML with the keys `variant`, `model` (arguments of the variant's constructor), `data`
(arguments of `open_source` and `training_batches`) and `train` (arguments of the variant's
`make_players` and fields of `TrainSettings`). Nothing is inherited, and no code is named. A setting
that is not in the file has the default of the signature, and the resolved recipe in a run folder
shows every value.
"""

import dataclasses
import difflib
import inspect
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml

from tfi2i.errors import RecipeError
from tfi2i.image_sizes import as_size
from tfi2i.recipe_text import parse, read_recipe_file
from tfi2i.recipe_values import checked_value, shown

SECTIONS = ("model", "data", "train")
# Keys of the section model that follow from the images of a domain, where they are left out.
CHANNELS = {
    "channels": "a",
    "input_channels": "a",
    "output_channels": "b",
    "a_channels": "a",
    "b_channels": "b",
}


@dataclasses.dataclass(frozen=True)
class TrainSettings:
    """How a run goes, except for what the variant's `make_players` takes.

    Attributes:
        epochs: Passes over the training images (over the larger domain when unpaired).
        decay_epochs: How many epochs at the end bring every learning rate linearly to zero.
        decay_by: Whether it falls once an `epochs`, or at each of their `iterations`.
        seed: Seed of weights, data order, augmentation and noise.
        precision: `float32`, `mixed_bfloat16`, `mixed_float16`, or `auto`: `mixed_bfloat16` where
            the machine computes in it (`tfi2i.machine`), else `float32`.
        strategy: `one` device, `mirrored` over the GPUs of this host, or `multiworker`.
        xla: Compile the iteration with XLA, on one device: faster on GPUs, slower on processors
            (docs/speed.md). Noise then has another order than without it.
        steps_per_execution: Iterations that run in one call of the compiled function.
        checkpoint_every: Iterations between checkpoints; None writes one every minute, or more
            rarely where that would take more than a twentieth of the time. One is written at the
            end as well.
        keep_checkpoints: How many of the newest checkpoints stay.
        sample_every: Epochs between sample grids.
        samples: Images in a sample grid.
        sample_size: `load` shows whole images at `data.load_size`, the scale of training, at which
            `translate` works too; `crop` stretches them to the crop, as `evaluate` does. Without a
            `load_size` both show the middle of each image at its own pixels.
        evaluate_every: Epochs between two measurements of the model while it trains, on the part
            `val` of the images, or on some that are held back from training where there is none;
            0 for none. The best checkpoint is kept beside the newest.
        start_from: Trained weights that the run begins from: a preset, the folder of a run or of a
            saved model, a checkpoint's file, or `hf://OWNER/REPO`; None begins from random ones.
        deterministic: Bit-equal results on every run of the same machine, at some cost on GPUs.
    """

    epochs: int = 200
    decay_epochs: int = 0
    decay_by: Literal["epochs", "iterations"] = "epochs"
    seed: int = 0
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16", "auto"] = "float32"
    strategy: Literal["one", "mirrored", "multiworker"] = "one"
    xla: bool = False
    steps_per_execution: int = 1
    checkpoint_every: int | None = None
    keep_checkpoints: int = 2
    sample_every: int = 1
    samples: int = 4
    sample_size: Literal["load", "crop"] = "load"
    evaluate_every: int = 0
    start_from: str | None = None
    deterministic: bool = False

    def __post_init__(self):
        """Checks every value, so that a mistake is found before any model is built."""
        for name, parameter in inspect.signature(TrainSettings).parameters.items():
            checked_value(f"train.{name}", getattr(self, name), parameter.annotation)
        if self.xla and self.strategy != "one":
            raise RecipeError(
                "train.xla=true trains on one device, for XLA hangs under several: set "
                f"train.strategy=one, not {self.strategy}"
            )
        if not 0 <= self.decay_epochs <= self.epochs:
            raise RecipeError(
                f"train.decay_epochs must lie between 0 and train.epochs ({self.epochs}), "
                f"got {self.decay_epochs}"
            )


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A variant's name and its settings; build with `load_recipe` or from dicts, then `resolve`."""

    variant: str
    model: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    data: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    train: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def with_overrides(self, overrides: Iterable[str]) -> "Recipe":
        """Applies `section.key=value` strings; values are read as YAML.

        Raises:
            RecipeError: A string does not have that form. Unknown keys are found by `resolve`.
        """
        sections = {name: dict(getattr(self, name)) for name in SECTIONS}
        for override in overrides:
            match = re.fullmatch(r"(\w+)\.(\w+)=(.*)", override, re.DOTALL)
            if not match or match[1] not in SECTIONS:
                raise RecipeError(
                    f"{shown(override)} is not an override: write section.key=value with a section "
                    f"of {', '.join(SECTIONS)}, for example model.cycle_weight=5"
                )
            sections[match[1]][match[2]] = parse(match[3], f"{match[1]}.{match[2]}")
        return Recipe(self.variant, **sections)

    def changed_by(self, asked: "Recipe") -> "Recipe":
        """This recipe, with all values that another one of the same variant has."""
        merged = {name: {**getattr(self, name), **getattr(asked, name)} for name in SECTIONS}
        return Recipe(self.variant, **merged)

    def resolve(self, variant_class: type) -> "Recipe":
        """Checks every key and fills in every default; channels are those of the images.

        Args:
            variant_class: The class that `variant` names.

        Raises:
            RecipeError: A key is unknown (the message names its nearest neighbour), or a value has
                a wrong type.
        """
        from tfi2i.data.derive import channels_by_domain

        resolved = {
            section: _resolve_section(section, getattr(self, section), parameters)
            for section, parameters in section_parameters(variant_class).items()
        }
        channels = channels_by_domain(**_pick(resolved["data"], channels_by_domain))
        for key in CHANNELS.keys() & resolved["model"] - self.model.keys():
            resolved["model"][key] = channels[CHANNELS[key]]
        TrainSettings(**_pick(resolved["train"], TrainSettings))
        return Recipe(self.variant, **resolved)

    def train_settings(self) -> TrainSettings:
        """The part of `train` that steers the run."""
        return TrainSettings(**_pick(self.train, TrainSettings))

    def model_config(self, variant_class: type) -> dict[str, Any]:
        """Arguments for the variant's constructor, with the recipe's seed and image size."""
        size = as_size(self.data["crop_size"], "data.crop_size")
        shared = {"seed": self.train["seed"], "crop_size": size}
        return {**self.model, **_pick(shared, variant_class.__init__)}

    def arguments_for(self, section: str, function) -> dict[str, Any]:
        """The entries of a section that a function takes."""
        return _pick(getattr(self, section), function)

    def to_yaml(self) -> str:
        """The recipe as text that `load_recipe` reads back."""
        tables = {name: dict(getattr(self, name)) for name in SECTIONS}
        return yaml.safe_dump({"variant": self.variant, **tables}, sort_keys=False)

    def flat(self) -> dict[str, Any]:
        """Every setting by `section.key`."""
        return {
            f"{section}.{key}": value
            for section in SECTIONS
            for key, value in getattr(self, section).items()
        }

    def differences(self, other: "Recipe") -> list[str]:
        """Keys on which two resolved recipes differ, as `section.key: mine -> theirs`."""
        lines = [] if self.variant == other.variant else [f"{self.variant} -> {other.variant}"]
        for section in SECTIONS:
            mine, theirs = getattr(self, section), getattr(other, section)
            lines += [
                f"{section}.{key}: {mine.get(key)!r} -> {theirs.get(key)!r}"
                for key in sorted({*mine, *theirs})
                if mine.get(key) != theirs.get(key)
            ]
        return lines


def load_recipe(path: str | Path) -> Recipe:
    """Reads a recipe file.

    Raises:
        RecipeError: If the file is missing, is not YAML, or has other top-level keys than a recipe.
    """
    path = Path(path)
    tables = read_recipe_file(path)
    if not isinstance(tables, dict) or "variant" not in tables:
        raise RecipeError(f"{path} is not a recipe: it needs `variant:` and model, data, train")
    unknown = sorted(set(tables) - {"variant", *SECTIONS})
    if unknown:
        known = ", ".join(("variant", *SECTIONS))
        raise RecipeError(f"{path}: unknown section {shown(unknown[0])}; known: {known}")
    checked_value(f"{path}: variant", tables["variant"], str)
    for section in SECTIONS:
        if not isinstance(tables.get(section) or {}, dict):
            raise RecipeError(f"{path}: {section} must be a table of keys and values")
    return Recipe(tables["variant"], **{s: tables.get(s) or {} for s in SECTIONS})


def section_parameters(variant_class: type) -> dict[str, dict[str, inspect.Parameter]]:
    """For each section, the parameters it may set."""
    from tfi2i.data import open_source, training_batches

    # A function, and what it takes from elsewhere: `train.seed` and `data.crop_size` are the only
    # place for both (see `model_config`).
    functions = {
        "model": [(variant_class.__init__, {"self", "seed", "crop_size", "name", "kwargs"})],
        "data": [
            (open_source, set()),
            (training_batches, {"source", "seed", "start_step", "augment"}),
        ],
        "train": [
            (variant_class.make_players, {"self"}),
            (TrainSettings, set()),
        ],
    }
    return {
        section: {
            name: parameter
            for function, set_elsewhere in functions[section]
            for name, parameter in inspect.signature(function).parameters.items()
            if name not in set_elsewhere
        }
        for section in SECTIONS
    }


def _resolve_section(
    section: str, given: Mapping[str, Any], parameters: Mapping[str, inspect.Parameter]
) -> dict[str, Any]:
    for key in given:
        if key not in parameters:
            name = key if re.fullmatch(r"\w{1,60}", key) else shown(key)
            near = difflib.get_close_matches(name, parameters, n=1)
            hint = f"did you mean {section}.{near[0]}?" if near else f"known: {sorted(parameters)}"
            raise RecipeError(f"unknown key {section}.{name}; {hint}")
    values = {}
    for key, parameter in parameters.items():
        if key in given:
            values[key] = checked_value(f"{section}.{key}", given[key], parameter.annotation)
        elif parameter.default is inspect.Parameter.empty:
            raise RecipeError(f"{section}.{key} is missing, and has no default")
        else:
            values[key] = _plain(parameter.default)
    return values


def _pick(table: Mapping[str, Any], function) -> dict[str, Any]:
    names = inspect.signature(function).parameters
    return {key: value for key, value in table.items() if key in names}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
