"""The two conversions between pictures of 8 bits at the edge and tensors inside.

Edge: uint8 in 0..255; `tfi2i.data.decode.values` has deeper ones. Inside: float32 in [-1, 1]. Every
part of tfi2i converts in these two modules and nowhere else, so that what a network is trained on,
what it translates and what is written to a file agree to the bit.
"""

from typing import Any

import numpy as np

from tfi2i.errors import DataError


def to_float(images: Any) -> Any:
    """Pixels 0..255 to float32 in [-1, 1]: x / 127.5 - 1.

    Args:
        images: uint8 (or float 0..255) pixels of any shape; an array stays an array, a TensorFlow
            tensor a tensor.

    Returns:
        float32 of the same shape, 0 -> -1 and 255 -> 1.
    """
    if isinstance(images, np.ndarray):
        return images.astype(np.float32) / np.float32(127.5) - np.float32(1)
    import tensorflow as tf

    return tf.cast(images, tf.float32) / 127.5 - 1.0


def to_uint8(images: Any) -> Any:
    """Floats in [-1, 1] to uint8 pixels: clip(round((x + 1) * 127.5), 0, 255).

    Args:
        images: floats of any shape and float dtype; an array stays an array, a TensorFlow tensor a
            tensor. Values beyond [-1, 1] are clipped; they must be finite.

    Returns:
        uint8 of the same shape; `to_uint8(to_float(x)) == x` for every uint8 x.

    Raises:
        DataError: An array has values that are not finite.
    """
    if isinstance(images, np.ndarray):
        require_finite(images)
        scaled = (images.astype(np.float32) + np.float32(1)) * np.float32(127.5)
        return np.clip(np.round(scaled), 0, 255).astype(np.uint8)
    import tensorflow as tf

    scaled = (tf.cast(images, tf.float32) + 1.0) * 127.5
    return tf.cast(tf.clip_by_value(tf.round(scaled), 0.0, 255.0), tf.uint8)


def require_finite(images: np.ndarray) -> None:
    """Raises a DataError if a picture that a network made has values that are not finite."""
    if not np.isfinite(images).all():
        raise DataError(
            "pictures have values that are not finite: the weights of the network that made "
            "them are broken, or too large for its precision"
        )


def require_uint8(images: np.ndarray, what: str) -> None:
    """Raises a DataError unless pixels are uint8: of floats nobody knows which range they have.

    Args:
        images: pixels of any shape.
        what: what they are, as the error shall name them.
    """
    if images.dtype != np.uint8:
        raise DataError(
            f"{what} takes uint8 pixels 0..255, got {images.dtype}; tfi2i.data.to_uint8 makes them "
            "from floats in [-1, 1]"
        )


def check_pixels(images: Any, what: str, dtype: str = "uint8") -> None:
    """Raises a DataError unless images are pixels, or floats that look like images in [-1, 1].

    Args:
        images: an array or a tensor of any shape; other objects are left to those who read them.
        what: what takes them, as the error shall name it.
        dtype: of the pixels.
    """
    if getattr(images, "dtype", None) is None:
        return
    pixels = np.asarray(images)
    if pixels.dtype.kind == "f":
        check_range(pixels, f"what {what} was given")
    elif pixels.dtype != dtype:
        raise DataError(f"{what} takes {dtype} pixels, or floats in [-1, 1], not {pixels.dtype}")


def check_range(values: np.ndarray, what: str) -> None:
    """Raises a DataError unless floats look like images in [-1, 1].

    Images in [0, 1] lie within it, and training on them gives pale pictures: where nothing is
    darker than the middle grey, the values are taken for such.

    Args:
        values: float pixels of one or several images.
        what: what they are, as the error shall name them.
    """
    if not np.isfinite(values).all():
        raise DataError(f"{what} has values that are not finite")
    low, high = float(values.min()), float(values.max())
    if low >= -1.01 and high <= 1.01 and (low < 0.0 or low == high):
        return
    advice = "tfi2i.data.to_float makes them from 0..255"
    if low >= 0.0 and high <= 1.01:
        advice = "2 * x - 1 makes them from [0, 1]; images that are so bright may come as uint8"
    raise DataError(f"{what} has values from {low:g} to {high:g}; floats are in [-1, 1] ({advice})")
