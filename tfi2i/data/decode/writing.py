"""Pixels to files: PNG, JPEG, WebP of 8 bits; PNG of 16 bits; TIFF and arrays of any depth.

Rows of a picture that is no array (`tfi2i.data.decode.rows`) are written one block after the other,
except to JPEG and WebP: Pillow encodes whole pictures.
"""

import io
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tfi2i.data.decode.header import ARRAY_SUFFIX
from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.png import chunks, png
from tfi2i.data.decode.rows import Rows, blocks
from tfi2i.data.decode.tiff import check_can_write_tiff, write_tiff
from tfi2i.errors import DataError

_SAVE_OPTIONS = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 95},
}
_TIFF_SUFFIXES = (".tif", ".tiff")


def suffixes_for(dtype: str, channels: int) -> tuple[str, ...]:
    """The suffixes of files that hold pixels of a dtype and a number of channels, the usual first.

    Pictures of 8 bits in grey or colour are PNG, JPEG or WebP. PNG holds 16 bits too, and up to
    four channels. Arrays hold everything, and so does TIFF.
    """
    pictures = channels in (1, 3)
    if pictures and dtype == "uint8":
        return (*_SAVE_OPTIONS, ARRAY_SUFFIX)
    if channels > 4 or dtype == "float32":
        return (*_TIFF_SUFFIXES, ARRAY_SUFFIX)
    # The fourth channel need not be alpha, as which a PNG has it.
    png, others = (".png",), (*_TIFF_SUFFIXES, ARRAY_SUFFIX)
    return png + others if pictures else others + png


def check_can_write(suffix: str) -> None:
    """Raises a MissingExtraError if the package for a kind of file is not installed."""
    if suffix in _TIFF_SUFFIXES:
        check_can_write_tiff()


def write_image(path: str | Path, image: Rows, *, tags: Mapping[str, Any] | None = None) -> None:
    """Writes a picture; the file appears under its name only when it is complete.

    Args:
        path: target; its suffix chooses PNG (lossless), JPEG or WebP (quality 95).
        image: uint8 (H, W, 3) or (H, W, 1), an array or rows.
        tags: what the file says beside its pixels, from `Tags.save_options`.

    Raises:
        DataError: another suffix, another dtype or shape, or the folder cannot be written.
    """
    path = Path(path)
    options = _SAVE_OPTIONS.get(path.suffix.lower())
    if options is None:
        known = ", ".join(_SAVE_OPTIONS)
        raise DataError(f"{display_name(path)}: cannot write this kind of file; use one of {known}")
    if image.dtype != np.uint8 or len(image.shape) != 3 or image.shape[-1] not in (1, 3):
        raise DataError(
            f"{display_name(path)}: an image to write is uint8 (H, W, 3) or (H, W, 1), "
            f"not {image.dtype} {image.shape}"
        )
    with _complete(path) as partial:
        if options["format"] == "PNG" and not isinstance(image, np.ndarray):
            _write_png(partial, image, tags or {})
        else:
            _picture(image).save(partial, **options, **(tags or {}))


def write_pixels(path: str | Path, pixels: Rows, *, tags: Mapping[str, Any] | None = None) -> None:
    """Writes pixels of any depth and number of channels, with the numbers that they have.

    Args:
        path: Target; `suffixes_for` says which suffixes are possible.
        pixels: uint8, uint16 or float32 (H, W, C), an array or rows.
        tags: The same as for `write_image`; kept in PNG, JPEG and WebP.

    Raises:
        DataError: The kind of file does not hold these pixels, or the folder cannot be written.
        MissingExtraError: The package for TIFF is not installed.
    """
    path = Path(path)
    suffix, channels = path.suffix.lower(), pixels.shape[-1]
    possible = suffixes_for(np.dtype(pixels.dtype).name, channels)
    if suffix not in possible:
        raise DataError(
            f"{display_name(path)}: this kind of file does not hold {pixels.dtype} pixels of "
            f"{channels} channels; use one of {', '.join(possible)}"
        )
    if pixels.dtype == np.uint8 and channels in (1, 3) and suffix != ARRAY_SUFFIX:
        return write_image(path, pixels, tags=tags)
    with _complete(path) as partial:
        if suffix == ARRAY_SUFFIX:
            _write_array(partial, pixels)
        elif suffix == ".png":
            _write_png(partial, pixels, tags or {})
        else:
            write_tiff(partial, pixels)


def encode_png(pixels: np.ndarray) -> bytes:
    """A PNG of 8 or 16 bits: uint8 or uint16 (H, W, 1 to 4), made without TensorFlow."""
    if pixels.dtype == np.uint8 or pixels.shape[-1] == 1:
        file = io.BytesIO()
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "PNG")
        return file.getvalue()
    # Pillow has no pictures of 16-bit colours.
    return b"".join(png(pixels))


def _picture(image: Rows) -> Image.Image:
    """As Pillow has it."""
    height, width, channels = image.shape
    if isinstance(image, np.ndarray):
        return Image.fromarray(image[..., 0] if channels == 1 else image)
    picture = Image.new("L" if channels == 1 else "RGB", (width, height))
    for rows in blocks(image.shape, 2 * channels):
        picture.paste(_picture(np.ascontiguousarray(image[rows])), (0, rows.start))
    return picture


def _write_array(path: Path, pixels: Rows) -> None:
    dtype = np.dtype(pixels.dtype)
    form = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, form | {"shape": tuple(pixels.shape)})
        for rows in blocks(pixels.shape, pixels.shape[-1] * dtype.itemsize):
            file.write(np.ascontiguousarray(pixels[rows]).tobytes())


def _write_png(path: Path, pixels: Rows, tags: Mapping[str, Any]) -> None:
    """A PNG with tags: what Pillow writes of them into a picture of one pixel is put in."""
    kept = b""
    if tags:
        file = io.BytesIO()
        Image.new("L", (1, 1)).save(file, "PNG", **tags)
        left_out = (b"IHDR", b"IDAT", b"IEND")
        kept = b"".join(part for name, part in chunks(file.getvalue()) if name not in left_out)
    with open(path, "wb") as file:
        for part in png(pixels, kept):
            file.write(part)


@contextmanager
def _complete(path: Path) -> Iterator[Path]:
    """A path to write to, which gets its name when all is written."""
    partial = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        yield partial
        os.replace(partial, path)
    except (OSError, ValueError) as error:
        raise DataError(f"{display_name(path)} cannot be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
