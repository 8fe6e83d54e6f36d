"""The scale of training in exported files: resizing as in `translate`, with Pillow's roundings."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfi2i.data.decode.images import resize_image
from tfi2i.data.decode.pixels import to_uint8
from tfi2i.data.scale import scaled_size
from tfi2i.export.agreement import keras_outputs
from tfi2i.export.generator import InferenceGenerator


def at_scale(
    translate: Callable[[tf.Tensor], tf.Tensor], image: tf.Tensor, factor: float
) -> tf.Tensor:
    """Resizes an image in a graph, translates it, and brings the result back to its size.

    Args:
        translate: float32 (H, W, C) in 0..255 to (H, W, C_out) in 0..255, of any size.
        image: float32 (H, W, C) in 0..255.
        factor: what the sides are multiplied by.

    Returns:
        float32 (H, W, C_out), whole numbers in 0..255.
    """
    size = tf.shape(image)[:2]
    scaled = _resized(_whole(image), scaled_sides(size, factor))
    return _resized(_whole(translate(scaled)), size)


def scaled_sides(size: tf.Tensor, factor: float) -> tf.Tensor:
    """`tfi2i.data.scale.scaled_size` in a graph: int32 (2,) to int32 (2,)."""
    product = tf.cast(size, tf.float64) * tf.constant(factor, tf.float64)
    return tf.maximum(1, tf.cast(tf.round(product), tf.int32))


def outputs_at_scale(
    generator: InferenceGenerator, images: np.ndarray, factor: float
) -> list[np.ndarray]:
    """What `translate` makes from whole images at a scale, to compare files with.

    Args:
        generator: a generator in float32.
        images: uint8 (N, H, W, C).
        factor: what the sides are multiplied by before.

    Returns:
        N arrays float32 (1, H, W, C_out) in [-1, 1]; of whole grey levels, unless the factor is 1.
    """
    if factor == 1:
        return keras_outputs(generator, images)
    height, width = images.shape[1:3]
    scaled = [resize_image(image, *scaled_size(height, width, factor)) for image in images]
    outputs = [to_uint8(keras_outputs(generator, image[None])[0][0]) for image in scaled]
    return [resize_image(output, height, width)[None] / 127.5 - 1.0 for output in outputs]


def photos_at_scale(images: np.ndarray, factor: float) -> np.ndarray:
    """Images of the size that training saw, as photos of the size that is resized to it: uint8."""
    height, width = images.shape[1:3]
    return np.stack(
        [resize_image(image, *scaled_size(height, width, 1 / factor)) for image in images]
    )


def _resized(image: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Bicubic and antialiased, across and then down, each rounded to whole levels as by Pillow."""
    for sides in ((tf.shape(image)[0], size[1]), (size[0], size[1])):
        image = _whole(tf.image.resize(image, sides, "bicubic", antialias=True))
    return image


def _whole(image: tf.Tensor) -> tf.Tensor:
    return tf.clip_by_value(tf.floor(image + 0.5), 0.0, 255.0)
