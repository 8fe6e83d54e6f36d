"""Pixels to files: PNG, JPEG, WebP of 8 bits; PNG of 16 bits; TIFF and arrays of any depth."""

import io
import os
import struct
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tfi2i.data.decode.header import ARRAY_SUFFIX
from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.tiff import check_can_write_tiff, write_tiff
from tfi2i.errors import DataError

_SAVE_OPTIONS = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 95},
}
_TIFF_SUFFIXES = (".tif", ".tiff")
# A PNG is a signature of 8 bytes and chunks: length, name, content, checksum. The header is first.
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_FRAME, _PNG_HEADER = 12, 33
# Channels to the number by which a PNG's header says what they are.
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


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


def write_image(
    path: str | Path, image: np.ndarray, *, tags: Mapping[str, Any] | None = None
) -> None:
    """Writes a picture; the file appears under its name only when it is complete.

    Args:
        path: target; its suffix chooses PNG (lossless), JPEG or WebP (quality 95).
        image: uint8 array (H, W, 3) or (H, W, 1).
        tags: what the file says beside its pixels, from `Tags.save_options`.

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
    with _complete(path) as partial:
        picture.save(partial, **options, **(tags or {}))


def write_pixels(
    path: str | Path, pixels: np.ndarray, *, tags: Mapping[str, Any] | None = None
) -> None:
    """Writes pixels of any depth and number of channels, with the numbers that they have.

    Args:
        path: Target; `suffixes_for` says which suffixes are possible.
        pixels: uint8, uint16 or float32 (H, W, C).
        tags: The same as for `write_image`; kept in PNG, JPEG and WebP.

    Raises:
        DataError: The kind of file does not hold these pixels, or the folder cannot be written.
        MissingExtraError: The package for TIFF is not installed.
    """
    path = Path(path)
    suffix, channels = path.suffix.lower(), pixels.shape[-1]
    possible = suffixes_for(pixels.dtype.name, channels)
    if suffix not in possible:
        raise DataError(
            f"{display_name(path)}: this kind of file does not hold {pixels.dtype} pixels of "
            f"{channels} channels; use one of {', '.join(possible)}"
        )
    if pixels.dtype == np.uint8 and channels in (1, 3) and suffix != ARRAY_SUFFIX:
        return write_image(path, pixels, tags=tags)
    with _complete(path) as partial:
        if suffix == ARRAY_SUFFIX:
            with open(partial, "wb") as file:
                np.lib.format.write_array(file, np.ascontiguousarray(pixels), allow_pickle=False)
        elif suffix == ".png":
            partial.write_bytes(_png(pixels, tags or {}))
        else:
            write_tiff(partial, pixels)


def encode_png(pixels: np.ndarray) -> bytes:
    """A PNG of 8 or 16 bits: uint8 or uint16 (H, W, 1 to 4), made without TensorFlow."""
    if pixels.dtype == np.uint8 or pixels.shape[-1] == 1:
        file = io.BytesIO()
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file, "PNG")
        return file.getvalue()
    return _png_of_deep_colours(pixels)


def _png_of_deep_colours(pixels: np.ndarray) -> bytes:
    """Pillow has no pictures of 16-bit colours. PNG specification, sections 5, 9 (filter 1), 11."""
    height, width, channels = pixels.shape
    values = np.ascontiguousarray(pixels, ">u2").view(np.uint8).reshape(height, width, -1)
    rows = np.ones((height, 1 + values[0].size), np.uint8)  # Each begins with its filter's number.
    # Differences to the pixel at the left, byte by byte.
    rows[:, 1:] = np.diff(values, axis=1, prepend=np.uint8(0)).reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[channels], 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")
    return _PNG_SIGNATURE + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def _png(pixels: np.ndarray, tags: Mapping[str, Any]) -> bytes:
    """A PNG with tags: what Pillow writes of them into a picture of one pixel is put in."""
    content = encode_png(pixels)
    if not tags:
        return content
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG", **tags)
    kept = b"".join(
        chunk for name, chunk in _chunks(file.getvalue()) if name not in (b"IHDR", b"IDAT", b"IEND")
    )
    return content[:_PNG_HEADER] + kept + content[_PNG_HEADER:]


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG with their names."""
    place = len(_PNG_SIGNATURE)
    while place < len(png):
        length = int.from_bytes(png[place : place + 4], "big") + _PNG_FRAME
        yield png[place + 4 : place + 8], png[place : place + length]
        place += length


@contextmanager
def _complete(path: Path) -> Iterator[Path]:
    """A path to write to, which gets its name when all is written."""
    partial = path.with_name(f".{uuid.uuid4().hex}.partial")
    try:
        yield partial
        os.replace(partial, path)
    except (OSError, ValueError) as error:
        raise DataError(f"{display_name(path)} cannot be written: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
