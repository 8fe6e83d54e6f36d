"""One decoder for training, evaluation and translation: any picture file to upright uint8 pixels.

What becomes of the less usual kinds of picture:

- EXIF orientation is applied (a phone photo comes out as its owner sees it). EXIF that cannot be
  parsed states no orientation: the pixels stay as stored.
- Transparency is laid over white, `(colour * alpha + 255 * (255 - alpha) + 127) // 255`: icons and
  cut-outs have arbitrary colours, mostly black, under their transparent parts.
- 16 bits per channel keep their upper 8 bits, which is also what TensorFlow's PNG decoder does.
  Where the file states fewer (TIFF's BitsPerSample or MaxSampleValue: 12 bits of many cameras),
  those count. Where it does not and no value needs more than 12 bits, a warning says so.
- Signed, 32-bit integer and float pictures are refused: their range is not stated anywhere.
- A TIFF's fourth channel is alpha only where the file says so: near infrared is left out.
- Palette, 1-bit, CMYK and YCbCr become RGB. A colour profile (ICC) is applied: pixels are sRGB.
- An animation (GIF, animated PNG or WebP) and a TIFF with pages give their first frame.
"""

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, features

from tfi2i.data.decode.budget import DECODING
from tfi2i.data.decode.colour_profiles import in_srgb
from tfi2i.data.decode.rows import Room, blocks
from tfi2i.errors import DataError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM") + (
    ("AVIF",) if features.check("avif") else ()
)
# More than the cameras of the largest sensors make, 151 million.
MAX_PIXELS = 160_000_000
MAX_ASPECT = 200
# Zlib packs a thousandfold, and 8 pixels into a byte.
_MOST_PIXELS_OF_A_BYTE = 10_000
_MAY_BE_EMPTY = 16_000_000

# Threads keep what they freed in Pillow's blocks of 16 MB for themselves; larger blocks go back to
# the system. As PILLOW_BLOCK_SIZE=64m, which Pillow reads too early.
Image.core.set_block_size(64 << 20)

ImageFile = str | Path | bytes

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What `_eight_bit` may take for a pixel: RGBA as 16 bits, and what it computes of that.
_BYTES_PER_PIXEL = 32
COLOURS_TAG, _SAMPLES_TAG = 262, 277  # of TIFF 6.0, as the next
_BITS_TAG, _MAXIMUM_TAG, _EXTRA_TAG, _SIGN_TAG = 258, 281, 338, 339


def display_name(source: ImageFile) -> str:
    """A printable name of an image file: bytes that are no UTF-8 become escapes."""
    if isinstance(source, bytes):
        return f"the image given as {len(source)} bytes"
    return os.fsencode(source).decode("utf-8", "backslashreplace")


def read_image(
    source: ImageFile,
    *,
    channels: int = 3,
    max_pixels: int = MAX_PIXELS,
    max_aspect: int = MAX_ASPECT,
    room: Room = np.empty,
) -> Any:
    """Decodes one picture (see the module's text for transparency, 16 bits, animations, EXIF).

    Args:
        source: path of a PNG, JPEG, WebP, BMP, GIF, TIFF or PPM file, or of an AVIF file where
            Pillow has its decoder; or the file's content as bytes.
        channels: 3 for RGB, 1 for grey (luma of ITU-R 601).
        max_pixels: largest width * height, checked in the header before anything is decoded.
        max_aspect: largest ratio of the longer to the shorter side, also checked in the header.
        room: makes the place for the pixels: an array, or rows in a file (`RowStore.room`). Pillow
            holds the picture until it has been copied there.

    Returns:
        uint8 (H, W, channels), upright, where `room` put it.

    Raises:
        DataError: the file is missing, damaged, not one of these formats, or beyond the limits; the
            message names it.
    """
    if channels not in (1, 3):
        raise DataError(f"channels={channels} is not possible: images have 3 (RGB) or 1 (grey)")
    with opened(source, max_pixels, max_aspect) as image:
        # Pillow's four bytes of a pixel, and those that come out.
        with DECODING.taking(image.width * image.height * (4 + channels)):
            pixels = frame_pixels(image, channels, name=display_name(source), room=room)
            image.close()  # Its memory goes before others may take as much.
            return pixels


def frame_pixels(
    image: Image.Image, channels: int, *, name: str = "the picture", room: Room = np.empty
) -> Any:
    """The frame that an opened picture stands at, as `read_image` gives the first.

    Raises:
        DataError: Its values have no stated range; the message has the name.
    """
    shift = _bits_beyond_eight(image, name)
    _check_samples(image, name)
    image.load()
    image = without_unstated_alpha(image)
    turn = _UPRIGHT.get(orientation(image))
    if turn is not None:
        # transpose() forgets `info`, where palettes and colour keys say what is transparent.
        upright = image.transpose(turn)
        upright.info.update(image.info)
        image = upright
    return _by_blocks(image, channels, shift, room)


def image_size(
    source: ImageFile, *, max_pixels: int = MAX_PIXELS, max_aspect: int = MAX_ASPECT
) -> tuple[int, int]:
    """Height and width of the upright picture, read from the header alone.

    Raises:
        DataError: as `read_image`, as far as the header shows it.
    """
    with opened(source, max_pixels, max_aspect) as image:
        width, height = image.size
        return (width, height) if orientation(image) >= 5 else (height, width)


@contextmanager
def opened(source: ImageFile, max_pixels: int, max_aspect: int) -> Iterator[Image.Image]:
    """Opens a picture whose header passes the limits; every fault becomes a DataError.

    Whatever a decoder raises because of a file's content is that file's fault: Pillow's parsers let
    AssertionError, SyntaxError, struct.error and more through, and new ones with every release.
    """
    name = display_name(source)
    if not isinstance(source, bytes) and os.path.exists(source) and not os.path.isfile(source):
        # Opening a pipe would wait for whoever writes to it.
        raise DataError(f"{name} is a folder, a pipe or a device, not an image file")
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        with Image.open(file, formats=FORMATS) as image:
            check_limits(name, image.size, max_pixels, max_aspect)
            _check_not_empty(name, source, image.size)
            yield image
    except FileNotFoundError as error:
        raise DataError(f"{name}: there is no such file") from error
    except Image.DecompressionBombError as error:
        raise DataError(
            f"{name} is too large to decode safely (limit: {max_pixels:,} pixels): {error}"
        ) from error
    except Image.UnidentifiedImageError as error:
        raise DataError(f"{name} {_why_unidentified(source)}") from error
    except (DataError, MemoryError):
        raise
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise DataError(f"{name} is damaged or cannot be read: {reason}") from error


def _why_unidentified(source: ImageFile) -> str:
    empty = not source if isinstance(source, bytes) else os.path.getsize(source) == 0
    if empty:
        return "is empty (0 bytes)"
    return f"is not an image of a known format ({', '.join(FORMATS)})"


def check_limits(name: str, size: tuple[int, int], max_pixels: int, max_aspect: int) -> None:
    """Raises a DataError if a header's (width, height) is beyond the limits of `read_image`."""
    width, height = size
    if width < 1 or height < 1:
        raise DataError(f"{name} has no pixels: its header says {width}x{height}")
    if width * height > max_pixels:
        raise DataError(
            f"{name} is {width}x{height} = {width * height:,} pixels; the limit is {max_pixels:,}"
        )
    if max(size) > max_aspect * min(size):
        raise DataError(
            f"{name} is {width}x{height}: one side is more than {max_aspect} times the other"
        )


def _check_not_empty(name: str, source: ImageFile, size: tuple[int, int]) -> None:
    """Raises a DataError if a file is far too small for its picture.

    WebP and AVIF files of a few bytes can claim a picture of one colour that takes gigabytes.
    """
    pixels = size[0] * size[1]
    length = len(source) if isinstance(source, bytes) else os.path.getsize(source)
    if pixels > _MAY_BE_EMPTY and pixels > _MOST_PIXELS_OF_A_BYTE * length:
        raise DataError(
            f"{name} has {length:,} bytes of {pixels:,} pixels, and no picture is so empty: it is "
            "refused, as decoding it could take gigabytes"
        )


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1..8, without decoding pixels (`getexif` decodes some PNG files)."""
    if image.format == "TIFF":
        return 1  # Pillow turns these itself, and states the upright size beforehand.
    tags = Image.Exif()
    try:
        tags.load(image.info.get("exif", b""))
        value = tags.get(_ORIENTATION_TAG, 1)
    except Exception:  # As in `opened`; a picture with unreadable EXIF states no orientation.
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _bits_beyond_eight(image: Image.Image, name: str) -> int | None:
    """By how many bits to shift the values of a picture with more than 8; None for 8 bits or less.

    Raises:
        DataError: its values have no stated range.
    """
    if image.mode == "I" and image.format in ("PPM", "PNG"):
        return 8  # Older releases of Pillow give 16 bits in this mode.
    signed = image.format == "TIFF" and 2 in tiff_values(image, _SIGN_TAG)
    if image.mode in ("I", "F") or signed:
        kind = "signed" if signed else "32-bit integer or float"
        raise DataError(
            f"{name} has {kind} values, which have no stated range; convert it to 8 bits, or to 16 "
            "bits without sign"
        )
    if not image.mode.startswith("I;16"):
        return None
    if image.format != "TIFF":
        return 8
    bits = max(tiff_values(image, _BITS_TAG), default=16)
    greatest = max(tiff_values(image, _MAXIMUM_TAG), default=0)
    # Writers leave 255 behind if they never state the tag for more than 8 bits.
    stated = int(greatest).bit_length() if greatest > 255 else bits
    return min(bits, stated) - 8


def _check_samples(image: Image.Image, name: str) -> None:
    """Raises a DataError for a TIFF of many channels, of which Pillow may read the first."""
    samples = max(tiff_values(image, _SAMPLES_TAG), default=1) if image.format == "TIFF" else 1
    if samples > 4:
        raise DataError(f"{name} has {samples} channels, which are no colours (data.channels)")


def tiff_values(image: Image.Image, tag: int) -> tuple:
    """The values of a tag of an opened TIFF; none if it is not there."""
    value = image.tag_v2.get(tag, ())  # type: ignore[attr-defined]
    return value if isinstance(value, tuple) else (value,)


def without_unstated_alpha(image: Image.Image) -> Image.Image:
    """A TIFF with four channels loses the fourth, unless the file says that it is alpha.

    Where the file says nothing Pillow takes it for alpha, such as the near infrared of satellite
    images.
    """
    is_alpha = {1, 2}  # ExtraSamples of TIFF 6.0: associated, unassociated
    if image.format != "TIFF" or image.mode != "RGBA":
        return image
    if is_alpha & {*tiff_values(image, _EXTRA_TAG)}:
        return image
    return Image.merge("RGB", image.split()[:3])


def _by_blocks(image: Image.Image, channels: int, shift: int | None, room: Room) -> Any:
    """Each step takes more memory than the picture, so that large ones go block by block."""
    width, height = image.size
    pixels, largest = room((height, width, channels), np.uint8), 0
    for rows in blocks(pixels.shape, _BYTES_PER_PIXEL):
        whole = rows.stop - rows.start == height
        part = image if whole else image.crop((0, rows.start, width, rows.stop))
        if shift is not None:
            largest = max(largest, int(np.asarray(part).max(initial=0)))
        pixels[rows] = _eight_bit(part, channels, shift)
    if shift == 8 and 0 < largest < 1 << 12:
        warnings.warn(
            "pictures of 16 bits without a value above 4,095 come out nearly black, as their "
            "numbers say: if they hold 12-bit data, multiply it by 16 first",
            stacklevel=4,
        )
    return pixels


def _eight_bit(image: Image.Image, channels: int, shift: int | None) -> np.ndarray:
    profile = image.info.get("icc_profile")
    if shift is not None:
        image = Image.fromarray((np.asarray(image) >> shift).astype(np.uint8))
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA")).astype(np.uint16)
        colour, alpha = rgba[..., :3], rgba[..., 3:]
        over_white = (colour * alpha + 255 * (255 - alpha) + 127) // 255
        image = Image.fromarray(over_white.astype(np.uint8))
    image = in_srgb(image, profile)
    pixels = np.asarray(image.convert("RGB" if channels == 3 else "L"))
    return pixels.reshape(*pixels.shape[:2], channels)
