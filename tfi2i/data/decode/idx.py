"""Files in the idx format of MNIST: a header that gives the shape, then one byte for each value.

The header has two zero bytes, the type of the values (8 for bytes), the number of axes, and the
length of each axis in four bytes, the highest first. Such files mostly come packed by gzip.
"""

import gzip
import math
import os
import struct
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import IO

import numpy as np

from tfi2i.data.decode.images import display_name
from tfi2i.errors import DataError

# They are held in memory whole.
MOST_BYTES = 8 * 1024**3
_BYTES = 8
_GZIP = b"\x1f\x8b"
# gzip makes 1,032 bytes of one at most.
_MOST_UNPACKED = 1032
_CHUNK = 1 << 20


def read_idx(path: Path, axes: Collection[int]) -> np.ndarray:
    """Reads a file whole.

    Memory is taken for what the file really holds, whatever its header says.

    Args:
        path: An idx file; its content tells whether it is packed, not its name.
        axes: The numbers of axes that are possible.

    Returns:
        uint8 of the shape in the header, not to be written to.

    Raises:
        DataError: It is no idx file of bytes with so many axes, is damaged or cut, or holds more
            than 8 GiB.
    """
    name = display_name(path)
    try:
        with open(path, "rb") as file:
            packed = file.read(len(_GZIP)) == _GZIP
            file.seek(0)
            most = os.fstat(file.fileno()).st_size * (_MOST_UNPACKED if packed else 1)
            if not packed:
                return _read(file, name, axes, most)
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _read(unpacked, name, axes, most)
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(f"{name} cannot be unpacked ({error}): download it again") from error
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror}") from error


def _read(
    file: IO[bytes] | gzip.GzipFile, name: str, axes: Collection[int], most: int
) -> np.ndarray:
    """The values; `most` is the number of bytes that the file can hold at most."""
    shape = _read_shape(file, name, axes)
    count = math.prod(shape)
    stated = f"the {count:,} bytes that its header states ({' x '.join(map(str, shape))})"
    if count > most:
        raise DataError(f"{name} cannot hold {stated}: it is cut or damaged, download it again")
    if count > MOST_BYTES:
        raise DataError(
            f"{name} holds {count / 1024**3:.1f} GiB; up to {MOST_BYTES // 1024**3} are held in "
            "memory. Write its images to a folder, or pass a tf.data.Dataset"
        )
    values = bytearray()
    while chunk := file.read(min(_CHUNK, count + 1 - len(values))):
        values += chunk
    if len(values) != count:
        where = "goes on after" if len(values) > count else f"ends after {len(values):,} of"
        raise DataError(f"{name} {where} {stated}: it is damaged, download it again")
    result = np.frombuffer(values, np.uint8).reshape(shape)
    result.flags.writeable = False
    return result


def _read_shape(
    file: IO[bytes] | gzip.GzipFile, name: str, axes: Collection[int]
) -> tuple[int, ...]:
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0":
        raise DataError(
            f"{name} is no idx file: it begins with {start!r}, where two zero bytes are expected. "
            "Is it what was to be downloaded?"
        )
    kind, count = start[2:]
    if kind != _BYTES:
        raise DataError(
            f"{name} has values of type {kind:#04x}; idx files of bytes ({_BYTES:#04x}) are read"
        )
    if count not in axes:
        wanted = " or ".join(map(str, sorted(axes)))
        raise DataError(
            f"{name} has {count} axes where {wanted} are expected (images have 3, or 4 in colour, "
            "labels have 1): were files exchanged?"
        )
    lengths = file.read(4 * count)
    if len(lengths) < 4 * count:
        raise DataError(f"{name} ends within its header: download it again")
    return struct.unpack(f">{count}I", lengths)
