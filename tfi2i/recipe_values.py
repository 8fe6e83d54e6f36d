"""What a value in a recipe may be: its type as the signature has it, its range from one table."""

import math
import types
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from tfi2i.errors import RecipeError
from tfi2i.image_sizes import sides_of, size_in_words

_LONGEST_TEXT = 4096
_LONGEST_LIST = 1000
_SHOWN = 60
# How signatures write height and width.
_PAIR = tuple[int, int]


@dataclass(frozen=True)
class Range:
    """From `low` to `high`; the ends belong to it unless `above` or `below` says otherwise."""

    low: float
    high: float
    above: bool = False
    below: bool = False

    def holds(self, value: float) -> bool:
        """Whether a value lies within."""
        over = value > self.low if self.above else value >= self.low
        return over and (value < self.high if self.below else value <= self.high)

    def words(self) -> str:
        """Such as: from 1 to 1,024; above 0."""
        if self.high == _FLOAT32:
            return f"above {self.low:g}" if self.above else f"of at least {self.low:g}"
        if self.below:
            return f"from {self.low:g} to below {self.high:g}"
        return f"from {self.low:,g} to {self.high:,.0f}"


_FLOAT32 = 3.4e38
_NOT_NEGATIVE = Range(0, _FLOAT32)
_POSITIVE = Range(0, _FLOAT32, above=True)
_SHARE = Range(0, 1, below=True)

# One key means one thing in all variants. The upper ends are far above what anybody trains with:
# they stop a slip of the keyboard before it asks for more memory or time than there is.
RANGES = {
    # model
    "anchor": Range(-1000, 1000),
    "augmented_length": Range(1, 4096),
    "blocks": Range(1, 100),
    "burn_in": Range(0, 1_000_000_000),
    "categories": Range(2, 4096),
    "clip_limit": _POSITIVE,
    "compressed_length": Range(1, 4096),
    "codes": Range(2, 4096),
    "continuous_codes": Range(0, 4096),
    "critic_steps": Range(1, 100),
    "critic_updates": Range(1, 100),
    "depth": Range(1, 16),
    "discriminator_depth": Range(1, 16),
    "discriminator_steps": Range(1, 100),
    "dropout": _SHARE,
    "embedding_length": Range(1, 65_536),
    "enlargement": Range(1, 64),
    "fade_iterations": Range(0, 10**9),
    "feature_level": Range(1, 16),
    "first_rate": Range(0, 1),
    "generator_updates": Range(1, 100),
    "group_size": Range(1, 1024),
    "input_dropout": _SHARE,
    "latent_deviation": _POSITIVE,
    "latent_length": Range(1, 4096),
    "later_rate": Range(0, 1),
    "level": Range(1, 5),
    "margin": _POSITIVE,
    "minibatch_kernels": Range(0, 1000),
    "patches": Range(2, 65_536),
    "pixel_deviation": _POSITIVE,
    "noise": _NOT_NEGATIVE,
    "pool_size": Range(0, 1000),
    "real_label": Range(0.5, 1, above=True),
    "receptive_field": Range(1, 286),
    "reference_batch": Range(0, 1000),
    "separation_margin": _NOT_NEGATIVE,
    "stage_one_epochs": Range(0, 10**6),
    "stage_epochs": Range(1, 10**6),
    "statistics_images": Range(2, 10**9),
    "steps": Range(1, 100),
    "style_size": Range(1, 16_384),
    "switch_update": Range(0, 10**9),
    "temperature": _POSITIVE,
    "vector_length": Range(1, 4096),
    "weight_decay": _NOT_NEGATIVE,
    "widest_map": Range(1, 16_384),
    # data
    "batch_size": Range(1, 65_536),
    "channels": Range(1, 1024),
    "crop_size": Range(1, 16_384),
    "limit": Range(1, 10**9),
    "load_size": Range(1, 16_384),
    # train
    "beta_1": _SHARE,
    "beta_2": _SHARE,
    "checkpoint_every": Range(1, 10**9),
    "decay": _SHARE,
    "decay_epochs": Range(0, 10**6),
    "decay_until": Range(1, 10**9),
    "ema_decay": _SHARE,
    "epochs": Range(1, 10**6),
    "halve_after": Range(1, 10**6),
    "halve_every": Range(1, 10**6),
    "keep_checkpoints": Range(1, 10**6),
    "learning_rate": _POSITIVE,
    "learning_rate_decay": _NOT_NEGATIVE,
    "momentum": _SHARE,
    "evaluate_every": Range(0, 10**6),
    "sample_every": Range(1, 10**6),
    "samples": Range(1, 1024),
    "stage_one_halving": Range(1, 10**6),
    "stage_two_halving": Range(1, 10**6),
    "seed": Range(0, 2**31 - 1),
    "steps_per_execution": Range(1, 10_000),
}
# Of all keys that end so and are not named above.
_RANGES_BY_ENDING = {
    "filters": Range(1, 2048),
    "units": Range(1, 16_384),
    "_channels": Range(1, 1024),
    "_momentum": _SHARE,
    "_weight": _NOT_NEGATIVE,
    "learning_rate": _POSITIVE,
}


def range_of(name: str) -> Range | None:
    """The range of a key's numbers, without its section; None for a key that has none."""
    if name in RANGES:
        return RANGES[name]
    found = (one for ending, one in _RANGES_BY_ENDING.items() if name.endswith(ending))
    return next(found, None)


def checked_value(key: str, value: Any, annotation: Any) -> Any:
    """Lets a value through that has the type and the range of its key.

    Args:
        key: `section.name`, or a name alone.
        value: As YAML gave it.
        annotation: Of the parameter that it is for.

    Returns:
        The value; a whole number that stands for a float as a float; height and width as text such
        as "256x512", or as one number where they are equal.

    Raises:
        RecipeError: In one line that names the key, what it takes and what it got.
    """
    kinds = _alternatives(annotation)
    allowed = range_of(key.rpartition(".")[2])
    if value is None and types.NoneType in kinds:
        return None
    for kind in kinds:
        if _fits(value, kind, allowed):
            return _in_one_form(value, kind)
    words = " or ".join(filter(None, (_words(kind, allowed) for kind in kinds)))
    raise RecipeError(f"{key} must be {words}, got {shown(value)}")


def shown(value: Any) -> str:
    """A value of YAML in a few words, however large it is."""
    if isinstance(value, dict):
        return f"a table of {len(value)} keys"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return f"a number of more than {_SHOWN} digits"
    if isinstance(value, str) and len(value) > _SHOWN:
        return f"{value[:_SHOWN]!r}... ({len(value)} characters)"
    return repr(value)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    union = get_origin(annotation) in (Union, types.UnionType)
    return get_args(annotation) if union else (annotation,)


def _fits(value: Any, kind: Any, allowed: Range | None) -> bool:
    if get_origin(kind) is Literal:
        return isinstance(value, str | int) and value in get_args(kind)
    if kind == _PAIR:
        sides = sides_of(value)
        return sides is not None and all(_fits(side, int, allowed) for side in sides)
    if get_origin(kind) is tuple:
        is_list = isinstance(value, list | tuple) and len(value) <= _LONGEST_LIST
        return is_list and all(map(_is_text, value))
    if kind is str:
        return _is_text(value)
    if kind is bool:
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int if kind is int else int | float):
        return False
    if kind is not int and kind is not float:
        return False
    # A whole number may be larger than any float.
    within = abs(value) <= _FLOAT32 if isinstance(value, int) else math.isfinite(value)
    return within and (allowed is None or allowed.holds(value))


def _in_one_form(value: Any, kind: Any) -> Any:
    if kind is float:
        return float(value)
    if kind == _PAIR:
        words = size_in_words(value)
        return int(words) if words.isdecimal() else words
    return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT and "\0" not in value


def _words(kind: Any, allowed: Range | None) -> str | None:
    within = f" {allowed.words()}" if allowed else ""
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    if kind == _PAIR:
        return "height and width such as 256x512"
    if get_origin(kind) is tuple:
        return "a list of names"
    names = {
        types.NoneType: "null",
        bool: "true or false",
        int: f"a whole number{within}",
        float: f"a number{within}",
        str: "text",
    }
    return names.get(kind)
