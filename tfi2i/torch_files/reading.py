"""Reads arrays from a PyTorch weight file, in both forms that `torch.save` has written.

Since 1.6 it is a ZIP with a pickle and a member for each storage. Before, it was a row of pickles
(magic number, version, system facts, the state dict, storage keys), followed by the raw storages.
"""

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfi2i.errors import WeightsError
from tfi2i.torch_files.pickles import (
    BFLOAT16,
    RestrictedUnpickler,
    Storage,
    Tensor,
    described,
)

_MAGIC = 0x1950A86A20F9469CFC6C
_VERSION = 1001

# The errors that Python's own documentation lists for damaged pickles and ZIP files.
_DAMAGED = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
)


def read_torch_file(path: Path) -> dict[str, np.ndarray]:
    """Reads a state dict.

    Args:
        path: The `.pth` or `.pt` file.

    Returns:
        Arrays by their names in the state dict, of the types of the file; bfloat16 as float32.

    Raises:
        WeightsError: The file asks for anything but tensors in a table (the name is given), it is
            damaged, there is none, or it is of another format.
    """
    try:
        with open(path, "rb") as file:
            if zipfile.is_zipfile(file):
                return _read_archive(file, path)
            file.seek(0)
            return _read_row(file, path)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}") from None
    except _DAMAGED as error:
        raise WeightsError(
            f"{path} is damaged or not a PyTorch weight file ({error}). Save, copy or download it "
            "again."
        ) from error


def _read_row(file: BinaryIO, path: Path) -> dict[str, np.ndarray]:
    """The format before 1.6."""
    header = [RestrictedUnpickler(file, path).load() for _ in range(3)]
    if header[0] != _MAGIC or header[1] != _VERSION:
        raise WeightsError(f"{path} is not a PyTorch file.")
    unpickler = RestrictedUnpickler(file, path)
    tensors = described(unpickler.load(), path)
    storages = {}
    for key in RestrictedUnpickler(file, path).load():
        storage = unpickler.storages[key]
        (size,) = np.frombuffer(file.read(8), "<i8")
        if size != storage.size:
            raise ValueError(f"storage {key} has {size} numbers, not {storage.size}")
        storages[key] = _numbers(storage, file.read(_bytes(storage, path)))
    return {name: _to_array(tensor, storages) for name, tensor in tensors.items()}


def _read_archive(file: BinaryIO, path: Path) -> dict[str, np.ndarray]:
    """The format since 1.6: NAME/data.pkl, and NAME/data/KEY for every storage."""
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        pickles = [name for name in names if name.split("/")[1:] == ["data.pkl"]]
        if len(pickles) != 1:
            raise ValueError("a ZIP, but not one of PyTorch")
        folder = pickles[0].removesuffix("data.pkl")
        if f"{folder}constants.pkl" in names:
            raise WeightsError(
                f"{path} is a program (TorchScript), which is not run. In PyTorch, save its arrays "
                "alone: torch.save(torch.jit.load(FILE).state_dict(), NEW_FILE)"
            )
        byte_order = f"{folder}byteorder"
        if byte_order in names and _member(archive, byte_order) != b"little":
            raise ValueError("its numbers are not little-endian")
        with archive.open(_info(archive, pickles[0])) as member:
            tensors = described(RestrictedUnpickler(member, path).load(), path)  # type: ignore[arg-type]
        storages = {}
        for key, storage in {t.storage.key: t.storage for t in tensors.values()}.items():
            storages[key] = _numbers(storage, _member(archive, f"{folder}data/{key}"))
        return {name: _to_array(tensor, storages) for name, tensor in tensors.items()}


def _info(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    info = archive.getinfo(name)
    # PyTorch compresses nothing; a small file that unpacks to a large one comes from elsewhere.
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise ValueError(f"{name} is compressed")
    return info


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    return archive.read(_info(archive, name))  # raises if its CRC-32 is another one


def _bytes(storage: Storage, path: Path) -> int:
    """How many bytes a storage has; never more than the file."""
    return min(storage.size * storage.kind.stored.itemsize, path.stat().st_size)


def _numbers(storage: Storage, content: bytes) -> np.ndarray:
    """The numbers of a storage; bfloat16 as the float32 whose upper half it is."""
    numbers = np.frombuffer(content, storage.kind.stored)
    if len(numbers) != storage.size:
        raise ValueError(f"storage {storage.key} should hold {storage.size} numbers")
    if storage.kind.dtype == BFLOAT16:
        return (numbers.astype("<u4") << 16).view("<f4")
    return numbers


def _to_array(tensor: Tensor, storages: Mapping[str, np.ndarray]) -> np.ndarray:
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
