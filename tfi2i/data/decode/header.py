"""What a file says of its picture before anything is decoded: size, channels and dtype."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from tfi2i.data.decode.images import (
    MAX_ASPECT,
    MAX_PIXELS,
    ImageFile,
    check_limits,
    display_name,
    opened,
    orientation,
)
from tfi2i.errors import DataError, MissingExtraError

ARRAY_SUFFIX = ".npy"
_ARRAY_SIGNATURE = b"\x93NUMPY"
_TIFF_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_LONGEST_ARRAY_HEADER = 4096
# PNG's colour types: grey, RGB, palette, grey and alpha, RGBA.
_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_PNG_BITS = 24  # Place in the file, before that of the colour type.
# Tags of TIFF 6.0.
_WIDTH, _HEIGHT, _BITS, _COLOURS, _TURNED, _SAMPLES, _FORMAT = 256, 257, 258, 262, 274, 277, 339
_PALETTE = 3
_KINDS = {1: "uint", 2: "int", 3: "float"}


@dataclass(frozen=True)
class Header:
    """The form of one picture.

    Attributes:
        height: Of the upright picture, in pixels.
        width: Of the upright picture, in pixels.
        channels: As the file has them, alpha among them; those of the colours of a palette.
        dtype: "uint8" for up to 8 bits, "uint16" for up to 16, or another name as NumPy has it.
        pages: Pictures in a TIFF file of one channel, which may be its channels; else 1.
    """

    height: int
    width: int
    channels: int
    dtype: str
    pages: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.height, self.width


class Stored(NamedTuple):
    """A decoded picture with the channels that its file has.

    Attributes:
        pixels: (H, W, C), upright; an array, or rows in a file.
        alpha: Whether the last channel is how opaque the others are.
        spare: Whether the last of four channels says nothing of itself, as that of near infrared.
    """

    pixels: Any
    alpha: bool = False
    spare: bool = False


def read_header(
    source: ImageFile, *, max_pixels: int = MAX_PIXELS, max_aspect: int = MAX_ASPECT
) -> Header:
    """Reads the form of a picture that `read_image` or `read_pixels` can read.

    Args:
        source: Path of a file, or its content as bytes.
        max_pixels: The same as for `read_image`.
        max_aspect: The same as for `read_image`.

    Raises:
        DataError: The file is missing, damaged, not of a known format, or beyond the limits.
    """
    if is_array(source):
        found = _of_array(source)
    else:
        try:
            with opened(source, max_pixels, max_aspect) as image:
                return _of_picture(image)
        except DataError:
            # Pillow takes a TIFF of five channels for no picture at all.
            tiff = _of_tiff_alone(source)
            if tiff is None:
                raise
            found = tiff
    check_limits(display_name(source), (found.width, found.height), max_pixels, max_aspect)
    return found


def is_array(source: ImageFile) -> bool:
    """Whether this is an array as `numpy.save` writes it, by its first bytes or its name."""
    if isinstance(source, bytes):
        return source.startswith(_ARRAY_SIGNATURE)
    return os.fspath(source).lower().endswith(ARRAY_SUFFIX)


@contextmanager
def binary(source: ImageFile) -> Iterator[IO[bytes]]:
    """Opens a file, or bytes as if they were one; every fault becomes a DataError as in `opened`.

    Raises:
        DataError: There is no such file, or what reads it finds it damaged.
    """
    name = display_name(source)
    try:
        if not isinstance(source, bytes) and os.path.exists(source) and not os.path.isfile(source):
            raise DataError(f"{name} is a folder, a pipe or a device, not an image file")
        with io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb") as file:
            yield file
    except FileNotFoundError as error:
        raise DataError(f"{name}: there is no such file") from error
    except (DataError, MissingExtraError, MemoryError):
        raise
    except Exception as error:  # As in `opened`: whatever a decoder raises is the file's fault.
        reason = str(error) or type(error).__name__
        raise DataError(f"{name} is damaged or cannot be read: {reason}") from error


def array_form(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape of an array, whether it lies column by column, and its dtype, from the header alone.

    The file then stands at its values.
    """
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f"version {version} of the format is not read")
    return read(file, max_header_size=_LONGEST_ARRAY_HEADER)


def _of_array(source: ImageFile) -> Header:
    name = display_name(source)
    with binary(source) as file:
        shape, _, dtype = array_form(file)
        start, end = file.tell(), file.seek(0, os.SEEK_END)
        if len(shape) not in (2, 3) or dtype.kind not in "uif":
            raise DataError(
                f"{name} has the shape {shape} and the dtype {dtype}: an image is (H, W) or "
                "(H, W, C), of uint8, uint16 or float32"
            )
        if end - start < int(np.prod(shape, dtype=object)) * dtype.itemsize:
            raise DataError(f"{name} is cut short: its values do not fill the shape {shape}")
    height, width, channels = (*shape, 1)[:3]
    if channels < 1:
        raise DataError(f"{name} has no channels: its shape is {shape}")
    return Header(height, width, channels, dtype.newbyteorder("=").name)


def _of_picture(image: Image.Image) -> Header:
    """The header of a picture that Pillow has opened."""
    if image.format == "TIFF":
        tags = image.tag_v2  # type: ignore[attr-defined]
        found = _of_tiff(tags)
        pages = image.n_frames if found.channels == 1 else 1  # type: ignore[attr-defined]
        return Header(*found.size, found.channels, found.dtype, pages)
    width, height = image.size
    if orientation(image) >= 5:
        width, height = height, width
    if image.format == "PNG":
        file: Any = image.fp  # type: ignore[attr-defined]
        file.seek(_PNG_BITS)
        bits, colour = file.read(2)
        return Header(height, width, _PNG_CHANNELS[colour], "uint16" if bits == 16 else "uint8")
    deep = image.mode.startswith("I")
    channels = 3 if image.mode in ("P", "CMYK") else len(image.getbands())
    return Header(height, width, channels, "uint16" if deep else "uint8")


def _of_tiff(tags: Any) -> Header:
    def values(tag: int, default: int) -> tuple:
        value = tags.get(tag, default)
        return value if isinstance(value, tuple) else (value,)

    height, width = int(tags[_HEIGHT]), int(tags[_WIDTH])
    if values(_TURNED, 1)[0] in (5, 6, 7, 8):
        height, width = width, height
    palette = values(_COLOURS, 1)[0] == _PALETTE
    bits, kinds = max(values(_BITS, 1)), {*values(_FORMAT, 1)}
    kind = _KINDS.get(kinds.pop(), "other") if len(kinds) == 1 else "mixed"
    # A palette of 16 bits has colours of 8 bits as Pillow reads it.
    size = next((one for one in (8, 16, 32) if bits <= one), 64)
    if kind == "uint" and palette:
        size = 8
    return Header(height, width, 3 if palette else int(values(_SAMPLES, 1)[0]), f"{kind}{size}")


def _of_tiff_alone(source: ImageFile) -> Header | None:
    """The header of a TIFF without Pillow's look at it; None if this is none, or damaged."""
    try:
        with binary(source) as file:
            start = file.read(16)
            if not start.startswith(_TIFF_SIGNATURES):
                return None
            # The directory of a BigTIFF begins after 16 bytes.
            tags = ImageFileDirectory_v2(start if b"+" in start[2:4] else start[:8])
            file.seek(tags.next)
            tags.load(file)
            return _of_tiff(tags) if _WIDTH in tags and _HEIGHT in tags else None
    except DataError:
        return None
