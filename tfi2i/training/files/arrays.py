"""Variables to files of named arrays and back: checked both ways, written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from tfi2i.errors import NotFiniteError, WeightsError
from tfi2i.whole_files import replacing


class HasForm(Protocol):
    """An array, or what a file's header says about one."""

    @property
    def shape(self) -> tuple[int, ...]:  # noqa: D102
        ...

    @property
    def dtype(self) -> np.dtype:  # noqa: D102
        ...


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays to a `.npz` file that appears whole or not at all.

    Every member carries a CRC-32; `tfi2i.training.files.array_file` reads the file.

    Raises:
        WeightsError: The disk refuses, or a folder lies there; then nothing new is left under
            `path`.
    """
    with replacing(path, WeightsError) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def variables_to_arrays(
    variables: Mapping[str, keras.Variable], *, dtype: str | None = None
) -> dict[str, np.ndarray]:
    """Copies variables to host arrays, floating ones cast to `dtype` if given.

    Raises:
        NotFiniteError: If a value is not, so that a broken state never replaces a good one.
    """
    arrays = {}
    for name, variable in variables.items():
        array = np.array(keras.ops.convert_to_numpy(variable))
        if np.issubdtype(array.dtype, np.floating):
            array = _cast(array, np.dtype(dtype or array.dtype))
            if not np.isfinite(array).all():
                raise NotFiniteError(
                    f"{name} has values that are not finite in {array.dtype}; it is not saved"
                )
        arrays[name] = array
    return arrays


def check_fit(
    arrays: Mapping[str, HasForm], variables: Mapping[str, keras.Variable], *, source: Path
) -> None:
    """Compares names, shapes and kinds of numbers; an array's header is enough.

    Raises:
        WeightsError: There are differences; the message names the first ones.
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


def assign_arrays(
    variables: Mapping[str, keras.Variable], arrays: Mapping[str, np.ndarray], *, source: Path
) -> None:
    """Sets variables from arrays of exactly the same names and shapes.

    Raises:
        WeightsError: There are differences (the message names the first ones), or a variable cannot
            hold a value; then nothing is assigned.
    """
    check_fit(arrays, variables, source=source)
    values: dict[str, Any] = {}
    for name, variable in variables.items():
        value = _cast(arrays[name], np.dtype(variable.dtype))
        if not np.isfinite(value).all():
            raise WeightsError(f"{source}: {name} has values that are not finite in {value.dtype}")
        if value.dtype.kind in "biu" and not np.array_equal(value, arrays[name]):
            raise WeightsError(f"{source}: {name} has values that {value.dtype} cannot hold")
        values[name] = value
    for name, variable in variables.items():
        variable.assign(values[name])


def _cast(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Casts to another dtype without a warning; the caller looks at what became infinite."""
    with np.errstate(over="ignore"):
        return array.astype(dtype, copy=False)
