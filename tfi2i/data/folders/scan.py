"""Looks at every file once before training, at sizes in headers and damage as far as it shows."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tfi2i.data.decode.deep import read_stored
from tfi2i.data.decode.header import Header, is_array, read_header
from tfi2i.data.decode.images import display_name, read_image
from tfi2i.data.decode.values import DTYPES
from tfi2i.errors import DataError
from tfi2i.progress import progress_bar

LEAST_SIDE = 4
_SHOWN = 10


@dataclass(frozen=True)
class Scanned:
    """One file: what its header says, or why it cannot be used."""

    path: Path
    header: Header
    bytes: int
    fault: str | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Upright height and width."""
        return self.header.size


def scan(paths: Sequence[Path], *, decode_all: bool) -> dict[Path, Scanned]:
    """Checks headers and ends of files; decodes those whose end is missing or cannot be judged.

    Args:
        paths: the files.
        decode_all: decode every file, which finds damage in the middle too.

    Returns:
        What was found, by path; nothing is raised for bad files.
    """
    found = {}
    with (
        ThreadPoolExecutor(max_workers=8) as pool,
        progress_bar("Looking at files", len(paths)) as advance,
    ):
        for one in pool.map(lambda path: _look(path, decode_all), paths):
            found[one.path] = one
            advance(1)
    return found


def report_bad(folder: Path, bad: list[Scanned], total: int) -> DataError:
    """The error that lists files that cannot be used."""
    lines = [f"  {found.fault}" for found in bad[:_SHOWN]]
    if len(bad) > _SHOWN:
        lines.append(f"  ... and {len(bad) - _SHOWN} more")
    return DataError(
        f"{len(bad)} of {total} image files in {display_name(folder)} cannot be used:\n"
        + "\n".join(lines)
        + "\nRepair or remove them, or leave them out with skip_bad (--skip-bad)."
    )


def with_size(scanned: Scanned) -> str:
    """A file's name, width and height."""
    height, width = scanned.size
    return f"{display_name(scanned.path)} ({width}x{height})"


def _look(path: Path, decode_all: bool) -> Scanned:
    try:
        header = read_header(path)
        if min(header.size) < LEAST_SIDE:
            fault = f"{display_name(path)} is only {header.width}x{header.height} pixels"
            return Scanned(path, header, 0, fault)
        if decode_all or not _is_complete(path):
            _decode(path, header)
        return Scanned(path, header, os.path.getsize(path))
    except DataError as error:
        return Scanned(path, Header(0, 0, 0, ""), 0, str(error))


def _decode(path: Path, header: Header) -> None:
    """Raises a DataError if a file is damaged, or has values that are not read."""
    ordinary = header.dtype == "uint8" and header.channels <= 4 and not is_array(path)
    if ordinary or header.dtype not in DTYPES:
        read_image(path)
    else:
        read_stored(path, header)


def _is_complete(path: Path) -> bool:
    """Whether the file surely has its end; False where that cannot be told without decoding."""
    with open(path, "rb") as file:
        start = file.read(16)
        length = file.seek(0, os.SEEK_END)
        file.seek(max(0, length - 16))
        end = file.read()
    if start.startswith(b"\xff\xd8"):
        return end.endswith(b"\xff\xd9")
    if start.startswith(b"\x89PNG"):
        return b"IEND" in end
    if start.startswith(b"GIF8"):
        return end.endswith(b";")
    if start.startswith(b"\x93NUMPY"):
        return True  # Its header says how many bytes follow, and they were counted.
    if start.startswith(b"RIFF"):
        return int.from_bytes(start[4:8], "little") + 8 <= length
    return False
