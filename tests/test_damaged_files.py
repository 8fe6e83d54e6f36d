"""Files of weights as a failing disk or a stranger leaves them: whole, or refused by name."""

import io
import json
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tfi2i.errors import DamagedFileError, RunError, WeightsError
from tfi2i.package_files import file_sha256
from tfi2i.training import Checkpoints, save_model
from tfi2i.training.files.array_file import read_arrays
from tfi2i.training.files.arrays import (
    assign_arrays,
    variables_to_arrays,
    write_arrays,
)
from tfi2i.training.files.model_facts import write_model_facts
from tfi2i.training.files.saving import load_weights
from tfi2i.training.files.trained import Trained
from tfi2i.zoo.catalogue import load
from tfi2i.zoo.paired.pix2pix import Pix2Pix

CONFIG: dict[str, Any] = {
    "crop_size": 32,
    "filters": 4,
    "discriminator_filters": 4,
    "receptive_field": 16,
    "depth": 3,
}


@pytest.fixture(scope="module")
def model() -> Pix2Pix:
    made = Pix2Pix(**CONFIG)
    made.compile()
    return made


@pytest.fixture
def preset(model, tmp_path) -> Path:
    return save_model(model, tmp_path / "preset", networks=[model.generator])


def describe(folder: Path, **changes) -> None:
    """Changes `model.json`, or takes out what is None."""
    path = folder / "model.json"
    facts = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in facts.items() if v is not None}))


def exchange_weights(folder: Path, content: bytes) -> None:
    """Other weights under a right checksum, as a stranger could ship them."""
    (folder / "weights.npz").write_bytes(content)
    describe(folder, weights_sha256=file_sha256(folder / "weights.npz"))


def npz(arrays, save=np.savez) -> bytes:
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


# --- damage ---


@pytest.mark.fault("4", "R6")
def test_an_altered_bit_anywhere_is_seen_or_means_nothing(tmp_path):
    arrays = {f"network/layer{i}/kernel": np.arange(i, dtype=np.float32) for i in range(12)}
    arrays["iteration"] = np.array(7)
    write_arrays(tmp_path / "whole.npz", arrays)
    whole = (tmp_path / "whole.npz").read_bytes()
    assert read_arrays(tmp_path / "whole.npz").keys() == arrays.keys()
    directory = whole.index(b"PK\x01\x02")
    draw = random.Random(0)
    # All of the directory, where an altered length hides entries, and all of the first member.
    positions = [*range(directory, len(whole)), *range(250)]
    positions += draw.sample(range(250, directory), 300)
    seen = 0
    path = tmp_path / "altered.npz"
    for position in positions:
        altered = bytearray(whole)
        altered[position] ^= 1 << draw.randrange(8)
        path.write_bytes(altered)
        try:
            found = read_arrays(path)
        except DamagedFileError as error:
            assert str(path) in str(error)
            seen += 1
        else:
            assert found.keys() == arrays.keys(), position
            assert all(np.array_equal(found[name], arrays[name]) for name in arrays), position
    assert seen > len(positions) / 2


@pytest.mark.fault("R6")
def test_a_byte_that_hides_half_of_the_directory_is_damage(tmp_path):
    """The comment of an entry is said to be so long that it swallows those after it."""
    path = tmp_path / "a.npz"
    write_arrays(path, {f"{i:03d}": np.zeros(2, np.float32) for i in range(153)})
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    size = 46 + len("000.npy")
    content[entry + 32 : entry + 34] = (78 * size).to_bytes(2, "little")
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 153 - 78, "zipfile itself sees nothing amiss"
    with pytest.raises(DamagedFileError, match="belong to no array"):
        read_arrays(path)


def _npy(path: Path) -> None:
    path.unlink()
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _no_version(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 255
    path.write_bytes(content)


DAMAGES = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "npy": _npy,
    "folder": _folder,
    "unknown version": _no_version,
    "link to nothing": lambda path: (path.unlink(), path.symlink_to("nothing")),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.fault("R6", "4")
def test_training_and_using_a_run_fall_back_to_the_same_checkpoint(model, tmp_path, damage):
    write_model_facts(tmp_path, "pix2pix", CONFIG)
    folder = Checkpoints(tmp_path / "checkpoints")
    for iteration in (1, 2):
        model.iteration.assign(iteration)
        newest = folder.save(model)
    DAMAGES[damage](newest)

    other = Pix2Pix(**CONFIG, seed=1)
    with pytest.warns(UserWarning, match="step-000000002.npz.*; falling back"):
        load_weights(other, Trained.of(tmp_path))
    assert int(keras.ops.convert_to_numpy(other.iteration)) == 1
    expected = variables_to_arrays({v.path: v for v in model.generator.variables})
    found = variables_to_arrays({v.path: v for v in other.generator.variables})
    assert all(np.array_equal(expected[name], found[name]) for name in expected)

    with pytest.warns(UserWarning, match="step-000000002.npz.*; falling back"):
        assert folder.restore(model) == tmp_path / "checkpoints/step-000000001.npz"
    # Out of the way: the run comes to this iteration again and writes it.
    model.iteration.assign(2)
    assert folder.save(model) == newest
    assert [path.name for path in folder.files()] == ["step-000000001.npz", "step-000000002.npz"]
    assert folder.restore(model) == newest


def test_a_checkpoint_with_more_than_the_model_has_does_not_fit(model, tmp_path):
    averaged = Pix2Pix(**CONFIG)
    averaged.compile(ema_decay=0.9)
    Checkpoints(tmp_path).save(averaged)
    with pytest.raises(WeightsError, match=r"unexpected \['average/"):
        Checkpoints(tmp_path).restore(model)


def test_what_is_older_than_the_restored_checkpoint_stays(model, tmp_path):
    folder = Checkpoints(tmp_path, keep=4)
    for iteration in (1, 2, 3, 4):
        model.iteration.assign(iteration)
        folder.save(model)
    for number in (3, 4):
        (tmp_path / f"step-{number:09d}.npz").write_bytes(b"")
    with pytest.warns(UserWarning, match="falling back"):
        assert folder.restore(model) == tmp_path / "step-000000002.npz"
    assert [path.name for path in folder.files()] == ["step-000000001.npz", "step-000000002.npz"]
    assert (tmp_path / "damaged-step-000000003.npz").exists()


def test_a_run_with_damaged_checkpoints_only_says_so(model, tmp_path):
    write_model_facts(tmp_path, "pix2pix", CONFIG)
    Checkpoints(tmp_path / "checkpoints").save(model).write_bytes(b"")
    with pytest.warns(UserWarning), pytest.raises(RunError, match="all 1 checkpoints"):
        load(tmp_path)


def test_a_checkpoint_of_another_model_is_no_damage(model, tmp_path):
    folder = Checkpoints(tmp_path)
    folder.save(model)
    larger = Pix2Pix(**{**CONFIG, "filters": 6})
    larger.compile()
    with pytest.raises(WeightsError, match="the model wants") as caught:
        folder.restore(larger)
    assert not isinstance(caught.value, DamagedFileError)


# --- weights of a stranger ---


def test_a_preset_loads_and_its_networks_are_those_that_translate(model, preset):
    loaded = load(preset)
    assert np.array_equal(loaded.generator.get_weights()[0], model.generator.get_weights()[0])
    for names, message in [
        ([], "does not name the networks"),
        (None, "does not name the networks"),
        (["discriminator"], "the weights of generator are left out"),
        (["generator", "critic"], "no network 'critic'"),
        ("generator", "`networks` is no list"),
        ([["generator"]], "does not name the networks"),
    ]:
        describe(preset, networks=names)
        with pytest.raises(WeightsError, match=message):
            load(preset)


@pytest.mark.fault("R7")
def test_an_empty_file_of_no_networks_is_no_model(preset):
    exchange_weights(preset, npz({}))
    describe(preset, networks=[])
    with pytest.raises(WeightsError, match="does not name the networks"):
        load(preset)


@pytest.mark.fault("R7")
def test_missing_weights_are_named(preset):
    (preset / "weights.npz").unlink()
    with pytest.raises(WeightsError, match="cannot read .*weights.npz"):
        load(preset)


@pytest.mark.fault("19", "R7")
def test_hostile_arrays_are_refused_by_name(preset):
    good = read_arrays(preset / "weights.npz")
    first = next(iter(good))
    member = zipfile.ZipFile(preset / "weights.npz").read(f"{first}.npy")

    def zipped(*members: tuple[str, bytes]) -> bytes:
        file = io.BytesIO()
        with pytest.MonkeyPatch.context() as patch, zipfile.ZipFile(file, "w") as archive:
            patch.setattr("warnings.warn", lambda *_, **__: None)  # of a name that is there twice
            for name, content in members:
                archive.writestr(name, content)
        return file.getvalue()

    def claims(shape: str) -> bytes:
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header

    huge = np.full_like(good[first], 1e300, dtype=np.float64)
    cases = {
        "not finite in float32": npz({**good, first: huge}),
        "not finite": npz({**good, first: good[first] * np.nan}),
        "is int32, the model wants float32": npz({**good, first: good[first].astype(np.int32)}),
        "is complex|not a plain array": npz({**good, first: good[first].astype(np.complex64)}),
        "missing": npz({k: v for k, v in good.items() if k != first}),
        "unexpected": npz({**good, "more": good[first]}),
        "the model wants \\(4, 4": npz({**good, first: good[first][:1]}),
        "not a plain array": npz({**good, first: np.array([{"code": 1}], dtype=object)}),
        "not in NumPy's format": zipped((f"{first}.npy", b"no array")),
        "says \\(1000, 1000, 1000\\), which is not its size": zipped(
            (f"{first}.npy", claims("(1000, 1000, 1000)"))
        ),
        "not a plain array of numbers": zipped((f"{first}.npy", claims("(__import__('os'),)"))),
        "there twice": zipped((f"{first}.npy", member), (f"{first}.npy", member)),
        "is no array": zipped(("code.py", b"print(1)")),
        "is compressed": npz(good, np.savez_compressed),
        "damaged or not a file of arrays": b"no zip",
    }
    for message, content in cases.items():
        exchange_weights(preset, content)
        with pytest.raises(WeightsError, match=message) as caught:
            load(preset)
        assert "weights.npz" in str(caught.value), message


@pytest.mark.fault("R7", "17")
def test_gigabytes_in_a_small_file_take_no_memory(tmp_path, monkeypatch):
    """Zeros shrink a thousandfold; a well-formed claim is compared before it is read."""
    packed = tmp_path / "packed.npz"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (25000000,), }\n"
        start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
        with archive.open("kernel.npy", "w", force_zip64=True) as member:
            member.write(start)
            for _ in range(100):
                member.write(bytes(1_000_000))
    large = tmp_path / "large.npz"
    write_arrays(large, {"kernel": np.zeros(2_000_000, np.float32)})
    variable = keras.Variable(np.zeros(3, np.float32), name="kernel")

    def no_reading(*_, **__):
        raise AssertionError("an array was read")

    monkeypatch.setattr(zipfile.ZipFile, "read", no_reading)
    with pytest.raises(WeightsError, match="is compressed"):
        read_arrays(packed)

    def pick(headers):
        assert headers["kernel"].shape == (2_000_000,)
        raise WeightsError("does not fit")

    with pytest.raises(WeightsError, match="does not fit"):
        read_arrays(large, pick)
    with pytest.raises(WeightsError, match="the model wants"):
        assign_arrays({"kernel": variable}, {"kernel": np.zeros(2, np.float32)}, source=large)


def test_whole_numbers_that_do_not_fit_are_refused(tmp_path):
    count = keras.Variable(np.int32(0), dtype="int32", name="count")
    with pytest.raises(WeightsError, match="int32 cannot hold"):
        assign_arrays({"count": count}, {"count": np.array(2**40)}, source=tmp_path)
    assign_arrays({"count": count}, {"count": np.array(7)}, source=tmp_path)
    assert int(keras.ops.convert_to_numpy(count)) == 7


def test_values_beyond_float16_are_not_saved_as_it(model):
    kernel = model.generator.trainable_variables[0]
    kept = np.array(kernel)
    kernel.assign(kept * 0 + 1e6)
    with pytest.raises(WeightsError, match="not finite in float16"):
        variables_to_arrays({"kernel": kernel}, dtype="float16")
    kernel.assign(kept)


# --- model.json ---


@pytest.mark.fault("18")
def test_model_json_of_another_form_is_refused(preset):
    whole = (preset / "model.json").read_bytes()
    facts = json.loads(whole)
    for content in [
        b"", b"\x00\xff" * 50, whole[: len(whole) // 2], b"null", b"[]", b"7", b'"pix2pix"',
        b"[" * 100_000, b'{"a":' * 20_000, whole.replace(b"32", b"9" * 5000, 1), b"\xff\xfe{}",
    ]:  # fmt: skip
        (preset / "model.json").write_bytes(content)
        with pytest.raises(WeightsError, match="model.json") as caught:
            load(preset)
        assert len(str(caught.value)) < 1000
    for name, value, message in [
        ("variant", None, "describe a model"),
        ("variant", ["pix2pix"], "`variant` is no text"),
        ("variant", "os.system", "no variant"),
        ("config", [], "`config` is no table"),
        ("weights_sha256", 7, "`weights_sha256` is no text"),
        ("data", "folder", "`data` is no table"),
    ]:
        (preset / "model.json").write_text(json.dumps(facts))
        describe(preset, **{name: value})
        with pytest.raises(WeightsError, match=message):
            load(preset)


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("filters", "64", "filters is 64, and should be int"),
        ("filters", 4.0, "should be int"),
        ("filters", True, "should be int"),
        ("skips", 1, "should be bool"),
        ("l1_weight", 10**400, "should be float"),
        ("l1_weight", float("nan"), "should be float"),
        ("upsampling", {"class_name": "Lambda"}, "should be one of 'transposed'"),
        ("upsampling", "none", "should be one of 'transposed'"),
        ("depth", 2**40, "not within 0 to 4096"),
        ("depth", 30, "does not fit the model"),
        ("filters", -4, "not within"),
        ("filters", 0, "no model can be built"),
        ("crop_size", 0, "not within 1 to 4096"),
        ("self", 1, "unknown arguments"),
        ("kwargs", {}, "unknown arguments"),
        ("module", "os", "unknown arguments"),
    ],
)
@pytest.mark.fault("18")
def test_hostile_arguments_are_refused_with_the_reason(preset, name, value, message):
    facts = json.loads((preset / "model.json").read_text())
    describe(preset, config={**facts["config"], name: value})
    with pytest.raises(WeightsError, match=message) as caught:
        load(preset)
    assert len(str(caught.value)) < 1000


@pytest.mark.fault("18")
def test_mutated_model_json_is_loaded_or_refused(preset, tmp_path):
    """Nothing but a WeightsError comes out, whatever is exchanged at whatever depth."""
    draw = random.Random(0)
    facts = json.loads((preset / "model.json").read_text())
    junk = [None, True, 0, -1, 3, 1e300, "", "pix2pix", "\x00", [], [[]], {}, {"config": {}},
            ["generator"], {"name": []}, "../..", 2**70]  # fmt: skip
    loaded = 0
    for number in range(250):
        mutated = json.loads(json.dumps(facts))
        for _ in range(draw.randint(1, 2)):
            table = mutated if draw.random() < 0.4 else mutated["config"]
            if not isinstance(table, dict) or not table:
                break
            key = draw.choice(list(table))
            if draw.random() < 0.25:
                del table[key]
            else:
                table[draw.choice([key, key, "new"])] = draw.choice(junk)
            if "config" not in mutated:
                break
        text = json.dumps(mutated)
        if number % 4 == 0:
            place = draw.randrange(len(text))
            text = text[:place] + draw.choice('{}[]",:0x') + text[place + draw.randint(0, 2) :]
        folder = tmp_path / "mutated"
        shutil.copytree(preset, folder, dirs_exist_ok=True)
        (folder / "model.json").write_text(text)
        try:
            load(folder)
            loaded += 1
        except WeightsError as error:
            assert len(str(error)) < 1500
    assert 0 < loaded < 100
