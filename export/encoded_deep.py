"""PNGs of 16 bits inside a serving graph: the pixels of `read_pixels`, or a refusal in words."""

import tensorflow as tf

from tfi2i.export.encoded import (
    LUMA,
    PNG_SIGNATURE,
    decoded_within,
    png_size,
    states_transparency,
)
from tfi2i.export.generator import InferenceGenerator
from tfi2i.export.graph import require

_BITS = 24  # Place of the bits of a value in a PNG's header.
_OPAQUE = 65535
_ADVICE = (
    ": this model takes PNGs of 16 bits. tfi2i.export.client.prepare makes them from TIFF and "
    ".npy, or send the numbers as an array to serving_default"
)


def decode_deep(
    encoded: tf.Tensor, index: tf.Tensor, generator: InferenceGenerator, max_pixels: int
) -> tf.Tensor:
    """Decodes one PNG of 16 bits after its header has passed the pixel limit.

    The numbers are those of `tfi2i.data.read_pixels`: transparency lies over the white of the range
    that the generator takes, grey becomes RGB and RGB grey; except that orientation tags (EXIF) are
    ignored.

    Args:
        encoded: Scalar string.
        index: Index of the image in its batch, for the messages; integer scalar.
        generator: Gives the channels (1 or 3), the range, and the padding that counts into the
            limit.
        max_pixels: Largest height times width after padding.

    Returns:
        uint16 (H, W, C). Running it raises `tf.errors.InvalidArgumentError` with the index and the
        reason for anything else than a whole PNG of 16 bits within the limit.
    """
    where = "the image at index ", index
    is_png = tf.strings.substr(encoded, 0, len(PNG_SIGNATURE)) == PNG_SIGNATURE
    bits = tf.io.decode_raw(tf.strings.substr(encoded + b"\0" * 25, _BITS, 1), tf.uint8)[0]
    length = tf.strings.length(encoded)
    known = require(is_png, *where, " is no PNG (", length, " bytes)", _ADVICE)
    with tf.control_dependencies([known]):
        # A header that is cut off has no bits, and no pixels either: that is said below.
        deep = require((bits == 16) | (bits == 0), *where, " has ", bits, " bits a value", _ADVICE)
    with tf.control_dependencies([deep]):
        size = png_size(encoded)
    white = int(generator.takes.high)
    image = decoded_within(
        lambda file: _pixels(file, white), encoded, index, size, generator, max_pixels
    )
    if generator.input_channels == 1:
        luma = tf.reduce_sum(tf.cast(image, tf.int64) * tf.constant(LUMA, tf.int64), -1, True)
        image = tf.cast((luma + 0x8000) // 65536, tf.int32)
    image.set_shape((None, None, generator.input_channels))
    return tf.cast(image, tf.uint16)


def _pixels(encoded: tf.Tensor, white: int) -> tf.Tensor:
    """Colours, opaque: int32 (H, W, 3)."""

    def decoded(channels: int) -> tf.Tensor:
        return tf.cast(tf.io.decode_png(encoded, channels, tf.uint16), tf.int64)

    def over_white() -> tf.Tensor:
        colour, alpha = decoded(4)[..., :3], decoded(4)[..., 3:]
        laid = colour * alpha + white * (_OPAQUE - alpha)
        return (2 * laid + _OPAQUE) // (2 * _OPAQUE)

    pixels = tf.cond(states_transparency(encoded), over_white, lambda: decoded(3))
    return tf.cast(pixels, tf.int32)
