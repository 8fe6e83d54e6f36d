"""Reads `.npz` files as if from a stranger: all is accounted for before memory is taken.

Such a file is a ZIP of `.npy` members, stored as they are. Of both forms this reads only what NumPy
writes for plain arrays: no compression, no objects, no code.
"""

import math
import re
import struct
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from tfi2i.errors import DamagedFileError, WeightsError

# What Python's zipfile raises for bytes that are no ZIP; not all of it is BadZipFile.
_DAMAGE = (
    OSError, ValueError, EOFError, RuntimeError, KeyError, OverflowError, struct.error,
    zipfile.BadZipFile,
)  # fmt: skip
_DTYPES = {"|b1", "|i1", "|u1", *(order + kind for order in "<>" for kind in
           ("i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8"))}  # fmt: skip
_NPY_HEADER = re.compile(
    r"\{'descr': '(\S{2,4})', 'fortran_order': (True|False), "
    r"'shape': \(((?:\d{1,18}, ?)*(?:\d{1,18})?)\), \} *\n"
)
_LONGEST_HEADER = 4096
_CHUNK = 1 << 20


class Header(NamedTuple):
    """What a member says about its array.

    Attributes:
        shape: Shape of the array.
        dtype: Type of its values.
        order: The order in which they are stored, `C` or `F`.
        start: Bytes before the first value.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    order: str
    start: int


Pick = Callable[[Mapping[str, Header]], Mapping[str, str]]


def read_arrays(path: Path, pick: Pick | None = None) -> dict[str, np.ndarray]:
    """Reads a file that `write_arrays` made.

    Args:
        path: The file.
        pick: Says from the headers what to read: a name in the result to a name in the file. It may
            raise a WeightsError because the file does not fit, before any array is read. None reads
            all.

    Returns:
        The arrays; they cannot be written to.

    Raises:
        DamagedFileError: If the file is missing, truncated or altered anywhere, even in an array
            that was not picked, or holds anything but arrays.
        WeightsError: `pick` raised it; the file is whole.
    """
    try:
        with open(path, "rb") as file, zipfile.ZipFile(file) as archive:
            members = _members(archive, file)
            headers = {name: _header(archive, info) for name, info in members.items()}
            try:
                picked = {name: name for name in headers} if pick is None else pick(headers)
            except WeightsError:
                _check_sums(archive, members.values())
                raise
            unread = members.keys() - set(picked.values())
            _check_sums(archive, [members[stored] for stored in unread])
            return {
                name: _array(archive, members[stored], headers[stored])
                for name, stored in picked.items()
            }
    except FileNotFoundError:
        raise DamagedFileError(f"no such file: {path}") from None
    except _DAMAGE as error:
        raise DamagedFileError(f"{path} is damaged or not a file of arrays: {error}") from error


def _members(archive: zipfile.ZipFile, file: BinaryIO) -> dict[str, zipfile.ZipInfo]:
    """The directory by names of arrays, once every byte before it belongs to one member.

    One altered byte can make entries of the directory vanish without an error: that leaves a hole.
    """
    members: dict[str, zipfile.ZipInfo] = {}
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        name = info.filename.removesuffix(".npy")
        if name == info.filename or name in members:
            raise ValueError(f"{info.filename!r} is no array, or there twice")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise ValueError(f"{name} is compressed")
        if info.header_offset != end:
            raise ValueError(f"{abs(info.header_offset - end)} bytes belong to no array")
        file.seek(info.header_offset)
        name_length, extra_length = struct.unpack("<26x2H", file.read(30))
        end = info.header_offset + 30 + name_length + extra_length + info.file_size
        members[name] = info
    if end != archive.start_dir:
        raise ValueError(f"{abs(archive.start_dir - end)} bytes belong to no array")
    return members


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Header:
    with archive.open(info) as member:
        start = member.read(_LONGEST_HEADER)
    version = start[:8]
    if version == b"\x93NUMPY\x01\x00":
        begin, length = 10, int.from_bytes(start[8:10], "little")
    elif version == b"\x93NUMPY\x02\x00":
        begin, length = 12, int.from_bytes(start[8:12], "little")
    else:
        raise ValueError(f"{info.filename} is not in NumPy's format")
    found = _NPY_HEADER.fullmatch(start[begin : begin + length].decode("latin-1"))
    if found is None or found[1] not in _DTYPES:
        raise ValueError(f"{info.filename} is not a plain array of numbers")
    shape = tuple(int(part) for part in found[3].split(",") if part.strip())
    dtype = np.dtype(found[1])
    if begin + length + math.prod(shape) * dtype.itemsize != info.file_size:
        raise ValueError(f"{info.filename} says {shape}, which is not its size")
    return Header(shape, dtype, "F" if found[2] == "True" else "C", begin + length)


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, header: Header) -> np.ndarray:
    content = archive.read(info)  # raises if its CRC-32 is another one
    return np.ndarray(
        header.shape,
        header.dtype,
        buffer=content,
        offset=header.start,
        order="F" if header.order == "F" else "C",
    )


def _check_sums(archive: zipfile.ZipFile, infos: Iterable[zipfile.ZipInfo]) -> None:
    for info in infos:
        with archive.open(info) as member:
            while member.read(_CHUNK):
                pass
