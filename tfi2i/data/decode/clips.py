"""Pictures that follow each other in time: what videos and animations have in common."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np


class Frame(NamedTuple):
    """One picture of a clip.

    Attributes:
        pixels: uint8 (H, W, C), upright.
        start: When it is shown first, in the clip's unit of time.
        duration: How long, in the same unit; 0 where it is not known.
    """

    pixels: np.ndarray
    start: int
    duration: int


class Clip(Protocol):
    """A file of frames, and how a translation of it is written: in segments, which are joined."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def count(self) -> int:
        """Number of its frames."""
        ...

    @property
    def segment_suffix(self) -> str:
        """Of the files of segments."""
        ...

    def frames(self, channels: int) -> Iterator[Frame]:
        """All frames in order, with 1 channel or 3."""
        ...

    def write_segment(self, path: Path, frames: Iterable[Frame]) -> None:
        """Writes some frames that follow each other.

        Raises:
            OSError: They cannot be written.
        """
        ...

    def join(self, segments: Sequence[Path], target: Path) -> None:
        """Writes all frames, with what else the clip has, such as sound."""
        ...

    def remarks(self) -> list[str]:
        """What a translation of it does not have, in words that follow the number of files."""
        ...
