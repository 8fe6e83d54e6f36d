"""What the numbers in image files mean: their dtype, and the two that become -1 and 1.

Eight bits are 0..255. Deeper files do not say which of their values are black and white: sensors
write 12 bits into 16, depth maps write millimetres. The user states it once; it is kept with the
images, and with the model that is trained on them.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfi2i.data.decode.pixels import require_finite, require_uint8, to_float, to_uint8
from tfi2i.errors import DataError

DTYPES = ("uint8", "uint16", "float32")
# What `data.range` says where files of 16 bits are to be read as 8 bits.
AS_EIGHT_BITS = "8bit"
_WORDS = {"uint8": "8 bits", "uint16": "16 bits", "float32": "float32"}


def largest_value(dtype: str) -> float:
    """The largest value that pixels of a dtype can have."""
    return float(np.iinfo(dtype).max) if dtype != "float32" else float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class ValueRange:
    """The values that pixels have at the edge, and how they become floats in [-1, 1] and back.

    Attributes:
        dtype: "uint8", "uint16" or "float32".
        low: The value that is -1 inside.
        high: The value that is 1 inside. Values beyond the two are taken for the nearer one.
    """

    dtype: str = "uint8"
    low: float = 0.0
    high: float = 255.0

    def __post_init__(self):
        """Raises a DataError unless the dtype is known and can hold the range."""
        if self.dtype not in DTYPES:
            raise DataError(f"pixels are {', '.join(DTYPES)}, not {self.dtype}")
        if not (self.low < self.high and math.isfinite(self.high - self.low)):
            raise DataError(f"the range {self.low:g}:{self.high:g} is not one from low to high")
        most = largest_value(self.dtype)
        whole = self.low == round(self.low) and self.high == round(self.high)
        if self.is_whole and not (whole and self.low >= 0 and self.high <= most):
            raise DataError(
                f"the range {self.low:g}:{self.high:g} does not suit images of "
                f"{_WORDS[self.dtype]}: it is of whole numbers from 0 to {most:g}"
            )

    @classmethod
    def stated(cls, text: str, dtype: str) -> "ValueRange":
        """The range that a user states for images of a dtype, such as "0:4095".

        Raises:
            DataError: It is no range, or one that the dtype cannot hold.
        """
        parts = re.fullmatch(r"\s*([^:\s]+)\s*:\s*([^:\s]+)\s*", text)
        try:
            low, high = (float(part) for part in parts.groups()) if parts else (math.nan, math.nan)
        except ValueError:
            low = high = math.nan
        if math.isnan(low + high):
            raise DataError(
                f"range={text!r} is not possible: write the value that is black and the value that "
                f"is white, such as 0:4095, or {AS_EIGHT_BITS}"
            )
        return cls(dtype, low, high)

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "ValueRange":
        """What `to_facts` noted."""
        return cls(facts["dtype"], facts["low"], facts["high"])

    def to_facts(self) -> dict[str, Any]:
        """A form for JSON."""
        return {"dtype": self.dtype, "low": self.low, "high": self.high}

    def words(self) -> str:
        """Such as: 16 bits, 0:4095."""
        return f"{_WORDS[self.dtype]}, {self.low:g}:{self.high:g}"

    @property
    def is_whole(self) -> bool:
        """Whether pixels are whole numbers."""
        return self.dtype != "float32"

    def to_float(self, pixels: Any) -> Any:
        """Pixels to float32 in [-1, 1]; an array stays an array, a TensorFlow tensor a tensor."""
        if self == EIGHT_BITS:
            return to_float(pixels)
        low, half = np.float32(self.low), np.float32((self.high - self.low) / 2)
        if isinstance(pixels, np.ndarray):
            return np.clip((pixels.astype(np.float32) - low) / half - np.float32(1), -1, 1)
        import tensorflow as tf

        return tf.clip_by_value((tf.cast(pixels, tf.float32) - low) / half - 1.0, -1.0, 1.0)

    def to_pixels(self, floats: Any) -> Any:
        """Floats in [-1, 1] to pixels: whole numbers are rounded, and the range is kept.

        Raises:
            DataError: An array has values that are not finite.
        """
        if self == EIGHT_BITS:
            return to_uint8(floats)
        low, half = np.float32(self.low), np.float32((self.high - self.low) / 2)
        if isinstance(floats, np.ndarray):
            require_finite(floats)
            scaled = (floats.astype(np.float32) + np.float32(1)) * half + low
            rounded = np.round(scaled) if self.is_whole else scaled
            return np.clip(rounded, self.low, self.high).astype(self.dtype)
        import tensorflow as tf

        scaled = (tf.cast(floats, tf.float32) + 1.0) * half + low
        rounded = tf.round(scaled) if self.is_whole else scaled
        return tf.cast(tf.clip_by_value(rounded, self.low, self.high), self.dtype)

    def levels(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels on the scale of 8 bits, 0..255, where figures are computed: nothing is rounded.

        Returns:
            uint8 pixels as they are, others as float32.
        """
        if self == EIGHT_BITS:
            return pixels
        return (self.to_float(pixels) + np.float32(1)) * np.float32(127.5)

    def clipped(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels of which none is beyond the range, such as resizing can make."""
        if self == EIGHT_BITS:
            return pixels
        return np.clip(pixels, self.low, self.high).astype(self.dtype, copy=False)

    def to_uint8(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels as 8 bits over the range: for eyes, and for the networks of metrics."""
        return pixels if self == EIGHT_BITS else to_uint8(self.to_float(pixels))

    def require(self, pixels: np.ndarray, what: str) -> None:
        """Raises a DataError unless pixels have the dtype of this range.

        Args:
            pixels: Pixels of any shape.
            what: What takes them, as the error shall name it.
        """
        if self == EIGHT_BITS:
            require_uint8(pixels, what)
        elif pixels.dtype != self.dtype:
            raise DataError(
                f"{what} takes {self.dtype} pixels {self.low:g}..{self.high:g}, got {pixels.dtype}"
            )


EIGHT_BITS = ValueRange()


# Of the pixels that go into a network, and of those that come out.
ValueRanges = tuple[ValueRange, ValueRange]


def as_rgb(images: np.ndarray, value_range: ValueRange = EIGHT_BITS) -> np.ndarray:
    """Shows images of any depth and number of channels: (..., C) to uint8 (..., 3).

    One channel is grey, two are red and green, and of more the first three are shown.
    """
    images = value_range.to_uint8(images)
    channels = images.shape[-1]
    if channels == 1:
        return np.repeat(images, 3, axis=-1)
    if channels == 2:
        return np.concatenate([images, np.zeros_like(images[..., :1])], axis=-1)
    return images[..., :3]
