"""The scale that training saw, and by which factor a picture is resized to be translated at it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Literal, get_args

from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, as_size, height_and_width, size_in_words

if TYPE_CHECKING:
    from tfi2i.data.source import DataSource, Images

NamedScale = Literal["trained", "fit"]
Scale = NamedScale | float
# A picture this many times larger or smaller than the training photos deserves a question.
UNLIKE = 2.0


@dataclass(frozen=True)
class TrainedScale:
    """What became of whole training images before crops were cut from them.

    Attributes:
        load_size: To which each was stretched: a square's side in pixels, or (height, width).
        sides: For each domain, the median side of its images in pixels; the side of an image that
            is not square is the root of its area.
    """

    load_size: Size
    sides: Mapping[str, float]

    @classmethod
    def of(cls, source: "DataSource", load_size: Size | None) -> "TrainedScale | None":
        """The scale at which a source is trained on; None where no image changes its size."""
        if load_size is None or "train" not in source.splits:
            return None
        train = source.splits["train"]
        load_size, loaded = as_size(load_size), _side(*height_and_width(load_size))
        sides = {"a": _median_side(train.a)}
        if train.b is not None:
            sides["b"] = _median_side(train.b)
        return cls(load_size, sides) if set(sides.values()) != {loaded} else None

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "TrainedScale | None":
        """What `to_facts` noted; None if nothing: images kept their size, or the run is old."""
        noted = facts.get("scale")
        return cls(as_size(noted["load_size"]), noted["sides"]) if noted else None

    def to_facts(self) -> dict[str, Any]:
        """A form for JSON."""
        return {"load_size": self.load_size, "sides": dict(self.sides)}

    @property
    def loaded_side(self) -> float:
        """The side of what they were stretched to; the root of its area if it is not square."""
        return _side(*height_and_width(self.load_size))

    def side(self, domain: str) -> float:
        """The median side of a domain's training images in pixels."""
        return self.sides.get(domain, self.loaded_side)

    def factor(self, domain: str) -> float:
        """What the sides of a domain's training images were multiplied by."""
        return self.loaded_side / self.side(domain)


def scale_factor(
    scale: Scale, trained: TrainedScale | None, *, height: int, width: int, domain: str = "a"
) -> float:
    """What an image's sides are multiplied by before it is translated.

    Args:
        scale: "trained" for the factor of the training images; "fit" for as many pixels as every
            whole image had in training, whatever the image's size; or a number, 1 for the image's
            own pixels.
        trained: The scale of training; None where images kept their size.
        height: Height of the image in pixels.
        width: Width of the image in pixels.
        domain: The domain that the image belongs to, `a` or `b`.

    Raises:
        DataError: The scale is none of these, or "fit" is asked of a model that notes no scale.
    """
    if scale == "trained":
        return 1.0 if trained is None else trained.factor(domain)
    if scale == "fit":
        if trained is None:
            raise DataError(
                'scale="fit" needs a model that notes the size its training images were loaded '
                "at: this one was trained on images in their own size, or before it was noted; "
                "give a number"
            )
        return trained.loaded_side / math.sqrt(height * width)
    check_scale(scale)
    return float(scale)


def check_scale(scale: Scale) -> None:
    """Raises a DataError unless a scale is one of the names or a positive number."""
    number = isinstance(scale, int | float) and not isinstance(scale, bool)
    if scale not in get_args(NamedScale) and not (number and 0 < float(scale) < math.inf):
        names = " or ".join(f'"{name}"' for name in get_args(NamedScale))
        raise DataError(
            f"scale={scale!r} is not possible: it is {names}, or a number that the sides are "
            "multiplied by, such as 0.5; 1 keeps the pixels"
        )


def scaled_size(height: int, width: int, factor: float) -> tuple[int, int]:
    """Height and width in whole pixels, at least one, after resizing by a factor."""
    return max(1, round(height * factor)), max(1, round(width * factor))


def scale_in_words(scale: Scale, trained: TrainedScale | None, domain: str = "a") -> str | None:
    """One sentence on what was done to the pictures' size; None where they kept their pixels."""
    if isinstance(scale, str):
        if trained is None or (scale == "trained" and trained.factor(domain) == 1):
            return None
        size = f"{trained.loaded_side:g}/{trained.side(domain):g} of their size, as in training"
        if scale == "fit":
            size = f"about {size_in_words(trained.load_size)} px, as whole photos in training"
    elif scale == 1:
        return None
    else:
        size = f"{scale:g} of their size"
    return f"translated at {size}, and brought back to their size; --scale 1 keeps their pixels"


def unlike_training(
    trained: TrainedScale | None, height: int, width: int, *, domain: str = "a"
) -> bool:
    """Whether an image is more than twice as large as training photos, or less than half."""
    if trained is None or trained.factor(domain) == 1:
        return False
    ratio = math.sqrt(height * width) / trained.side(domain)
    return max(ratio, 1 / ratio) > UNLIKE


def _median_side(images: "Images") -> float:
    sizes = _sizes_of_files(images)
    return round(median(math.sqrt(height * width) for height, width in sizes), 1)


def _sizes_of_files(images: "Images") -> "Sequence[tuple[int, int]]":
    """Of derived images, which are made at the loading size, those of the photos behind them."""
    from tfi2i.data.derive import DerivedImages
    from tfi2i.data.limits import Chosen

    if isinstance(images, DerivedImages):
        return _sizes_of_files(images.images)
    if isinstance(images, Chosen):
        sizes = _sizes_of_files(images.images)
        return [sizes[index] for index in images.indices]
    return images.sizes


def _side(height: int, width: int) -> float:
    return round(math.sqrt(height * width), 1)
