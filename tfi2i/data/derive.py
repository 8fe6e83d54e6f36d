"""Pairs made from single images: domain b is the image, domain a what is computed from it.

Colourisation, super-resolution and drawing from edges need no collected pairs.
"""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tfi2i.data.decode.resizing import resize_image
from tfi2i.data.decode.values import EIGHT_BITS
from tfi2i.data.edges import edge_map
from tfi2i.data.fingerprint import derived_fingerprint, fingerprint
from tfi2i.data.source import DataSource, Images, Split
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, height_and_width

_FORMS = "grey, lowres:<factor> such as lowres:4, or edges"


@dataclass(frozen=True)
class DerivedImages:
    """The images that a function makes from other images, when they are asked for.

    Attributes:
        images: the other images.
        make: uint8 (H, W, 3) to uint8 (H, W, channels).
        size: the images are resized to it before, so that the loss of resolution or the lines are
            what a network of that size sees; None takes them as they are.
        channels: 3 for RGB, 1 for grey.
    """

    images: Images
    make: Callable[[np.ndarray], np.ndarray]
    size: Size | None
    channels: int
    value_range = EIGHT_BITS

    @property
    def names(self) -> list[str]:
        """Names of the other images."""
        return list(self.images.names)

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Sizes of the other images, or the one size of all."""
        if self.size is None:
            return list(self.images.sizes)
        return [height_and_width(self.size)] * len(self.images.sizes)

    def __len__(self) -> int:
        """The number of images."""
        return len(self.images)

    def load(self, index: int) -> np.ndarray:
        """One derived image, uint8 (H, W, channels)."""
        image = self.images.load(index)
        if self.size is not None:
            image = resize_image(image, *height_and_width(self.size))
        return self.make(image)


def derived_pairs(source: DataSource, how: str, *, size: Size | None, reverse: bool) -> DataSource:
    """Makes pairs from a source of single images.

    Args:
        source: of kind "images", 3 channels.
        how: "grey" (1 channel, luma of ITU-R 601); "lowres:<factor>" (shrunk by it and enlarged
            again, both bicubic); "edges" (1 channel, dark lines on white, see `edge_map`).
        size: to which images are resized before, None for their own size.
        reverse: exchange a and b.

    Raises:
        DataError: there is no such derivation.
    """
    make, channels = _maker(how)
    splits = {}
    for name, split in source.splits.items():
        derived = DerivedImages(split.a, make, size, channels)
        splits[name] = Split(split.a, derived) if reverse else Split(derived, split.a)
    return dataclasses.replace(
        source,
        kind="paired",
        description=f"{source.description}; paired with {how} of themselves",
        splits=splits,
        fingerprint=derived_fingerprint(
            source.fingerprint, lambda images: fingerprint(images, how, size, reverse)
        ),
        class_names=(),
        aligned_test=True,
    )


def channels_by_domain(
    channels: int,
    derive: str | None = None,
    direction: str = "a2b",
    a_channels: int | None = None,
    b_channels: int | None = None,
) -> dict[str, int]:
    """The channels that `open_source` gives the images of `a` and of `b`; see there.

    Args:
        channels: Of the images that are opened.
        derive: How domain a is computed from them, or None.
        direction: "b2a" exchanges the two.
        a_channels: Of the images of `a`, where they are not computed.
        b_channels: Of the images of `b`, where they are not computed.
    """
    if derive is None:
        return {"a": a_channels or channels, "b": b_channels or channels}
    computed = 1 if derive in _OF_ONE_CHANNEL else channels
    if direction == "b2a":
        return {"a": channels, "b": computed}
    return {"a": computed, "b": channels}


def _maker(how: str) -> tuple[Callable[[np.ndarray], np.ndarray], int]:
    lowres = re.fullmatch(r"lowres:([2-9]|[1-9]\d+)", how)
    if lowres:
        factor = int(lowres[1])
        return lambda image: _lower_resolution(image, factor), 3
    if how not in _OF_ONE_CHANNEL:
        raise DataError(f"derive={how!r} is not possible; write {_FORMS}")
    return _OF_ONE_CHANNEL[how], 1


def grey(image: np.ndarray) -> np.ndarray:
    """Luma of ITU-R 601: uint8 (H, W, 3) to (H, W, 1)."""
    return np.asarray(Image.fromarray(image).convert("L"))[..., None]


def _lower_resolution(image: np.ndarray, factor: int) -> np.ndarray:
    height, width = image.shape[:2]
    small = resize_image(image, max(1, height // factor), max(1, width // factor))
    return resize_image(small, height, width)


_OF_ONE_CHANNEL = {"grey": grey, "edges": edge_map}
