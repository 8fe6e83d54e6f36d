"""Reads arrays from a PyTorch weight file without PyTorch, and without running code from the file.

Such a file is a row of pickles (magic number, version, system facts, the state dict, storage keys),
followed by the raw storages: the format of `torch.save` before version 1.6. A pickle can call any
function that its unpickler finds; this unpickler finds three names.
"""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from tfi2i.errors import WeightsError

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001

# The errors that Python's own documentation lists for damaged pickles.
_DAMAGED = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)


class _StorageType(NamedTuple):
    dtype: str


class _Storage(NamedTuple):
    key: str
    dtype: str
    size: int


class _Tensor(NamedTuple):
    """A tensor as the pickle describes it; its numbers come later in the file."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(
    storage: _Storage,
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    requires_grad: bool,
    backward_hooks: OrderedDict,
) -> _Tensor:
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch", "FloatStorage"): _StorageType("<f4"),
    ("torch", "LongStorage"): _StorageType("<i8"),
}


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return _ALLOWED[module_name, global_name]
        except KeyError:
            raise WeightsError(
                f"The weight file asks for {module_name}.{global_name}, which arrays do not "
                "need. Refused: loading it could run code."
            ) from None

    def persistent_load(self, pid: Any, /) -> _Storage:
        kind, storage_type, key, _device, size, _view = pid
        if kind != "storage" or not isinstance(storage_type, _StorageType):
            raise WeightsError(f"The weight file refers to {kind!r}, not to a storage of numbers.")
        return _Storage(key, storage_type.dtype, size)


def read_torch_file(path: Path) -> dict[str, np.ndarray]:
    """Reads the state dict of a PyTorch file in the format before 1.6.

    Args:
        path: The `.pth` file.

    Returns:
        Arrays by their names in the state dict, float32 or int64.

    Raises:
        WeightsError: The file asks for anything but tensors in an OrderedDict (the name is given),
            or it is damaged, or of another format.
    """
    with open(path, "rb") as file:
        try:
            header = [_RestrictedUnpickler(file).load() for _ in range(3)]
            if header[0] != _MAGIC or header[1] != _VERSION:
                raise WeightsError(f"{path} is not a PyTorch file of the format before 1.6.")
            state = _RestrictedUnpickler(file).load()
            keys = _RestrictedUnpickler(file).load()
            storages = _read_storages(file, _described_storages(state), keys)
            return {name: _to_array(tensor, storages) for name, tensor in state.items()}
        except _DAMAGED as error:
            raise WeightsError(
                f"{path} is damaged or not a PyTorch weight file ({error}). "
                "Install its package again."
            ) from error


def _described_storages(state: Any) -> dict[str, _Storage]:
    if not isinstance(state, OrderedDict):
        raise WeightsError(f"The weight file holds a {type(state).__name__}, not a state dict.")
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, _Tensor):
            raise WeightsError(f"The weight file's entry {name!r} is not a tensor.")
    return {tensor.storage.key: tensor.storage for tensor in state.values()}


def _read_storages(
    file: BinaryIO, described: dict[str, _Storage], keys: list[str]
) -> dict[str, np.ndarray]:
    """Reads the raw storages: each is its number of elements (int64), then the elements."""
    storages = {}
    for key in keys:
        storage = described[key]
        (size,) = np.frombuffer(file.read(8), "<i8")
        data = file.read(storage.size * np.dtype(storage.dtype).itemsize)
        storages[key] = np.frombuffer(data, storage.dtype)
        if not size == storage.size == len(storages[key]):
            raise ValueError(f"storage {key} should hold {storage.size} numbers")
    return storages


def _to_array(tensor: _Tensor, storages: dict[str, np.ndarray]) -> np.ndarray:
    """A view of the storage; numpy itself refuses shapes and strides that leave it."""
    storage = storages[tensor.storage.key]
    item = storage.itemsize
    return np.ndarray(
        tensor.shape,
        storage.dtype,
        storage,
        offset=tensor.offset * item,
        strides=[stride * item for stride in tensor.strides],
    )
