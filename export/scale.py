"""The scale of training in exported files: resizing as in `translate`, with Pillow's roundings."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tfi2i.data.decode.resizing import resize_image
from tfi2i.data.decode.values import ValueRange, ValueRanges
from tfi2i.data.scale import scaled_size
from tfi2i.export.agreement import keras_outputs
from tfi2i.export.generator import InferenceGenerator


def at_scale(
    translate: Callable[[tf.Tensor], tf.Tensor],
    image: tf.Tensor,
    sides: tf.Tensor | tuple[int, int],
    value_ranges: ValueRanges,
) -> tf.Tensor:
    """Resizes an image in a graph, translates it, and brings the result back to its size.

    Args:
        translate: float32 (H, W, C) to (H, W, C_out), both on the scale of pixels, of those sides.
        image: float32 (H, W, C) on the scale of pixels.
        sides: height and width at which it is translated, int32 (2,).
        value_ranges: of the pixels that go in, and of those that come out.

    Returns:
        float32 (H, W, C_out), pixels of the second range: whole numbers, unless that is of floats.
    """
    taken, made = value_ranges
    size = tf.shape(image)[:2]
    scaled = _resized(_whole(image, taken), sides, taken)
    return _resized(_whole(translate(scaled), made), size, made)


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
        images: (N, H, W, C), pixels of the range that it takes.
        factor: what the sides are multiplied by before; a generator of one size has its own.

    Returns:
        N arrays float32 (1, H, W, C_out) in [-1, 1]; of whole pixels, unless no side changes.
    """
    height, width = images.shape[1:3]
    sides = generator.only_size or scaled_size(height, width, factor)
    if sides == (height, width):
        return keras_outputs(generator, images)
    scaled = [resize_image(image, *sides) for image in images]
    made = [generator.gives.to_pixels(keras_outputs(generator, one[None])[0][0]) for one in scaled]
    return [generator.gives.to_float(resize_image(one, height, width)[None]) for one in made]


def photos_at_scale(images: np.ndarray, factor: float) -> np.ndarray:
    """Images of the size that training saw, as photos of the size that is resized to it."""
    height, width = images.shape[1:3]
    return np.stack(
        [resize_image(image, *scaled_size(height, width, 1 / factor)) for image in images]
    )


def _resized(image: tf.Tensor, size: tf.Tensor | tuple[int, int], pixels: ValueRange) -> tf.Tensor:
    """Bicubic, antialiased, across and then down; Pillow rounds 8 bits after each, others once."""
    for sides in ((tf.shape(image)[0], size[1]), (size[0], size[1])):
        image = tf.image.resize(image, sides, "bicubic", antialias=True)
        if pixels.dtype == "uint8":
            image = _whole(image, pixels)
    return image if pixels.dtype == "uint8" else _whole(image, pixels)


def _whole(image: tf.Tensor, pixels: ValueRange) -> tf.Tensor:
    """Values that pixels can have; floats stay as they are."""
    if pixels.dtype == "uint8":
        return tf.clip_by_value(tf.floor(image + 0.5), 0.0, 255.0)
    image = tf.round(image) if pixels.is_whole else image
    return tf.clip_by_value(image, pixels.low, pixels.high)
