"""Writes files as PyTorch does, and as an attacker would, without PyTorch."""

import contextlib
import io
import pickle
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
KINDS = {"f4": "FloatStorage", "f8": "DoubleStorage", "f2": "HalfStorage", "i8": "LongStorage"}
STORAGES = (*KINDS.values(), "BFloat16Storage")
FUNCTIONS = ("_rebuild_tensor_v2", "_rebuild_tensor", "_rebuild_parameter")


def named(module: str, name: str) -> Any:
    """A class that pickles as a reference to module.name."""
    made = type(name, (), {"__module__": module})
    setattr(sys.modules[module], name, made)
    return made


@contextlib.contextmanager
def pretended_torch() -> Iterator[None]:
    """What the pickler needs of PyTorch to write its names: modules that hold them."""
    with mock.patch.dict(sys.modules):
        for module in ("torch", "torch._utils"):
            sys.modules[module] = ModuleType(module)
        for name in (*STORAGES, "load"):
            named("torch", name)
        for name in FUNCTIONS:
            named("torch._utils", name)
        yield


class Call:
    """Pickles as a call of a function with arguments."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


class Storage:
    def __init__(self, key, array, kind=None, view=None):
        kind = kind or KINDS[array.dtype.str[1:]]
        self.pid = ("storage", getattr(sys.modules["torch"], kind), key, "cpu", array.size, view)


class Writer(pickle.Pickler):
    """Writes the pickles that PyTorch writes, and those that an attacker would."""

    def persistent_id(self, obj):
        return obj.pid if isinstance(obj, Storage) else None


def tensor(storage, offset, shape, strides, function="_rebuild_tensor_v2"):
    rebuild = sys.modules["torch._utils"].__dict__[function]
    further = (False, OrderedDict()) if function.endswith("v2") else ()
    return Call(rebuild, storage, offset, shape, strides, *further)


def write(path, state, arrays, header=(MAGIC, VERSION, {"little_endian": True})) -> Path:
    """The format before 1.6."""
    with open(path, "wb") as file:
        for part in (*header, state, list(arrays)):
            Writer(file, protocol=2, fix_imports=False).dump(part)
        for array in arrays.values():
            file.write(np.int64(array.size).tobytes() + array.tobytes())
    return path


def write_zip(path, state, arrays, further=(), compression=zipfile.ZIP_STORED) -> Path:
    """The format since 1.6; `further` are more members and what they hold."""
    content = io.BytesIO()
    Writer(content, protocol=2, fix_imports=False).dump(state)
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("made/data.pkl", content.getvalue())
        archive.writestr("made/byteorder", b"little")
        for key, array in arrays.items():
            archive.writestr(f"made/data/{key}", array.tobytes())
        for name, text in dict(further).items():
            archive.writestr(name, text)
    return path


def save_state(path: Path, arrays: Mapping[str, np.ndarray]) -> Path:
    """A state dict as `torch.save(network.state_dict(), path)` writes it."""
    with pretended_torch():
        whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        stored = {str(number): array for number, array in enumerate(whole.values())}
        state = OrderedDict()
        for (name, array), key in zip(whole.items(), stored, strict=True):
            strides = tuple(stride // array.itemsize for stride in array.strides)
            state[name] = tensor(Storage(key, array), 0, array.shape, strides)
        return write_zip(path, state, stored)
