"""Maps of a whole image that are kept in files, so that memory does not grow with the image."""

import shutil
import tempfile

import numpy as np

from tfi2i.errors import DataError


class KeptMap:
    """A map that is written and read by rows; its file has no name and goes with it."""

    def __init__(self, width: int, channels: int, dtype: np.dtype):
        """Makes the file in the folder for temporary files (TMPDIR).

        Args:
            width: Columns.
            channels: C.
            dtype: Type of its numbers.
        """
        self._shape, self._dtype = (width, channels), dtype
        self._row = width * channels * dtype.itemsize
        self._file = tempfile.TemporaryFile(prefix="tfi2i-")

    def write(self, first: int, rows: np.ndarray) -> None:
        """Writes rows, (rows, width, channels), from the first on.

        Raises:
            DataError: There is no place left.
        """
        try:
            self._file.seek(first * self._row)
            self._file.write(np.ascontiguousarray(rows).view(np.uint8).data)
            self._file.flush()
        except OSError as error:
            raise DataError(
                f"no map of the image can be kept in {tempfile.gettempdir()} ({error.strerror}); "
                "let the variable TMPDIR name a folder with more space"
            ) from error

    def read(self, first: int, end: int) -> np.ndarray:
        """Rows from the first to the end, (end - first, width, channels)."""
        self._file.seek(first * self._row)
        data = self._file.read((end - first) * self._row)
        return np.frombuffer(data, self._dtype).reshape(-1, *self._shape)

    def close(self) -> None:
        """Removes the file."""
        self._file.close()


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
