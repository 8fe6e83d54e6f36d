"""The reader of PyTorch files: reads what it should, runs nothing, refuses the rest."""

import builtins
import os
import resource
import sys
import zipfile
from collections import Counter, OrderedDict

import numpy as np
import pytest

from tfi2i.errors import WeightsError
from tfi2i.torch_files import read_torch_file
from torch_writer import (
    VERSION,
    Call,
    Storage,
    pretended_torch,
    tensor,
    write,
    write_zip,
)

FORMS = pytest.mark.parametrize("form", [write, write_zip])


@pytest.fixture(autouse=True)
def torch():
    with pretended_torch():
        yield


@FORMS
def test_tensors_come_back_with_offsets_and_strides(form, tmp_path):
    numbers = np.arange(10, dtype=np.float32)
    counter = np.array([7], np.int64)
    storage = Storage("11", numbers)
    state = OrderedDict(
        plain=tensor(storage, 4, (2, 3), (3, 1)),
        transposed=tensor(storage, 0, (3, 2), (1, 3), "_rebuild_tensor"),
        counter=tensor(Storage("5", counter), 0, (), ()),
    )
    arrays = read_torch_file(form(tmp_path / "w.pth", state, {"5": counter, "11": numbers}))
    np.testing.assert_array_equal(arrays["plain"], numbers[4:].reshape(2, 3))
    np.testing.assert_array_equal(arrays["transposed"], numbers[:6].reshape(2, 3).T)
    assert arrays["plain"].dtype == np.float32
    assert arrays["counter"] == 7 and arrays["counter"].dtype == np.int64


@FORMS
def test_kinds_of_numbers(form, tmp_path):
    values = np.array([1.5, -2.0, 0.15625], np.float64)  # exact in bfloat16 too
    upper = (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    stored = {"0": values, "1": values.astype(np.float16), "2": upper}
    storages = {key: Storage(key, array) for key, array in stored.items() if key != "2"}
    storages["2"] = Storage("2", upper, "BFloat16Storage")
    state = OrderedDict((key, tensor(one, 0, (3,), (1,))) for key, one in storages.items())
    arrays = read_torch_file(form(tmp_path / "w.pth", state, stored))
    assert [array.dtype for array in arrays.values()] == [np.float64, np.float16, np.float32]
    for array in arrays.values():
        np.testing.assert_array_equal(array, values)


@FORMS
def test_one_state_dict_in_a_checkpoint_is_found(form, tmp_path):
    numbers, others = np.arange(3, dtype=np.float32), np.ones(2, np.float16)
    weights = tensor(Storage("0", numbers), 0, (3,), (1,))
    rates = {0: {"average": tensor(Storage("1", others), 0, (2,), (1,))}}
    arrays = {"1": others, "0": numbers}
    whole = {"epoch": 3, "state_dict": OrderedDict(w=weights), "optimizer": rates}
    found = read_torch_file(form(tmp_path / "w.pth", whole, arrays))
    assert list(found) == ["w"] and list(found["w"]) == [0, 1, 2]
    several = {"netG": OrderedDict(w=weights), "netD": OrderedDict(v=weights)}
    with pytest.raises(WeightsError, match=r"several state dicts: 'netG', 'netD'.*torch.save"):
        read_torch_file(form(tmp_path / "w.pth", several, arrays))


@FORMS
@pytest.mark.parametrize(
    ("function", "argument"),
    [(os.system, "touch {}"), (builtins.eval, "open('{}', 'w')"), (Counter, "{}")],
)
def test_any_other_name_is_refused_and_not_run(form, tmp_path, function, argument):
    trace = tmp_path / "trace"
    state = OrderedDict(w=Call(function, argument.format(trace)))
    path = form(tmp_path / "w.pth", state, {})
    with pytest.raises(WeightsError, match=f"asks for {function.__module__}.{function.__name__}"):
        read_torch_file(path)
    assert not trace.exists()


@pytest.mark.parametrize("name", ["torch.load", "torch._utils._rebuild_parameter"])
def test_the_rest_of_torch_is_refused(tmp_path, name):
    module, _, function = name.rpartition(".")
    state = OrderedDict(w=Call(getattr(sys.modules[module], function), "w"))
    with pytest.raises(WeightsError, match=f"asks for {name}.*torch.save"):
        read_torch_file(write(tmp_path / "w.pth", state, {}))


@FORMS
def test_tensors_outside_their_storage_are_refused(form, tmp_path):
    numbers = np.arange(6, dtype=np.float32)
    for offset, shape, strides in [(1, (6,), (1,)), (0, (2,), (6,)), (0, (2,), (-1,))]:
        state = OrderedDict(w=tensor(Storage("0", numbers), offset, shape, strides))
        with pytest.raises(WeightsError, match="damaged"):
            read_torch_file(form(tmp_path / "w.pth", state, {"0": numbers}))


def test_views_of_storages_are_refused(tmp_path):
    """PyTorch once wrote them; read as the whole storage they would be other numbers."""
    numbers = np.arange(6, dtype=np.float32)
    state = OrderedDict(w=tensor(Storage("0", numbers, view=("9", 2, 4)), 0, (4,), (1,)))
    with pytest.raises(WeightsError, match="not to a storage"):
        read_torch_file(write(tmp_path / "w.pth", state, {"0": numbers}))


@FORMS
def test_damaged_files_are_refused_by_name(form, tmp_path):
    numbers = np.arange(6, dtype=np.float32)
    state = OrderedDict(w=tensor(Storage("0", numbers), 0, (6,), (1,)))
    whole = form(tmp_path / "w.pth", state, {"0": numbers}).read_bytes()
    path = tmp_path / "broken.pth"
    for content in (b"", b"garbage", whole[:30], whole[:-1], whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match="broken.pth is damaged"):
            read_torch_file(path)
    with pytest.raises(WeightsError, match="cannot read .*none.pth: No such file"):
        read_torch_file(tmp_path / "none.pth")


def test_altered_numbers_in_a_zip_are_noticed(tmp_path):
    numbers = np.full(6, 1.5, np.float32)
    state = OrderedDict(w=tensor(Storage("0", numbers), 0, (6,), (1,)))
    path = write_zip(tmp_path / "w.pth", state, {"0": numbers})
    path.write_bytes(path.read_bytes().replace(numbers.tobytes(), (2 * numbers).tobytes()))
    with pytest.raises(WeightsError, match="damaged.*CRC"):
        read_torch_file(path)


def test_other_zips_are_refused(tmp_path):
    numbers, path = np.zeros(9999, np.float32), tmp_path / "w.pth"
    state = OrderedDict(w=tensor(Storage("0", numbers), 0, (6,), (1,)))
    with pytest.raises(WeightsError, match="compressed"):
        read_torch_file(write_zip(path, state, {"0": numbers}, (), zipfile.ZIP_DEFLATED))
    with pytest.raises(WeightsError, match="is a program"):
        read_torch_file(write_zip(path, state, {}, {"made/constants.pkl": b""}))
    with pytest.raises(WeightsError, match="little-endian"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("made/data.pkl", b"")
            archive.writestr("made/byteorder", b"big")
        read_torch_file(path)
    np.savez(path.with_suffix(".npz"), numbers)
    with pytest.raises(WeightsError, match="not one of PyTorch"):
        read_torch_file(path.with_suffix(".npz"))


def test_other_pickles_are_refused(tmp_path):
    path = tmp_path / "w.pth"
    with pytest.raises(WeightsError, match="not a PyTorch file"):
        read_torch_file(write(path, OrderedDict(), {}, header=(1, VERSION, {})))
    with pytest.raises(WeightsError, match="holds a list"):
        read_torch_file(write(path, [1], {}))
    with pytest.raises(WeightsError, match="'epoch' is not a tensor"):
        read_torch_file(write(path, OrderedDict(epoch=3), {}))


@pytest.mark.fault("R7", "R9")
def test_pickles_that_ask_for_memory_are_refused(tmp_path):
    """The first would fill 3 GB with nothing; the others claim texts of terabytes."""
    path = tmp_path / "w.pth"
    for content in (
        b"\x80\x02}r" + (200_000_000).to_bytes(4, "little") + b".",
        b"\x80\x04\x8d" + (1 << 42).to_bytes(8, "little") + b"a.",
        b"\x80\x04\x95" + (1 << 42).to_bytes(8, "little") + b"}.",
        b"\x80\x05\x96" + (1 << 42).to_bytes(8, "little") + b"a.",
    ):
        path.write_bytes(content)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(WeightsError, match="w.pth is damaged"):
            read_torch_file(path)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 50_000
