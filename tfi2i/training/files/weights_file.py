"""Keras' `save_weights` and `load_weights`: a `.weights.h5` file with all state of training."""

from pathlib import Path

import h5py
import numpy as np

from tfi2i.errors import WeightsError
from tfi2i.training.files.arrays import assign_arrays, variables_to_arrays
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
    try:
        with replacing(path, WeightsError) as temporary, h5py.File(temporary, "w") as file:
            for name, array in arrays.items():
                file[name] = array
    except OSError as error:
        raise WeightsError(f"cannot write {path}: {error}") from error


def read_weights_file(model: StatefulModel, path: Path) -> None:
    """Reads what `write_weights_file` wrote.

    A compiled model takes all of it and trains on as if it had never stopped. A model that is not
    compiled takes the networks, with their running averages if the file has any.

    Raises:
        WeightsError: The file is damaged, belongs to another model, or was compiled in another way.
    """
    arrays = _read(path)
    if model.compiled and not any("_optimizer/" in name for name in arrays):
        raise WeightsError(
            f"{path} has no state of optimizers, as it was saved before compile: load it before "
            "compile too"
        )
    if model.compiled:
        assign_arrays(model.state(), arrays, source=path)
        return
    variables = model.network_state()
    stored = {
        name: arrays.get(f"average/{name}", arrays[name])
        for name in variables.keys() & arrays.keys()
    }
    assign_arrays(variables, stored, source=path)


def _read(path: Path) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}

    def keep(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = np.asarray(item)

    try:
        with h5py.File(path, "r") as file:
            file.visititems(keep)
    except OSError as error:
        raise WeightsError(f"{path} is missing, damaged or no HDF5 file: {error}") from error
    return arrays
