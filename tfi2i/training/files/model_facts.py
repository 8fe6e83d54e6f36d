"""`model.json`: a variant's name and constructor arguments, read as if from a stranger.

There is no code in it, and nothing is imported by a name found in it: the variant must be one of
the zoo, and its arguments must have the types that its constructor names.
"""

import inspect
import math
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

import tensorflow as tf

from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.data.scale import TrainedScale
from tfi2i.errors import DataError, RecipeError, WeightsError
from tfi2i.image_sizes import sides_of
from tfi2i.training.state import StatefulModel
from tfi2i.whole_files import make_folder, read_json, write_json

Model = TypeVar("Model", bound=StatefulModel)

FACTS = "model.json"
WEIGHTS = "weights.npz"
# Keras' own arguments, which are no part of what was trained.
_LEFT_OUT = ("trainable", "dtype")
# The largest sizes of images and networks: beyond them hours of building would precede the refusal.
_LARGEST = 4096
_NO_SIZES = ("seed", "switch_update", "statistics_images")
_TYPES = {"variant": str, "config": dict, "weights_sha256": str, "networks": list, "data": dict}


def write_model_facts(folder: Path, variant: str, config: dict[str, Any], **facts: Any) -> None:
    """Writes `model.json`: the variant's name, its constructor's arguments, and further facts.

    Raises:
        WeightsError: A folder lies there, or it cannot be written.
    """
    make_folder(folder, WeightsError)
    write_json(folder / FACTS, {"variant": variant, "config": config, **facts}, WeightsError)


def image_facts(model: StatefulModel) -> dict[str, Any]:
    """What `model.json` says about the images of training.

    Returns:
        `scale`, unless images kept their size; `value_ranges` by domain, unless all are of 8 bits.
    """
    facts: dict[str, Any] = {}
    if model.trained_scale is not None:
        facts["scale"] = model.trained_scale.to_facts()
    ranges = model.value_ranges
    if set(ranges.values()) != {EIGHT_BITS}:
        facts["value_ranges"] = {domain: one.to_facts() for domain, one in ranges.items()}
    return facts


def restore_image_facts(model: StatefulModel, facts: dict[str, Any]) -> None:
    """Sets what `image_facts` noted of a model."""
    model.trained_scale = TrainedScale.from_facts(facts)
    for domain, noted in facts.get("value_ranges", {}).items():
        model.value_ranges[domain] = ValueRange.from_facts(noted)


def read_model_facts(folder: Path) -> dict[str, Any]:
    """Reads `model.json`.

    Returns:
        `variant` (text) and `config` (a table). A saved model also has `weights_sha256` (text) and
        `networks` (one name or more). There may be `data` (a table), what
        `image_facts` notes, and other notes.

    Raises:
        WeightsError: If the folder holds no model, or the file does not have the form.
    """
    path = folder / FACTS
    if folder.is_file():
        raise WeightsError(
            f"{folder} is a file, and a model is a folder with {FACTS} and arrays; archives of "
            "Keras can hold code, and are not read"
        )
    if not path.exists():
        raise WeightsError(f"{folder} holds no model: it has no {FACTS}")
    facts = read_json(path, WeightsError)
    for name in ("variant", "config"):
        if name not in facts:
            raise WeightsError(
                f"{path} does not describe a model: `variant` and `config` are needed"
            )
    for name, wanted in _TYPES.items():
        if name in facts and not isinstance(facts[name], wanted):
            raise WeightsError(f"{path}: `{name}` is no {_WORDS[wanted]}: {_shown(facts[name])}")
    if "weights_sha256" in facts:
        names = facts.get("networks")
        if not names or not all(isinstance(name, str) for name in names):
            raise WeightsError(f"{path}: `networks` does not name the networks of the weights")
    _check_scale(path, facts.get("scale"))
    _check_value_ranges(path, facts.get("value_ranges", {}))
    return facts


def build_model(variant_class: type[Model], config: dict[str, Any], *, source: Path) -> Model:
    """Calls the constructor with arguments from a file.

    Args:
        variant_class: Class of a variant of the zoo.
        config: Its arguments as JSON has them.
        source: The file, for messages.

    Raises:
        WeightsError: If an argument is unknown or of another type than the constructor's, or if the
            constructor refuses it.
    """
    parameters = inspect.signature(variant_class.__init__).parameters
    known = parameters.keys() | set(_LEFT_OUT)
    unknown = sorted(set(config) - (known - {"self", "kwargs"}))
    if unknown:
        raise WeightsError(f"{source} has unknown arguments: {_shown(unknown)}")
    config = {name: value for name, value in config.items() if name not in _LEFT_OUT}
    for name, value in config.items():
        wanted = parameters[name].annotation
        if not _fits(value, wanted):
            raise WeightsError(
                f"{source}: {name} is {_shown(value)}, and should be {_in_words(wanted)}"
            )
        least = 1 if name == "crop_size" else 0
        sides = (None if isinstance(value, str) else sides_of(value)) or ()
        if name not in _NO_SIZES and not all(least <= side <= _LARGEST for side in sides):
            raise WeightsError(f"{source}: {name} is {value}, not within {least} to {_LARGEST}")
    try:
        return variant_class(**config)
    except (RecipeError, ValueError, ArithmeticError, LookupError, MemoryError) as error:
        raise WeightsError(f"{source}: no model can be built of it: {_shown(error)}") from error
    except tf.errors.OpError as error:
        raise WeightsError(f"{source}: no model can be built of it: {error.message}") from error


def _check_scale(path: Path, scale: Any) -> None:
    """Raises a WeightsError unless the scale of training has its form, or is not noted."""
    if scale is None:
        return
    table = scale if isinstance(scale, dict) else {}
    sides = table.get("sides")
    numbers: list[Any] = list(sides_of(table.get("load_size")) or [None])
    numbers += sides.values() if isinstance(sides, dict) else [None]
    if not all(type(one) in (int, float) and 0 < one < 1e9 for one in numbers):
        raise WeightsError(f"{path}: `scale` is no scale of training: {_shown(scale)}")


def _check_value_ranges(path: Path, ranges: Any) -> None:
    """Raises a WeightsError unless the value ranges are some, of the domains a and b."""
    try:
        found = {domain: ValueRange.from_facts(noted) for domain, noted in ranges.items()}
    except (AttributeError, LookupError, TypeError, ArithmeticError, DataError):
        found = {"?": EIGHT_BITS}
    if not found.keys() <= {"a", "b"}:
        raise WeightsError(f"{path}: `value_ranges` are no ranges of values: {_shown(ranges)}")


_WORDS = {str: "text", dict: "table", list: "list"}


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value from JSON may be given for a parameter with this annotation."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is typing.Literal:
        return value in parts
    if origin is tuple:
        is_list = isinstance(value, (list, tuple)) and (... in parts or len(value) == len(parts))
        return is_list and all(_fits(one, parts[0]) for one in value)
    if hint is float:
        # An int may stand for a float, as long as it is not beyond all floats.
        return type(value) in (int, float) and abs(value) < 1e300 and math.isfinite(value)
    return type(value) is hint


def _in_words(hint: Any) -> str:
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(map(repr, typing.get_args(hint)))
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")


def _shown(value: Any) -> str:
    """A stranger's value in one line of bounded length."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(str(value).split()) if isinstance(value, Exception) else text
    return text if len(text) <= 200 else f"{text[:200]}..."
