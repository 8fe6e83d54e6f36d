"""What stands beside images in a serving graph: refused in words where it does not suit."""

import tensorflow as tf

from tfi2i.export.condition import Condition
from tfi2i.export.encoded import decode_checked
from tfi2i.export.generator import InferenceGenerator
from tfi2i.export.graph import require, require_pixels


def requirements(
    given: tf.Tensor, count: tf.Tensor, generator: InferenceGenerator, max_pixels: int
) -> list[tf.Operation]:
    """What stops a request whose second input does not suit its images.

    Args:
        given: The second input, for a batch.
        count: Images of the batch, int32 scalar.
        generator: Gives the condition, and the smallest style.
        max_pixels: The largest style.
    """
    condition = generator.condition
    assert condition is not None
    found = [one_for_each(given, count, condition)]
    if condition.kind == "domain":
        last = condition.length - 1
        there = tf.reduce_all((given >= 0) & (given <= last))
        found.append(require(there, f"domain is from 0 to {last}: {', '.join(condition.names)}"))
        return found
    broken = tf.math.count_nonzero(~tf.math.is_finite(given))
    words = condition.kind, " have " if condition.kind == "latents" else " has "
    found.append(require(broken == 0, *words, broken, " values that are not finite"))
    if condition.kind == "style":
        found.append(_require_style(tf.shape(given)[1:3], generator, max_pixels, "style: "))
    return found


def one_for_each(given: tf.Tensor, count: tf.Tensor, condition: Condition) -> tf.Operation:
    """Refuses a batch that has another number of images than of what stands beside them."""
    beside = tf.shape(given)[0]
    words = count, " image(s) and ", beside, f" of {condition.kind}: give one for each"
    return require(beside == count, *words)


def decoded_style(
    file: tf.Tensor, index: tf.Tensor, generator: InferenceGenerator, max_pixels: int
) -> tf.Tensor:
    """A style from a PNG or JPEG: scalar string to float32 (h, w, 3) in 0..255."""
    where = tf.strings.join([tf.strings.as_string(index), " of style"])
    pixels = tf.cast(decode_checked(file, where, generator, max_pixels), tf.float32)
    size = tf.shape(pixels)[:2]
    fits = _require_style(size, generator, max_pixels, "the image at index ", where, ": ")
    with tf.control_dependencies([fits]):
        return tf.identity(pixels)


def _require_style(
    size: tf.Tensor, generator: InferenceGenerator, max_pixels: int, *where: str | tf.Tensor
) -> tf.Operation:
    """A style is not mirrored up to what the network takes: its statistics would be others."""
    height, width = size[0], size[1]
    least = generator.size_multiple
    small = require(
        (height >= least) & (width >= least),
        *where, width, " x ", height, f" pixels are too few: {least} on each side is the least",
    )  # fmt: skip
    with tf.control_dependencies([small]):
        return require_pixels(height, width, 1, generator, max_pixels, *where)
