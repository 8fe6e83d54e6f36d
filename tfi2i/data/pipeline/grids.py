"""Pairs whose two images differ in size, such as a small photo and a large one: on one grid."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfi2i.data.decode.resizing import resize_image
from tfi2i.data.decode.values import ValueRange
from tfi2i.data.source import DataSource, Images, Split


@dataclass(frozen=True)
class Resized:
    """Images that are resized when they are loaded.

    Attributes:
        images: The images.
        sizes: Height and width that each gets.
    """

    images: Images
    sizes: Sequence[tuple[int, int]]

    @property
    def names(self) -> Sequence[str]:
        """Names of the images."""
        return self.images.names

    @property
    def channels(self) -> int:
        """Channels of the images."""
        return self.images.channels

    @property
    def value_range(self) -> ValueRange:
        """The value range of the images."""
        return self.images.value_range

    def __len__(self) -> int:
        """The number of images."""
        return len(self.images)

    def load(self, index: int) -> np.ndarray:
        """One image at its new size, (H, W, C)."""
        return resize_image(self.images.load(index), *self.sizes[index])


def pairs_on_one_grid(source: DataSource) -> DataSource:
    """The source, with `b` of every pair at the size of `a`: `a` is translated at its own pixels.

    It is for trainings without a `load_size`, which would bring both to one size.
    """
    if source.kind != "paired":
        return source
    splits = {name: _on_one_grid(split) for name, split in source.splits.items()}
    return dataclasses.replace(source, splits=splits)


def _on_one_grid(split: Split) -> Split:
    if split.b is None or list(split.a.sizes) == list(split.b.sizes):
        return split
    return dataclasses.replace(split, b=Resized(split.b, split.a.sizes))
