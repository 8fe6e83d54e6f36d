"""Pictures in other sizes, whole or by rows."""

import math

import numpy as np
from PIL import Image

from tfi2i.data.decode.rows import Rows

# Half the width of the bicubic filter, in pixels of the smaller of the two sizes.
_BICUBIC = 2.0


class ResizedRows:
    """A picture in another size, made when rows are asked for, as `resize_image` makes it whole.

    They differ by rounding: of 8 bits Pillow rounds between the two axes, and begins with either.
    """

    def __init__(self, rows: Rows, height: int, width: int):
        """Takes pixels (H, W, C) and the size of the result."""
        self._rows = rows
        self.shape, self.dtype = (height, width, rows.shape[-1]), np.dtype(rows.dtype)

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Some rows, (rows, width, C)."""
        first, end, _ = rows.indices(self.shape[0])
        below, across, _ = self._rows.shape
        factor = below / self.shape[0]
        beyond = _BICUBIC * max(factor, 1.0) + 1.0
        top = max(0, math.floor(first * factor - beyond))
        bottom = min(below, math.ceil(end * factor + beyond))
        box = (0, first * factor - top, across, min(end * factor, bottom) - top)
        return _resized(self._rows[top:bottom], end - first, self.shape[1], box)


def resized_rows(rows: Rows, height: int, width: int) -> Rows:
    """Pixels (H, W, C) in another size: an array as an array, others when they are asked for."""
    if tuple(rows.shape[:2]) == (height, width):
        return rows
    if isinstance(rows, np.ndarray):
        return resize_image(rows, height, width)
    return ResizedRows(rows, height, width)


def resize_image(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes with Pillow's bicubic filter, antialiased when shrinking.

    Proportions are not kept: the published pix2pix and CycleGAN recipes stretch to a square.

    Args:
        image: (H, W, C), uint8, uint16 or float32.
        height: Height of the result in pixels.
        width: Width of the result in pixels.

    Returns:
        (height, width, C) of the same dtype; whole numbers are rounded once.
    """
    if image.shape[:2] == (height, width):
        return image
    return _resized(image, height, width, (0, 0, image.shape[1], image.shape[0]))


# Left, top, right and bottom of the part of a picture that is resized.
_Box = tuple[float, float, float, float]


def _resized(image: np.ndarray, height: int, width: int, box: _Box) -> np.ndarray:
    if image.dtype != np.uint8 or image.shape[-1] not in (1, 3):
        bands = [_resized_band(band, height, width, box) for band in np.moveaxis(image, -1, 0)]
        return np.stack(bands, axis=-1)
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    resized = picture.resize((width, height), Image.Resampling.BICUBIC, box)
    return np.asarray(resized).reshape(height, width, image.shape[-1])


def _resized_band(band: np.ndarray, height: int, width: int, box: _Box) -> np.ndarray:
    """One channel: Pillow knows no picture of 16 bits or of other channels than grey and colour."""
    values = np.ascontiguousarray(band if band.dtype == np.uint8 else band.astype(np.float32))
    resized = Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC, box)
    if band.dtype != np.uint16:
        return np.asarray(resized)
    return np.clip(np.round(np.asarray(resized)), 0, 65535).astype(np.uint16)
