"""Pictures and maps by rows: those that are too large for memory are in files without a name.

Whoever reads and writes pictures of any size asks for `pixels[first:end]`, rows of it, and sets
them. An array does that, and so does `KeptRows`.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from tfi2i.errors import DataError

# Of one block of rows, where work on a picture goes block by block.
_BLOCK_BYTES = 16 << 20
# A picture of more is kept in a file.
MOST_BYTES_IN_MEMORY = 64 << 20

Shape = tuple[int, ...]  # (H, W, C)


class Rows(Protocol):
    """Pixels (H, W, C) of which rows can be read, such as an array."""

    @property
    def shape(self) -> Any:
        """H, W, C."""
        ...

    @property
    def dtype(self) -> Any:
        """Type of the numbers."""
        ...

    def __getitem__(self, rows: slice, /) -> Any:
        """Some rows, (rows, W, C)."""
        ...


class WritableRows(Rows, Protocol):
    """Pixels of which rows can be set too."""

    def __setitem__(self, rows: slice, values: np.ndarray, /) -> None:
        """Sets rows, (rows, W, C)."""
        ...


# Makes a place for pixels of a shape and a dtype.
Room = Callable[[Shape, Any], WritableRows]


class KeptRows:
    """Rows in a file that has no name and goes with this object.

    Several threads may read and write at once.
    """

    def __init__(self, shape: Shape, dtype: Any):
        """Makes the file in the folder for temporary files (TMPDIR), for (H, W, C) of a dtype."""
        self.shape, self.dtype = shape, np.dtype(dtype)
        self._row = shape[1] * shape[2] * self.dtype.itemsize
        self._unnamed = tempfile.TemporaryFile(prefix="tfi2i-", buffering=0)
        self._file = _File(self._unnamed)

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Some rows, (rows, W, C)."""
        first, end, _ = rows.indices(self.shape[0])
        values = np.empty((max(0, end - first), *self.shape[1:]), self.dtype)
        self._file.read(first * self._row, values)
        return values

    def __setitem__(self, rows: slice, values: np.ndarray) -> None:
        """Sets rows, (rows, W, C).

        Raises:
            DataError: There is no place left.
        """
        first, end, _ = rows.indices(self.shape[0])
        if values.shape != (end - first, *self.shape[1:]):
            raise ValueError(f"{end - first} rows of {self.shape} are not {values.shape}")
        try:
            self._file.write(first * self._row, values.astype(self.dtype, copy=False))
        except OSError as error:
            raise DataError(
                f"no map of the image can be kept in {tempfile.gettempdir()} ({error.strerror}); "
                "let the variable TMPDIR name a folder with more space"
            ) from error

    def close(self) -> None:
        """Removes the file."""
        self._unnamed.close()


class RowStore:
    """Within its context pictures find a place: in memory, or large ones in files."""

    def __init__(self):
        """Begins with nothing."""
        self._kept: list[KeptRows] = []

    def __enter__(self) -> "RowStore":
        """Nothing to do."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Removes the files."""
        for rows in self._kept:
            rows.close()

    def room(self, shape: Shape, dtype: Any) -> WritableRows:
        """A place for pixels (H, W, C)."""
        if bytes_of(shape, dtype) <= MOST_BYTES_IN_MEMORY:
            return np.empty(shape, dtype)
        check_space(bytes_of(shape, dtype), f"keeping {shape[1]}x{shape[0]} pixels")
        self._kept.append(KeptRows(shape, dtype))
        return self._kept[-1]


class PartOfRows:
    """The upper rows of a picture, between two columns."""

    def __init__(self, rows: Rows, height: int, left: int, right: int):
        """Takes the rows, how many of them count, and the first column and the last, and one."""
        self._rows, self._left, self._right = rows, left, right
        self.shape, self.dtype = (height, right - left, rows.shape[-1]), rows.dtype

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Some rows, (rows, W, C)."""
        first, end, _ = rows.indices(self.shape[0])
        return self._rows[first:end][:, self._left : self._right]


class MirroredRows:
    """A picture that goes on below and to the right as its mirror image, as `numpy.pad` does."""

    def __init__(self, rows: Rows, height: int, width: int):
        """Takes the rows, and the size with what is mirrored."""
        self._rows, self._right = rows, width - rows.shape[1]
        beyond = (0, height - rows.shape[0])
        self._places = np.pad(np.arange(rows.shape[0]), beyond, mode="reflect")
        self.shape, self.dtype = (height, width, rows.shape[-1]), rows.dtype

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Some rows, (rows, W, C)."""
        places = self._places[rows]
        first, end = int(places.min()), int(places.max()) + 1
        found = self._rows[first:end]
        if end - first != len(places) or np.any(np.diff(places) < 0):
            found = found[places - first]
        if not self._right:
            return found
        return np.pad(found, [(0, 0), (0, self._right), (0, 0)], mode="reflect")


def part_of(rows: Rows, height: int, left: int, right: int) -> Rows:
    """The upper rows between two columns: of an array as an array."""
    if isinstance(rows, np.ndarray):
        return rows[:height, left:right]
    return PartOfRows(rows, height, left, right)


def blocks(shape: Shape, bytes_per_pixel: float) -> Iterator[slice]:
    """The rows of (H, W, C) in slices of a few megabytes, for work that takes so much a pixel."""
    height, width, _ = shape
    rows = max(1, int(_BLOCK_BYTES / max(1.0, bytes_per_pixel * width)))
    for first in range(0, height, rows):
        yield slice(first, min(first + rows, height))


def bytes_of(shape: Shape, dtype: Any) -> int:
    """What pixels of a shape take."""
    return shape[0] * shape[1] * shape[2] * np.dtype(dtype).itemsize


def check_space(needed: int, what: str) -> None:
    """Raises a DataError if the folder for temporary files has not this many bytes free."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DataError(
            f"{what} needs {needed / 1e9:.1f} GB for a while in {folder}, which has "
            f"{free / 1e9:.1f} GB free; let the variable TMPDIR name a folder with more space, or "
            "translate at a smaller scale"
        )


class _File:
    """Bytes at their places in an open file, for several threads at once."""

    def __init__(self, file: Any):
        """Takes a file without a buffer of its own."""
        self._file, self._lock = file, threading.Lock()

    def read(self, place: int, values: np.ndarray) -> None:
        """Fills an array with the bytes from a place on.

        Raises:
            EOFError: There are not so many.
        """
        data = values.reshape(-1).view(np.uint8).data
        with self._lock:
            self._file.seek(place)
            while data:
                read = self._file.readinto(data)
                if not read:
                    raise EOFError("it ends before its last row")
                data = data[read:]

    def write(self, place: int, values: np.ndarray) -> None:
        """Writes the bytes of an array from a place on."""
        data = np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
        with self._lock:
            self._file.seek(place)
            while data:
                data = data[self._file.write(data) :]
