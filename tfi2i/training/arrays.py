"""Files of named arrays, for checkpoints and weights: checked when read, atomic when written."""

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from tfi2i.errors import WeightsError


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays to a `.npz` file that appears whole or not at all.

    The file is written under a temporary name, flushed to the disk and renamed. Every member
    carries a CRC-32.

    Raises:
        WeightsError: If the disk refuses; nothing is left under `path` that was not there before.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise WeightsError(
            f"cannot write {path}: {error.strerror}; earlier files are intact"
        ) from error


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Reads a file that `write_arrays` made.

    Raises:
        WeightsError: If the file is missing, truncated, altered, or holds anything but arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise WeightsError(f"no such file: {path}") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path} is damaged or not a file of arrays: {error}") from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def variables_to_arrays(
    variables: Mapping[str, keras.Variable], *, dtype: str | None = None
) -> dict[str, np.ndarray]:
    """Copies variables to host arrays, floating ones cast to `dtype` if given.

    Raises:
        WeightsError: If a value is not finite, so that a broken state never replaces a good one.
    """
    arrays = {}
    for name, variable in variables.items():
        array = np.array(keras.ops.convert_to_numpy(variable))
        if np.issubdtype(array.dtype, np.floating):
            if not np.isfinite(array).all():
                raise WeightsError(f"{name} has values that are not finite; it is not saved")
            array = array.astype(dtype or array.dtype)
        arrays[name] = array
    return arrays


def assign_arrays(
    variables: Mapping[str, keras.Variable], arrays: Mapping[str, np.ndarray], *, source: Path
) -> None:
    """Sets variables from arrays of exactly the same names and shapes.

    Raises:
        WeightsError: Naming the first differences; nothing is assigned then.
    """
    missing = sorted(variables.keys() - arrays.keys())
    extra = sorted(arrays.keys() - variables.keys())
    if missing or extra:
        raise WeightsError(
            f"{source} does not fit the model: missing {missing[:3]}, unexpected {extra[:3]} "
            f"({len(missing)} and {len(extra)} in all)"
        )
    for name, variable in variables.items():
        array = arrays[name]
        if tuple(array.shape) != tuple(variable.shape):
            raise WeightsError(
                f"{source}: {name} is {array.shape}, the model wants {variable.shape}"
            )
        floating = np.issubdtype(array.dtype, np.floating)
        if floating != keras.backend.is_float_dtype(variable.dtype):
            raise WeightsError(
                f"{source}: {name} is {array.dtype}, the model wants {variable.dtype}"
            )
        if floating and not np.isfinite(array).all():
            raise WeightsError(f"{source}: {name} has values that are not finite")
    for name, variable in variables.items():
        variable.assign(arrays[name].astype(variable.dtype))
