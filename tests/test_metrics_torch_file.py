"""The reader of PyTorch files: reads what it should, runs nothing, refuses the rest."""

import builtins
import os
import pickle
import sys
from collections import Counter, OrderedDict
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tfi2i.errors import WeightsError
from tfi2i.metrics.torch_file import read_torch_file

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001


def named(module: str, name: str) -> Any:
    """A class that pickles as a reference to module.name."""
    made = type(name, (), {"__module__": module})
    setattr(sys.modules[module], name, made)
    return made


@pytest.fixture(autouse=True)
def torch(monkeypatch):
    """What the pickler needs of PyTorch to write its names: modules that hold them."""
    for module in ("torch", "torch._utils"):
        monkeypatch.setitem(sys.modules, module, ModuleType(module))
    for name in ("FloatStorage", "LongStorage", "load"):
        named("torch", name)
    for name in ("_rebuild_tensor_v2", "_rebuild_parameter"):
        named("torch._utils", name)


class Call:
    """Pickles as a call of a function with arguments."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


class Storage:
    def __init__(self, key, array, kind="FloatStorage"):
        self.pid = ("storage", getattr(sys.modules["torch"], kind), key, "cpu", array.size, None)


class Writer(pickle.Pickler):
    """Writes the pickles that PyTorch writes, and those that an attacker would."""

    def persistent_id(self, obj):
        return obj.pid if isinstance(obj, Storage) else None


def tensor(storage, offset, shape, strides):
    rebuild = sys.modules["torch._utils"].__dict__["_rebuild_tensor_v2"]
    return Call(rebuild, storage, offset, shape, strides, False, OrderedDict())


def write(path, state, arrays, header=(MAGIC, VERSION, {"little_endian": True})):
    with open(path, "wb") as file:
        for part in (*header, state, list(arrays)):
            Writer(file, protocol=2, fix_imports=False).dump(part)
        for array in arrays.values():
            file.write(np.int64(array.size).tobytes() + array.tobytes())
    return path


def test_tensors_come_back_with_offsets_and_strides(tmp_path):
    numbers = np.arange(10, dtype=np.float32)
    counter = np.array([7], np.int64)
    storage = Storage("11", numbers)
    state = OrderedDict(
        plain=tensor(storage, 4, (2, 3), (3, 1)),
        transposed=tensor(storage, 0, (3, 2), (1, 3)),
        counter=tensor(Storage("5", counter, "LongStorage"), 0, (), ()),
    )
    arrays = read_torch_file(write(tmp_path / "w.pth", state, {"5": counter, "11": numbers}))
    np.testing.assert_array_equal(arrays["plain"], numbers[4:].reshape(2, 3))
    np.testing.assert_array_equal(arrays["transposed"], numbers[:6].reshape(2, 3).T)
    assert arrays["plain"].dtype == np.float32
    assert arrays["counter"] == 7 and arrays["counter"].dtype == np.int64


@pytest.mark.parametrize(
    ("function", "argument"),
    [(os.system, "touch {}"), (builtins.eval, "open('{}', 'w')"), (Counter, "{}")],
)
def test_any_other_name_is_refused_and_not_run(tmp_path, function, argument):
    trace = tmp_path / "trace"
    state = OrderedDict(w=Call(function, argument.format(trace)))
    path = write(tmp_path / "w.pth", state, {})
    with pytest.raises(WeightsError, match=f"asks for {function.__module__}.{function.__name__}"):
        read_torch_file(path)
    assert not trace.exists()


@pytest.mark.parametrize("name", ["torch.load", "torch._utils._rebuild_parameter"])
def test_the_rest_of_torch_is_refused(tmp_path, name):
    module, _, function = name.rpartition(".")
    state = OrderedDict(w=Call(getattr(sys.modules[module], function), "w"))
    with pytest.raises(WeightsError, match=f"asks for {name}"):
        read_torch_file(write(tmp_path / "w.pth", state, {}))


def test_tensors_outside_their_storage_are_refused(tmp_path):
    numbers = np.arange(6, dtype=np.float32)
    for offset, shape, strides in [(1, (6,), (1,)), (0, (2,), (6,)), (0, (2,), (-1,))]:
        state = OrderedDict(w=tensor(Storage("0", numbers), offset, shape, strides))
        with pytest.raises(WeightsError, match="damaged"):
            read_torch_file(write(tmp_path / "w.pth", state, {"0": numbers}))


def test_damaged_files_are_refused_by_name(tmp_path):
    numbers = np.arange(6, dtype=np.float32)
    state = OrderedDict(w=tensor(Storage("0", numbers), 0, (6,), (1,)))
    whole = write(tmp_path / "w.pth", state, {"0": numbers}).read_bytes()
    path = tmp_path / "broken.pth"
    for content in (b"", b"garbage", whole[:30], whole[:-1], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match="broken.pth is damaged"):
            read_torch_file(path)


def test_other_pickles_are_refused(tmp_path):
    path = tmp_path / "w.pth"
    with pytest.raises(WeightsError, match="not a PyTorch file"):
        read_torch_file(write(path, OrderedDict(), {}, header=(1, VERSION, {})))
    with pytest.raises(WeightsError, match="holds a list"):
        read_torch_file(write(path, [1], {}))
    with pytest.raises(WeightsError, match="'epoch' is not a tensor"):
        read_torch_file(write(path, OrderedDict(epoch=3), {}))
