"""What a PyTorch file's pickles describe, read without PyTorch and without running code from them.

A pickle can call any function that its unpickler finds. This one finds the names that arrays need,
all of which stand for plain descriptions: the numbers lie elsewhere in the file.
"""

import os
import pickle
import pickletools
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from tfi2i.errors import WeightsError

BFLOAT16 = "bfloat16"


class StorageType(NamedTuple):
    """A kind of numbers: what numpy calls them, or `BFLOAT16`, which numpy does not have."""

    dtype: str

    @property
    def stored(self) -> np.dtype:
        """As they lie in the file; bfloat16 as the upper halves of float32."""
        return np.dtype("<u2" if self.dtype == BFLOAT16 else self.dtype)


class Storage(NamedTuple):
    """A row of numbers, by its key among those of the file."""

    key: str
    kind: StorageType
    size: int


class Tensor(NamedTuple):
    """A tensor as the pickle describes it; its numbers come elsewhere in the file."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Rebuild:
    """Stands for PyTorch's functions of this name; without attributes that a pickle could set."""

    __slots__ = ()

    def __call__(
        self,
        storage: Storage,
        offset: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        *_gradient_and_hooks: Any,
    ) -> Tensor:
        """Returns the description."""
        return Tensor(storage, offset, tuple(shape), tuple(strides))


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _Rebuild(),
    # What PyTorch wrote before 0.4.
    ("torch._utils", "_rebuild_tensor"): _Rebuild(),
    ("torch", "FloatStorage"): StorageType("<f4"),
    ("torch", "DoubleStorage"): StorageType("<f8"),
    ("torch", "HalfStorage"): StorageType("<f2"),
    ("torch", "BFloat16Storage"): StorageType(BFLOAT16),
    ("torch", "LongStorage"): StorageType("<i8"),
}


class _Bounded:
    """A file of which no more is asked for than there can be: as much memory would be taken."""

    def __init__(self, file: BinaryIO, size: int):
        self._file, self._size = file, size

    def read(self, count: int = -1) -> bytes:
        return self._file.read(min(count, self._size))

    def readline(self) -> bytes:
        return self._file.readline(self._size)


class RestrictedUnpickler(pickle.Unpickler):
    """Reads one pickle of a PyTorch file.

    Attributes:
        storages: Those that it refers to, by their keys.

    Args:
        file: Stands at the pickle's beginning.
        path: The file's name, for messages.
    """

    def __init__(self, file: BinaryIO, path: Path):
        super().__init__(file)
        self.storages: dict[str, Storage] = {}
        self._file, self._path = file, path

    def load(self) -> Any:
        """What the pickle holds.

        Raises:
            ValueError: It asks for more memory than its file has bytes.
        """
        start = self._file.tell()
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(start)
        bounded: Any = _Bounded(self._file, size)
        for operation, argument, _ in pickletools.genops(bounded):
            # What was put is in a table as long as its largest number says; frames are read whole.
            if operation.name.endswith(("PUT", "FRAME")) and int(argument or 0) > size:
                raise ValueError("it asks for more memory than it has bytes")
        self._file.seek(start)
        return super().load()

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """The stand-in for a name.

        Raises:
            WeightsError: Arrays do not need the name.
        """
        try:
            return _ALLOWED[module_name, global_name]
        except KeyError:
            raise WeightsError(
                f"{self._path} asks for {module_name}.{global_name}, which arrays do not need. "
                "Refused: loading it could run code. In PyTorch, save the arrays alone: "
                "torch.save(network.state_dict(), FILE)"
            ) from None

    def persistent_load(self, pid: Any, /) -> Storage:
        """The storage that a tensor refers to.

        Raises:
            WeightsError: It refers to anything else.
        """
        kind, storage_type, key, _device, size, *view = pid
        if kind != "storage" or not isinstance(storage_type, StorageType) or any(view):
            raise WeightsError(f"{self._path} refers to {kind!r}, not to a storage of numbers.")
        if type(size) is not int or size < 0:
            raise ValueError(f"a storage of {size!r} numbers")
        return self.storages.setdefault(key, Storage(key, storage_type, size))


def described(state: Any, path: Path) -> dict[str, Tensor]:
    """The tensors of a state dict, which may be the only one in a table of other things.

    Raises:
        WeightsError: There is none, or there are several.
    """
    if not isinstance(state, dict):
        raise WeightsError(f"{path} holds a {type(state).__name__}, not a state dict.")
    # dict's own methods: a pickle may have hidden them behind attributes of the object.
    entries = dict(dict.items(state))
    tables = {name: one for name, one in entries.items() if _is_state(one)}
    if len(tables) == 1 and not any(isinstance(one, Tensor) for one in entries.values()):
        entries = dict(dict.items(next(iter(tables.values()))))
    elif tables:
        raise WeightsError(
            f"{path} holds several state dicts: {', '.join(map(repr, tables))}. In PyTorch, save "
            "one for each file: torch.save(torch.load(FILE)[NAME], NEW_FILE)"
        )
    for name, tensor in entries.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise WeightsError(f"{path} holds no state dict: its entry {name!r} is not a tensor.")
    return entries


def _is_state(value: Any) -> bool:
    """Whether it is a table of tensors by name, with at least one."""
    return (
        isinstance(value, dict)
        and bool(value)
        and all(
            isinstance(name, str) and isinstance(one, Tensor) for name, one in dict.items(value)
        )
    )
