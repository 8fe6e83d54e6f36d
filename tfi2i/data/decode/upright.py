"""Orientation: pixels as they are stored become those that the owner of the picture sees."""

from collections.abc import Callable

import numpy as np

# What undoes each of the orientations of EXIF and TIFF that are not upright.
_TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels.swapaxes(0, 1)[:, ::-1],
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels.swapaxes(0, 1)[::-1],
}


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turns (H, W, C) by the number 1..8 that EXIF and TIFF have for it; others change nothing."""
    turn = _TURNS.get(orientation)
    return pixels if turn is None else turn(pixels)
