"""The two conversions between pictures at the edge and tensors inside.

Edge: uint8 in 0..255. Inside: float32 in [-1, 1]. Every part of tfi2i converts here and nowhere
else, so that what a network is trained on, what it translates and what is written to a file agree
to the bit.
"""

from typing import Any

import numpy as np


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
    """
    if isinstance(images, np.ndarray):
        scaled = (images.astype(np.float32) + np.float32(1)) * np.float32(127.5)
        return np.clip(np.round(scaled), 0, 255).astype(np.uint8)
    import tensorflow as tf

    scaled = (tf.cast(images, tf.float32) + 1.0) * 127.5
    return tf.cast(tf.clip_by_value(tf.round(scaled), 0.0, 255.0), tf.uint8)


def as_rgb(images: np.ndarray) -> np.ndarray:
    """Shows one channel as grey, and of others the first three: (..., C) to (..., 3)."""
    return np.repeat(images, 3, axis=-1) if images.shape[-1] == 1 else images[..., :3]
