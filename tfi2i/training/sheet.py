"""Pictures side by side, with names: what sample grids, cards and comparisons show of a model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tfi2i.data import EIGHT_BITS, ValueRange, as_rgb
from tfi2i.training.health import output_warnings, sample_warnings


@dataclass(frozen=True)
class Column:
    """Pictures one below the other.

    Attributes:
        name: What they are; empty where the column before says it.
        images: (N, H, W, C), pixels of the value range.
        real: Real images of the domain that they are meant to belong to, (M, H, W, C), or None.
        value_range: Their depth, and the values that are black and white.
    """

    name: str
    images: np.ndarray
    real: np.ndarray | None = None
    value_range: ValueRange = EIGHT_BITS


@dataclass(frozen=True)
class Panel:
    """What a model makes of one set of inputs.

    Attributes:
        given: What it started from; empty for images from noise.
        made: What it made.
        real: Real images to look at beside them.
        aligned: Whether real images are the truths of the given ones, row by row.
        may_copy: Whether what is made is meant to resemble what was given.
    """

    given: Sequence[Column]
    made: Sequence[Column]
    real: Sequence[Column] = field(default_factory=list)
    aligned: bool = False
    may_copy: bool = False

    def warnings(self) -> list[str]:
        """What is wrong with the pictures that were made, in sentences."""
        if not self.given:
            samples = np.concatenate([one.value_range.to_float(one.images) for one in self.made])
            reals = [one.value_range.to_float(one.images) for one in self.real]
            return sample_warnings(samples, np.concatenate(reals)) if reals else []
        given, found = self.given[0], []
        for column in self.made:
            floats = column.value_range.to_float
            found += output_warnings(
                given.value_range.to_float(given.images),
                floats(column.images),
                may_copy=self.may_copy,
                targets=None if column.real is None else floats(column.real),
                aligned=self.aligned,
            )
        return found


def all_columns(panels: Sequence[Panel]) -> list[Column]:
    """The columns of a sheet from left to right; several panels show each other's real images."""
    columns = [column for panel in panels for column in (*panel.given, *panel.made)]
    return columns if len(panels) > 1 else [*columns, *panels[0].real]


def grid(columns: Iterable[Column]) -> np.ndarray:
    """One picture of columns, each with its own number of rows; the rest stays white.

    Args:
        columns: Of images of one height.

    Returns:
        uint8 (N H, sum of widths, 3).
    """
    images = [as_rgb(column.images, column.value_range) for column in columns]
    rows = max(map(len, images))
    filled = [
        np.pad(one, [(0, rows - len(one)), (0, 0), (0, 0), (0, 0)], constant_values=255)
        for one in images
    ]
    return np.concatenate(np.concatenate(filled, axis=2))
