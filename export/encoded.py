"""Encoded images inside a serving graph: the header is judged before anything is decoded."""

from collections.abc import Callable

import tensorflow as tf

from tfi2i.export.generator import InferenceGenerator
from tfi2i.export.graph import require, require_pixels

FORMATS = ("PNG", "JPEG")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"
# PNG's colour types from here on have alpha (4 and 6); others may have a chunk of it.
GREY_AND_ALPHA = 4
TRANSPARENT_CHUNK = r"\C*tRNS\C*"
# The length of the segment and its first letters; \C stands for any byte.
ADOBE_MARKER = r"\C*\x00\x0eAdobe\C*"


# Weights of the luma of ITU-R 601 as Pillow has them, in 1/65536.
LUMA = (19595, 38470, 7471)


def decode_checked(
    encoded: tf.Tensor, index: tf.Tensor, generator: InferenceGenerator, max_pixels: int
) -> tf.Tensor:
    """Decodes one PNG or JPEG after its header has passed the pixel limit.

    A PNG of 20 kB can unfold to half a gigabyte, so width and height are read from the PNG's
    IHDR chunk (PNG specification, section 11.2.2: two big-endian 32-bit numbers at byte 16) or
    from the JPEG's frame header. The pixels are those of `tfi2i.data.read_image`, transparency
    over white and grey levels included, except that orientation tags (EXIF) and colour profiles
    are ignored: the graph has no operation for them, `tfi2i.export.client.prepare` applies both.

    Args:
        encoded: scalar string.
        index: index of the image in its batch, for the messages; integer scalar.
        generator: gives the channels (1 or 3) and the padding that counts into the limit.
        max_pixels: largest height times width after padding.

    Returns:
        uint8 (H, W, C). Running it raises `tf.errors.InvalidArgumentError` with the index and the
        reason for anything else than a whole PNG or JPEG within the limit, and for JPEGs of CMYK
        whose levels readers understand differently.
    """
    is_png = tf.strings.substr(encoded, 0, len(PNG_SIGNATURE)) == PNG_SIGNATURE
    is_jpeg = tf.strings.substr(encoded, 0, len(JPEG_SIGNATURE)) == JPEG_SIGNATURE
    known = require(
        is_png | is_jpeg,
        "the image at index ",
        index,
        " is neither PNG nor JPEG (",
        tf.strings.length(encoded),
        " bytes); convert it first, for example with tfi2i.export.client.prepare",
    )
    with tf.control_dependencies([known]):
        size = tf.cond(is_png, lambda: png_size(encoded), lambda: _jpeg_size(encoded, index))
    image = decoded_within(
        lambda file: tf.cond(is_png, lambda: _png_pixels(file), lambda: _jpeg_pixels(file)),
        encoded, index, size, generator, max_pixels,
    )  # fmt: skip
    if generator.input_channels == 1:
        luma = tf.reduce_sum(image * tf.constant(LUMA), axis=-1, keepdims=True)
        image = tf.bitwise.right_shift(luma + 0x8000, 16)
    image.set_shape((None, None, generator.input_channels))
    return tf.cast(image, tf.uint8)


def decoded_within(
    decode: Callable[[tf.Tensor], tf.Tensor],
    encoded: tf.Tensor,
    index: tf.Tensor,
    size: tf.Tensor,
    generator: InferenceGenerator,
    max_pixels: int,
) -> tf.Tensor:
    """Decodes a file whose header has been read, if its size is within the limit.

    Args:
        decode: From the file to its pixels, int32 (H, W, C).
        encoded: The file, scalar string.
        index: Of the image in its batch, for the messages.
        size: Height and width in pixels, as the header has them.
        generator: Gives the padding that counts into the limit.
        max_pixels: Largest height times width after padding.

    Returns:
        The pixels. Running it raises `tf.errors.InvalidArgumentError` for larger and for damaged
        files.
    """
    where = "the image at index ", index
    fits = require_pixels(size[0], size[1], 1, generator, max_pixels, *where, ": ")
    with tf.control_dependencies([fits]):
        encoded = tf.identity(encoded)
    image = _tried(decode, encoded, tf.zeros((0, 0, 3), tf.int32))
    length = tf.strings.length(encoded)
    words = " cannot be decoded: it is cut off or damaged (", length, " bytes)"
    with tf.control_dependencies([require(tf.size(image) > 0, *where, *words)]):
        return tf.identity(image)


def _tried(
    function: Callable[[tf.Tensor], tf.Tensor], encoded: tf.Tensor, failed: tf.Tensor
) -> tf.Tensor:
    """What a function makes of a file, or `failed` where one of its operations fails.

    In a graph only tf.data catches the error of an operation, whose message could not know the
    index of the image.
    """
    tried = tf.data.Dataset.from_tensors(encoded).map(function).ignore_errors()
    return tried.concatenate(tf.data.Dataset.from_tensors(failed)).take(1).get_single_element()


def png_size(encoded: tf.Tensor) -> tf.Tensor:
    """Height and width in the header of a PNG, int64 (2,)."""
    # Zeros behind a truncated header make it an image of no pixels, which is refused above.
    header = tf.strings.substr(encoded + b"\0" * 24, 16, 8)
    octets = tf.reshape(tf.cast(tf.io.decode_raw(header, tf.uint8), tf.int64), (2, 4))
    width_height = tf.reduce_sum(octets * tf.constant([1 << 24, 1 << 16, 1 << 8, 1], tf.int64), 1)
    return width_height[::-1]


def _png_pixels(encoded: tf.Tensor) -> tf.Tensor:
    """Transparency over white, to the bit as `tfi2i.data.decode.images` has it; int32 (H, W, 3)."""
    # TensorFlow gives palettes and few bits a fourth channel only where they are transparent.
    return tf.cond(
        states_transparency(encoded),
        lambda: _over_white(tf.cast(tf.io.decode_png(encoded, channels=4), tf.int32)),
        lambda: tf.cast(tf.io.decode_png(encoded, channels=3), tf.int32),
    )


def states_transparency(encoded: tf.Tensor) -> tf.Tensor:
    """Whether a PNG has alpha, or a colour that stands for it; bool scalar."""
    colour_type = tf.io.decode_raw(tf.strings.substr(encoded, 25, 1), tf.uint8)[0]
    before_pixels = tf.strings.split(encoded, "IDAT", maxsplit=1)[0]
    has_key = tf.strings.regex_full_match(before_pixels, TRANSPARENT_CHUNK)
    return (colour_type >= GREY_AND_ALPHA) | has_key


def _over_white(pixels: tf.Tensor) -> tf.Tensor:
    colour, alpha = pixels[..., :3], pixels[..., 3:]
    return (colour * alpha + 255 * (255 - alpha) + 127) // 255


def _jpeg_pixels(encoded: tf.Tensor) -> tf.Tensor:
    """Decodes with the accurate transform, which is the one that Pillow uses; int32 (H, W, 3)."""
    decoded = tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE")
    return tf.cast(decoded, tf.int32)


def _jpeg_size(encoded: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """Height and width; refuses four colours without the marker that says what they mean.

    Without Adobe's marker TensorFlow takes levels of CMYK as ink and Pillow as its absence: the
    one shows the negative of the other.
    """
    shape = _tried(tf.io.extract_jpeg_shape, encoded, tf.zeros((3,), tf.int32))
    readable = require(
        shape[0] > 0,
        "the image at index ",
        index,
        " is a JPEG whose header is cut off or damaged (",
        tf.strings.length(encoded),
        " bytes)",
    )
    with tf.control_dependencies([readable]):
        size = tf.cast(shape, tf.int64)
    marked = tf.strings.regex_full_match(encoded, ADOBE_MARKER)
    clear = require(
        (size[2] != 4) | marked,
        "the image at index ",
        index,
        " is a CMYK JPEG without Adobe's marker, which readers understand differently; convert it "
        "first, for example with tfi2i.export.client.prepare",
    )
    with tf.control_dependencies([clear]):
        return size[:2]
