"""Images that live in files or in memory as encoded bytes, decoded one by one when asked for."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from tfi2i.data.decode.deep import read_pixels
from tfi2i.data.decode.rows import Rows, part_of
from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.errors import DataError

Side = Literal["left", "right"]


@dataclass(frozen=True)
class FileImages:
    """Image files.

    Attributes:
        paths: the files.
        names: printable names relative to the folder they were found in.
        sizes: upright height and width of each, from the headers.
        channels: 3 for RGB, 1 for grey, or as many as the files have.
        value_range: the depth of the files, and the values that are black and white.
    """

    paths: Sequence[Path]
    names: Sequence[str]
    sizes: Sequence[tuple[int, int]]
    channels: int = 3
    value_range: ValueRange = EIGHT_BITS

    def __len__(self) -> int:
        """The number of files."""
        return len(self.paths)

    def load(self, index: int) -> np.ndarray:
        """Decodes one file to (H, W, channels); a DataError names it if it is damaged."""
        return read_pixels(self.paths[index], channels=self.channels, value_range=self.value_range)


@dataclass(frozen=True)
class EncodedImages:
    """Encoded image files held in memory.

    Attributes:
        contents: what the files would contain.
        names: printable names.
        sizes: upright height and width of each, from the headers.
        channels: 3 for RGB, 1 for grey, or as many as the files have.
        value_range: the depth of the files, and the values that are black and white.
    """

    contents: Sequence[bytes]
    names: Sequence[str]
    sizes: Sequence[tuple[int, int]]
    channels: int = 3
    value_range: ValueRange = EIGHT_BITS

    def __len__(self) -> int:
        """The number of images."""
        return len(self.contents)

    def load(self, index: int) -> np.ndarray:
        """Decodes one image to (H, W, channels)."""
        return read_pixels(
            self.contents[index], channels=self.channels, value_range=self.value_range
        )


class SideBySide:
    """Files that hold two images each, one beside the other, as pix2pix' data sets do.

    Code that asks for both halves of a file one after the other pays for one decode: every thread
    remembers its last file.
    """

    def __init__(self, files: FileImages):
        """Takes files whose width is even."""
        self._files = files
        self._last = threading.local()
        self.names = files.names
        self.sizes = [(height, width // 2) for height, width in files.sizes]
        self.channels = files.channels
        self.value_range = files.value_range

    def left(self) -> "Half":
        """The left images."""
        return Half(self, 0)

    def right(self) -> "Half":
        """The right images."""
        return Half(self, 1)

    def halves(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Left and right image of one file, each (H, W / 2, C)."""
        if getattr(self._last, "index", None) != index:
            whole = self._files.load(index)
            middle = whole.shape[1] // 2
            self._last.halves = whole[:, :middle], whole[:, middle:]
            self._last.index = index
        return self._last.halves


def half_of(image: Rows, side: Side, name: str) -> Rows:
    """The left or the right image of a file that holds two.

    Args:
        image: (H, W, C), an array or rows.
        side: Which.
        name: The file, for the message.

    Returns:
        (H, W / 2, C).

    Raises:
        DataError: The width is odd.
    """
    middle, rest = divmod(image.shape[1], 2)
    if rest:
        raise DataError(
            f"{name} has an odd width of {image.shape[1]}: it is not two images of one size side "
            "by side"
        )
    first = 0 if side == "left" else middle
    return part_of(image, image.shape[0], first, first + middle)


class Half:
    """The left or the right images of side-by-side files."""

    def __init__(self, both: SideBySide, side: int):
        """Side 0 is left, 1 is right."""
        self._both = both
        self._side = side
        self.names = both.names
        self.sizes = both.sizes
        self.channels = both.channels
        self.value_range = both.value_range

    def __len__(self) -> int:
        """The number of files."""
        return len(self.names)

    def load(self, index: int) -> np.ndarray:
        """One half, (H, W / 2, C)."""
        return self._both.halves(index)[self._side].copy()
