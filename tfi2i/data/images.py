"""One decoder for training, evaluation and translation: any picture file to upright uint8 pixels.

What becomes of the less usual kinds of picture:

- EXIF orientation is applied (a phone photo comes out as its owner sees it). EXIF that cannot be
  parsed states no orientation: the pixels stay as stored.
- Transparency is laid over white, `(colour * alpha + 255 * (255 - alpha) + 127) // 255`: icons and
  cut-outs have arbitrary colours, mostly black, under their transparent parts.
- 16 bits per channel keep their upper 8 bits, which is also what TensorFlow's PNG decoder does.
- 32-bit integer and float pictures are refused: their range is not stated anywhere.
- Palette, 1-bit, CMYK and YCbCr become RGB; colour profiles are not applied.
- Of an animation (GIF, animated PNG or WebP) and of a TIFF with pages, the first frame is read.
"""

import io
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from tfi2i.errors import DataError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
MAX_PIXELS = 100_000_000
MAX_ASPECT = 200

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
# What Pillow raises on damaged files, besides OSError: its parsers let these through.
_PARSER_FAULTS = (
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)
_SAVE_OPTIONS = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 95},
}


def display_name(source: ImageFile) -> str:
    """A printable name of an image file: bytes of the name that are no UTF-8 become escapes."""
    if isinstance(source, bytes):
        return f"the image given as {len(source)} bytes"
    return os.fsencode(source).decode("utf-8", "backslashreplace")


def read_image(
    source: ImageFile,
    *,
    channels: int = 3,
    max_pixels: int = MAX_PIXELS,
    max_aspect: int = MAX_ASPECT,
) -> np.ndarray:
    """Decodes one picture (see the module's text for transparency, 16 bits, animations, EXIF).

    Args:
        source: path of a PNG, JPEG, WebP, BMP, GIF or TIFF file, or the file's content as bytes.
        channels: 3 for RGB, 1 for grey (luma of ITU-R 601).
        max_pixels: largest width * height, checked in the header before anything is decoded.
        max_aspect: largest ratio of the longer to the shorter side, also checked in the header.

    Returns:
        uint8 array (H, W, channels), upright.

    Raises:
        DataError: the file is missing, damaged, not one of these formats, or beyond the limits; the
            message names it.
    """
    if channels not in (1, 3):
        raise DataError(f"channels={channels} is not possible: images have 3 (RGB) or 1 (grey)")
    with _opened(source, max_pixels, max_aspect) as image:
        image.load()
        turn = _UPRIGHT.get(_orientation(image))
        if turn is not None:
            # transpose() forgets `info`, where palettes and colour keys say what is transparent.
            upright = image.transpose(turn)
            upright.info.update(image.info)
            return _eight_bit(upright, channels)
        return _eight_bit(image, channels)


def image_size(
    source: ImageFile, *, max_pixels: int = MAX_PIXELS, max_aspect: int = MAX_ASPECT
) -> tuple[int, int]:
    """Height and width of the upright picture, read from the header alone.

    Raises:
        DataError: as `read_image`, as far as the header shows it.
    """
    with _opened(source, max_pixels, max_aspect) as image:
        width, height = image.size
        return (width, height) if _orientation(image) >= 5 else (height, width)


def resize_image(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bicubic resize of uint8 (H, W, C) to (height, width, C), antialiased when it shrinks.

    Proportions are not kept: the published pix2pix and CycleGAN recipes stretch to a square.
    """
    if image.shape[:2] == (height, width):
        return image
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    resized = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))
    return resized.reshape(height, width, image.shape[-1])


def write_image(path: str | Path, image: np.ndarray) -> None:
    """Writes a picture; the file appears under its name only when it is complete.

    Args:
        path: target; its suffix chooses PNG (lossless), JPEG or WebP (quality 95).
        image: uint8 array (H, W, 3) or (H, W, 1).

    Raises:
        DataError: another suffix, another dtype or shape, or the folder cannot be written.
    """
    path = Path(path)
    options = _SAVE_OPTIONS.get(path.suffix.lower())
    if options is None:
        known = ", ".join(_SAVE_OPTIONS)
        raise DataError(f"{display_name(path)}: cannot write this kind of file; use one of {known}")
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] not in (1, 3):
        raise DataError(
            f"{display_name(path)}: an image to write is uint8 (H, W, 3) or (H, W, 1), "
            f"not {image.dtype} {image.shape}"
        )
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        picture.save(partial, **options)
        os.replace(partial, path)
    except (OSError, ValueError) as error:
        partial.unlink(missing_ok=True)
        raise DataError(f"{display_name(path)} cannot be written: {error}") from error


@contextmanager
def _opened(source: ImageFile, max_pixels: int, max_aspect: int) -> Iterator[Image.Image]:
    """Opens a picture whose header passes the limits; every fault becomes a DataError."""
    name = display_name(source)
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        with Image.open(file, formats=FORMATS) as image:
            _check_limits(name, image.size, max_pixels, max_aspect)
            yield image
    except FileNotFoundError as error:
        raise DataError(f"{name}: there is no such file") from error
    except Image.DecompressionBombError as error:
        raise DataError(
            f"{name} is too large to decode safely (limit: {max_pixels:,} pixels): {error}"
        ) from error
    except Image.UnidentifiedImageError as error:
        raise DataError(f"{name} {_why_unidentified(source)}") from error
    except (OSError, *_PARSER_FAULTS) as error:
        raise DataError(f"{name} is damaged or cannot be read: {error}") from error


def _why_unidentified(source: ImageFile) -> str:
    empty = not source if isinstance(source, bytes) else os.path.getsize(source) == 0
    if empty:
        return "is empty (0 bytes)"
    return f"is not an image of a known format ({', '.join(FORMATS)})"


def _check_limits(name: str, size: tuple[int, int], max_pixels: int, max_aspect: int) -> None:
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


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1..8, without decoding pixels (`getexif` decodes some PNG files)."""
    if image.format == "TIFF":
        return 1  # Pillow turns these itself, and states the upright size beforehand.
    tags = Image.Exif()
    try:
        tags.load(image.info.get("exif", b""))
        value = tags.get(_ORIENTATION_TAG, 1)
    except (OSError, *_PARSER_FAULTS):
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _eight_bit(image: Image.Image, channels: int) -> np.ndarray:
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.mode in ("I", "F"):
        raise ValueError(
            "32-bit integer or float pixels have no stated range; convert it to 8 or 16 bits"
        )
    if image.has_transparency_data:
        rgba = np.asarray(image.convert("RGBA")).astype(np.uint16)
        colour, alpha = rgba[..., :3], rgba[..., 3:]
        over_white = (colour * alpha + 255 * (255 - alpha) + 127) // 255
        image = Image.fromarray(over_white.astype(np.uint8))
    pixels = np.asarray(image.convert("RGB" if channels == 3 else "L"))
    return pixels.reshape(*pixels.shape[:2], channels)
