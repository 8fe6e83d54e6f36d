"""Keras' `save_weights` and `load_weights`: a `.weights.h5` file with all state of training."""

from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import numpy as np

from tfi2i.errors import DamagedFileError, WeightsError
from tfi2i.training.files.arrays import HasForm, assign_arrays, check_fit, variables_to_arrays
from tfi2i.training.state import StatefulModel
from tfi2i.whole_files import replacing


def write_weights_file(model: StatefulModel, path: Path, *, overwrite: bool = True) -> None:
    """Writes all state of a model; the file appears whole or not at all.

    Raises:
        WeightsError: If the disk refuses, a value is not finite, or the file is there already.
    """
    if not path.name.endswith(".weights.h5"):
        raise WeightsError(f"{path}: the name of a file of weights ends in .weights.h5")
    if path.exists() and not overwrite:
        raise WeightsError(f"{path} is there already: overwrite=True replaces it")
    arrays = variables_to_arrays(model.state())
    with replacing(path, WeightsError) as temporary, h5py.File(temporary, "w") as file:
        for name, array in arrays.items():
            file[name] = array


def read_weights_file(model: StatefulModel, path: Path) -> None:
    """Reads what `write_weights_file` wrote.

    A compiled model takes all of it and trains on as if it had never stopped. A model that is not
    compiled takes the networks, with their running averages if the file has any.

    Raises:
        WeightsError: The file is damaged, belongs to another model, or was compiled in another way.
    """
    variables = model.state() if model.compiled else model.network_state()

    def pick(headers: Mapping[str, HasForm]) -> dict[str, str]:
        if model.compiled and not any("_optimizer/" in name for name in headers):
            raise WeightsError(
                f"{path} has no state of optimizers, as it was saved before compile: load it "
                "before compile too"
            )
        stored = {name: name for name in headers}
        if not model.compiled:
            averaged = {name: f"average/{name}" for name in variables}
            stored = {
                name: averaged[name] if averaged[name] in headers else name
                for name in variables.keys() & headers.keys()
            }
        check_fit({name: headers[own] for name, own in stored.items()}, variables, source=path)
        return stored

    assign_arrays(variables, _read(path, pick), source=path)


def _read(
    path: Path, pick: Callable[[Mapping[str, HasForm]], Mapping[str, str]]
) -> dict[str, np.ndarray]:
    """Reads the arrays that `pick` takes from the headers, as `array_file.read_arrays` does."""
    found: dict[str, h5py.Dataset] = {}

    def keep(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item

    try:
        with h5py.File(path, "r") as file:
            file.visititems(keep)
            for name, item in found.items():
                _check_plain(name, item)
            return {name: np.asarray(found[own]) for name, own in pick(found).items()}
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise DamagedFileError(f"{path} is missing, damaged or no HDF5 file: {error}") from error


def _check_plain(name: str, item: h5py.Dataset) -> None:
    """Raises a ValueError unless the numbers lie in the file itself, as large as they say."""
    if item.external or item.is_virtual:
        raise ValueError(f"{name} takes its values from another file")
    if item.chunks is not None or item.id.get_create_plist().get_nfilters():
        raise ValueError(f"{name} is compressed or in chunks")
    if item.dtype.kind not in "biuf":
        raise ValueError(f"{name} is no array of numbers")
    if item.shape is None or item.id.get_storage_size() != item.nbytes:
        raise ValueError(f"{name} has not the bytes of its shape {item.shape}")
