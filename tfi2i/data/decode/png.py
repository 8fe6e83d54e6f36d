"""PNG files of any depth, written row by row: Pillow wants the whole picture, and only 8 bits.

PNG specification (third edition), sections 5 (chunks), 9 (filters) and 11 (what chunks hold).
"""

import struct
import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from tfi2i.data.decode.rows import Rows, blocks

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# A chunk has length, name, content and checksum.
_FRAME = 12
# Channels to the number by which a PNG's header says what they are.
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_PAETH = 4
# Of what choosing a filter's prediction takes for each byte of a pixel.
_BYTES_PER_BYTE = 16


def png(pixels: Rows, further: bytes = b"") -> Iterator[bytes]:
    """The parts of a file, in order.

    Args:
        pixels: uint8 or uint16 (H, W, 1 to 4).
        further: Whole chunks that stand between the header and the pixels.
    """
    height, width, channels = pixels.shape
    size = np.dtype(pixels.dtype).itemsize
    header = struct.pack(">IIBBBBB", width, height, 8 * size, _COLOUR_TYPES[channels], 0, 0, 0)
    yield _SIGNATURE + chunk(b"IHDR", header) + further
    for data in _deflated(_filtered(pixels, channels * size)):
        yield chunk(b"IDAT", data)
    yield chunk(b"IEND", b"")


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk with its length and its checksum."""
    check = zlib.crc32(content, zlib.crc32(name))
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a file with their names."""
    place = len(_SIGNATURE)
    while place < len(file):
        length = int.from_bytes(file[place : place + 4], "big") + _FRAME
        yield file[place + 4 : place + 8], file[place : place + length]
        place += length


def _deflated(parts: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj()
    for part in parts:
        if packed := packer.compress(part):
            yield packed
    yield packer.flush()


def _filtered(pixels: Rows, pixel: int) -> Iterator[bytes]:
    """Rows less what Paeth's predictor makes of their neighbours, each after the filter's number.

    Args:
        pixels: What is written.
        pixel: Bytes of one.
    """
    width = pixels.shape[1] * pixel
    above = np.zeros((1, width), np.int16)
    for rows in blocks(pixels.shape, pixel * _BYTES_PER_BYTE):
        deep = pixels.dtype != np.uint8
        part = np.ascontiguousarray(pixels[rows], ">u2" if deep else np.uint8)
        values = part.view(np.uint8).reshape(-1, width).astype(np.int16)
        upper = np.concatenate([above, values[:-1]])
        left, upper_left = (np.pad(one, [(0, 0), (pixel, 0)])[:, :width] for one in (values, upper))
        filtered = np.full((len(values), 1 + width), _PAETH, np.uint8)
        filtered[:, 1:] = (values - _paeth(left, upper, upper_left)).astype(np.uint8)
        yield filtered.tobytes()
        above = values[-1:]


def _paeth(left: np.ndarray, upper: np.ndarray, upper_left: np.ndarray) -> np.ndarray:
    """Whichever of the three neighbours is nearest to left + upper - upper left."""
    from_left = np.abs(upper - upper_left)
    from_upper = np.abs(left - upper_left)
    from_upper_left = np.abs(left + upper - 2 * upper_left)
    upper_or_corner = np.where(from_upper <= from_upper_left, upper, upper_left)
    nearest = (from_left <= from_upper) & (from_left <= from_upper_left)
    return np.where(nearest, left, upper_or_corner)
