"""Sizes of images in pixels: one number for squares, or height and width."""

import re
from collections.abc import Sequence
from typing import Any

from tfi2i.errors import DataError

# A square's side, or (height, width).
Size = int | tuple[int, int]
# The same as recipes ("256x512"), command lines ("256") and JSON (a list) have it.
WrittenSize = Size | str | Sequence[int]

_TEXT = re.compile(r"(\d{1,9})(?:[xX](\d{1,9}))?", re.ASCII)


def as_size(size: WrittenSize, name: str = "size") -> Size:
    """One form for equal sizes: the number for a square, else the pair (height, width).

    Args:
        size: In pixels.
        name: What the user calls it, for the message.

    Raises:
        DataError: It is no size.
    """
    sides = sides_of(size)
    if sides is None or min(sides) < 1:
        raise DataError(
            f"{name}={size!r} is not possible: it is a number of pixels from 1 on, or height and "
            "width, such as 256x512 in recipes and commands and (256, 512) in Python"
        )
    height, width = sides
    return height if height == width else (height, width)


def sides_of(size: Any) -> tuple[int, int] | None:
    """Height and width as they are written, whatever their range; None of what is no size."""
    if isinstance(size, str):
        found = _TEXT.fullmatch(size)
        return None if found is None else (int(found[1]), int(found[2] or found[1]))
    sides = tuple(size) if isinstance(size, list | tuple) else (size, size)
    whole = all(isinstance(side, int) and not isinstance(side, bool) for side in sides)
    return sides if whole and len(sides) == 2 else None


def height_and_width(size: WrittenSize) -> tuple[int, int]:
    """Height and width of images of a size."""
    size = as_size(size)
    return (size, size) if isinstance(size, int) else size


def shorter_side(size: WrittenSize) -> int:
    """The smaller of height and width."""
    return min(height_and_width(size))


def size_in_words(size: WrittenSize) -> str:
    """As recipes have it, such as 256, or 256x512 for a height of 256 and a width of 512."""
    height, width = height_and_width(size)
    return f"{height}" if height == width else f"{height}x{width}"
