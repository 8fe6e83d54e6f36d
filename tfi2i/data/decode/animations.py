"""Animated pictures: GIF, WebP and PNG with several frames, which keep their times and loops.

Transparency is laid over white and orientation is applied, as `tfi2i.data.decode.images` does.
"""

import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tfi2i.data.decode.clips import Frame
from tfi2i.data.decode.images import (
    MAX_ASPECT,
    MAX_PIXELS,
    check_limits,
    display_name,
    frame_pixels,
    opened,
)
from tfi2i.errors import DataError

# What browsers show a frame for that states nothing, or 10 ms and less.
_UNSTATED_MS, _LEAST_MS = 100, 10
# Written as what they are; the name of the kind and what is said to Pillow.
_SAVED_AS: dict[str, tuple[str, dict[str, Any]]] = {
    ".gif": ("GIF", {"disposal": 1, "optimize": False}),
    ".webp": ("WEBP", {"quality": 90, "method": 4}),
    ".png": ("PNG", {}),
    ".apng": ("PNG", {}),
}
ANIMATED_SUFFIXES = tuple(_SAVED_AS)


@dataclass(frozen=True)
class Animation:
    """An animated picture of which the header has been read.

    Attributes:
        path: The file.
        count: Number of its frames.
        loops: How often it is shown, 0 for ever; None where it says nothing.
    """

    path: Path
    count: int
    loops: int | None

    segment_suffix = ".zip"

    @classmethod
    def opened(cls, path: Path) -> "Animation | None":
        """Reads the header of a picture; None if it has one frame, or none that can be read.

        Raises:
            DataError: Its frames are beyond the limits of pictures.
        """
        if not os.fspath(path).lower().endswith(ANIMATED_SUFFIXES) or not path.is_file():
            return None
        try:
            with opened(path, MAX_PIXELS, MAX_ASPECT) as image:
                # A still picture is told by its first frame; the number of frames takes longer.
                count = getattr(image, "n_frames", 1) if _is_animated(image) else 1
                if count < 2:
                    return None
                check_limits(display_name(path), image.size, MAX_PIXELS, MAX_ASPECT)
                return cls(path, int(count), image.info.get("loop"))
        except DataError:
            return None  # Whoever reads it as a picture says what is wrong.

    def frames(self, channels: int) -> Iterator[Frame]:
        """All frames in order, upright, uint8 (H, W, channels), with their times in milliseconds.

        Raises:
            DataError: The file is damaged.
        """
        start = 0
        with opened(self.path, MAX_PIXELS, MAX_ASPECT) as image:
            for number in range(self.count):
                try:
                    image.seek(number)
                    pixels = frame_pixels(image, channels)
                except (EOFError, OSError, SyntaxError, ValueError) as error:
                    raise DataError(
                        f"{display_name(self.path)} is damaged after frame {number} of "
                        f"{self.count}: {error}"
                    ) from error
                stated = round(float(image.info.get("duration") or 0))
                lasts = stated if stated > _LEAST_MS else _UNSTATED_MS
                yield Frame(pixels, start, lasts)
                start += lasts

    def remarks(self) -> list[str]:
        """A translation of it has all that it has."""
        return []

    def write_segment(self, path: Path, frames: Iterable[Frame]) -> None:
        """Writes pixels and durations."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number, frame in enumerate(frames):
                with archive.open(f"{number:06d}-{frame.duration}.npy", "w") as file:
                    np.lib.format.write_array(file, frame.pixels, allow_pickle=False)

    def join(self, segments: Sequence[Path], target: Path) -> None:
        """Writes an animation of the kind that the source is.

        Raises:
            DataError: It cannot be written.
        """
        kind, options = _SAVED_AS[self.path.suffix.lower()]
        durations: list[int] = [lasts for path in segments for lasts in _durations(path)]
        first, pictures = next(iter(_Pictures(segments))), _Pictures(segments, after=1)
        if self.loops is not None:
            options = options | {"loop": self.loops}
        try:
            first.save(
                target,
                kind,
                save_all=True,
                append_images=pictures,
                duration=durations,
                **options,
            )
        except (OSError, ValueError) as error:
            raise DataError(f"{display_name(target)} cannot be written: {error}") from error


def _is_animated(image: Image.Image) -> bool:
    return bool(getattr(image, "is_animated", False))


def _durations(path: Path) -> list[int]:
    with zipfile.ZipFile(path) as archive:
        return [int(name.removesuffix(".npy").partition("-")[2]) for name in archive.namelist()]


class _Pictures:
    """The frames in segments, one at a time, and from the beginning for whoever asks again."""

    def __init__(self, segments: Sequence[Path], after: int = 0):
        self._segments, self._after = segments, after

    def __iter__(self) -> Iterator[Image.Image]:
        return islice(self._all(), self._after, None)

    def _all(self) -> Iterator[Image.Image]:
        for path in self._segments:
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    with archive.open(name) as file:
                        pixels = np.lib.format.read_array(file, allow_pickle=False)
                    yield Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
