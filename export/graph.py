"""Pieces of the serving graphs: padding to what a generator takes, readable refusals."""

from collections.abc import Mapping

import tensorflow as tf

from tfi2i.export.generator import InferenceGenerator


def padded_side(side: tf.Tensor, generator: InferenceGenerator) -> tf.Tensor:
    """Rounds a height or width up to what the generator takes; int scalar to int scalar."""
    multiple = generator.size_multiple
    rounded = -(-side // multiple) * multiple
    return tf.maximum(rounded, tf.constant(generator.smallest_side, side.dtype))


def pad_by_reflection(images: tf.Tensor, generator: InferenceGenerator) -> tf.Tensor:
    """Mirrors images at their lower and right edge up to a size that the generator takes.

    It equals `tf.pad(mode="REFLECT")` where that works. Where the padding is longer than the image,
    which `tf.pad` refuses, it goes on mirroring back and forth, as `numpy.pad` does.

    Args:
        images: (B, H, W, C), H and W at least 1.
        generator: gives the multiple and the smallest side.

    Returns:
        (B, H', W', C), H' and W' multiples of size_multiple, the image in the upper left corner.
    """
    for axis in (1, 2):
        side = tf.shape(images)[axis]
        images = tf.gather(images, _mirrored(side, padded_side(side, generator)), axis=axis)
    return images


def _mirrored(side: tf.Tensor, padded: tf.Tensor) -> tf.Tensor:
    """Indices 0 1 2 ... side-1 ... 2 1 0 1 2 ... of length `padded`."""
    period = tf.maximum(2 * (side - 1), 1)
    phase = tf.range(padded) % period
    return tf.minimum(phase, period - phase)


def require(condition: tf.Tensor, *message: str | tf.Tensor) -> tf.Operation:
    """Makes an operation that stops the graph with a sentence when the condition is false.

    Args:
        condition: bool scalar.
        *message: words and scalar tensors, joined to one sentence.

    Returns:
        The operation, to be waited for with `tf.control_dependencies`: TensorFlow orders it
        by itself only against other stateful operations, and decoding an image is not one.
    """
    words = [part if isinstance(part, str) else tf.strings.as_string(part) for part in message]
    return tf.debugging.Assert(condition, [tf.strings.join(words)])


def in_shape(given: Mapping[str, tf.Tensor], specs: Mapping[str, tf.TensorSpec]) -> list[tf.Tensor]:
    """The inputs of a signature, in its order, of which every one has to have its shape.

    A server hands on what it gets: the shapes in a signature are known to clients only.
    """
    return [tf.ensure_shape(given[name], spec.shape) for name, spec in specs.items()]


def require_pixels(
    height: tf.Tensor,
    width: tf.Tensor,
    images: tf.Tensor | int,
    generator: InferenceGenerator,
    max_pixels: int,
    *where: str | tf.Tensor,
) -> tf.Operation:
    """Refuses empty images and batches, and those above the limit.

    Args:
        height: height of an image in pixels, integer scalar.
        width: width of an image in pixels, integer scalar.
        images: how many images of that size are computed at once.
        generator: gives the padding that counts into the limit.
        max_pixels: largest sum of height times width after padding.
        *where: begins the message, as for `require`.

    Returns:
        The operation to wait for, see `require`.
    """
    height, width, images = (tf.cast(number, tf.int64) for number in (height, width, images))
    pixels = images * padded_side(height, generator) * padded_side(width, generator)
    # A PNG can claim sides of 2**32, whose product would overflow: so the sides are judged too.
    sides = (height > 0) & (width > 0) & (height <= max_pixels) & (width <= max_pixels)
    return require(
        sides & (images > 0) & (pixels <= max_pixels),
        *where,
        images,
        " image(s) of ",
        width,
        " x ",
        height,
        f" pixels: at least 1 x 1 and, after padding to multiples of {generator.size_multiple}, "
        f"at most {max_pixels} pixels in all are accepted",
    )
