"""Loading is never executing: by the source, and by files that mean harm."""

import ast
import io
import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

import tfi2i
from tfi2i.errors import Tfi2iError, WeightsError
from tfi2i.importing import import_weights
from tfi2i.package_files import file_sha256
from tfi2i.recipe import load_recipe
from tfi2i.training import save_model
from tfi2i.zoo.paired.pix2pix import Pix2Pix

ROOT = Path(__file__).parents[2]
CONFIG: dict[str, Any] = {"crop_size": 32, "filters": 2, "discriminator_filters": 2, "depth": 2}

# What runs code of its argument, and the files that may call it nevertheless, each for a reason.
EXECUTES = {
    "eval": (),
    "exec": (),
    "__import__": (),
    "os.system": (),
    "os.popen": (),
    "runpy.run_path": (),
    "pickle.load": (),
    "pickle.loads": (),
    "marshal.loads": (),
    "keras.models.load_model": (),
    "keras.saving.load_model": (),
    "keras.models.model_from_json": (),
    "keras.config.enable_unsafe_deserialization": (),
    "keras.layers.TFSMLayer": (),
    "tf.keras.models.load_model": (),
    "yaml.unsafe_load": (),
    "yaml.full_load": (),
    # The names are those of folders and of constants in the package.
    "importlib.import_module": ("tfi2i/lazy.py", "zoo/catalogue.py"),
    # What Keras has just described, of a layer that is there.
    "keras.saving.deserialize_keras_object": ("tfi2i/layers/spectral.py",),
    # With a loader that is stricter than the safe one.
    "yaml.load": ("tfi2i/recipe_text.py",),
    # What the same call has just written.
    "tf.saved_model.load": (
        "export/beside_keras.py",
        "export/drawing_beside_keras.py",
        "export/plain_beside_keras.py",
    ),
}
# What is there to run code, or to listen; and who needs it.
MODULES = {
    "pickletools": ("tfi2i/torch_files/pickles.py",),  # which reads and calls nothing
    "pickle": ("tfi2i/torch_files/pickles.py", "tfi2i/torch_files/reading.py"),  # see below
    "subprocess": ("tfi2i/evidence/results.py", "tfi2i/evidence/trial.py", "export/web/runtime.py"),
    **dict.fromkeys(("marshal", "shelve", "dill", "cloudpickle", "joblib", "code", "runpy"), ()),
    **dict.fromkeys(("socketserver", "http.server", "xmlrpc", "multiprocessing.managers"), ()),
}


def calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return names


@pytest.mark.fault("18")
@pytest.mark.parametrize("room", ["tfi2i", "zoo", "export"])
def test_no_path_of_the_package_runs_what_it_reads(room):
    seen = set()
    for path in (ROOT / room).rglob("*.py"):
        name, tree = path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))
        for call in calls(tree):
            called = ast.unparse(call.func)
            if called in EXECUTES:
                seen.add(called)
                assert name in EXECUTES[called], f"{name}:{call.lineno} calls {called}"
            # Whatever an alias is called by.
            assert not called.endswith((".load_model", ".model_from_json", ".unsafe_load")), name
            for keyword in call.keywords:
                value = ast.unparse(keyword.value)
                assert (keyword.arg, value) not in (
                    ("allow_pickle", "True"), ("shell", "True"), ("safe_mode", "False"),
                ), f"{name}:{call.lineno}"  # fmt: skip
        for module in imported(tree):
            top = next((one for one in MODULES if f"{module}.".startswith(f"{one}.")), None)
            assert top is None or name in MODULES[top], f"{name} imports {module}"
            assert module not in ("keras.models.load_model", "keras.saving.load_model"), name
    assert room != "export" or "tf.saved_model.load" in seen, "calls are looked at"


@pytest.mark.fault("18")
def test_pickles_are_read_by_an_unpickler_that_finds_eight_names():
    from tfi2i.torch_files import pickles

    assert len(pickles._ALLOWED) == 8
    for name in ("tfi2i/torch_files/pickles.py", "tfi2i/torch_files/reading.py"):
        tree = ast.parse((ROOT / name).read_text("utf-8"))
        used = {ast.unparse(one) for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
        used = {one for one in used if one.startswith("pickle.")}
        assert used <= {"pickle.Unpickler", "pickle.UnpicklingError"}, used


# --- files that mean harm ---


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, trace: Path):
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch '{self.trace}'",)


def keras_archive(path: Path, trace: Path) -> None:
    """What `keras.models.load_model` would run: a Lambda, and a class by the name of its module."""
    harm = {"class_name": "function", "config": "system", "module": "os", "registered_name": "os"}
    layers = [{"class_name": "Lambda", "module": "keras.layers", "config": {"function": harm}}]
    config = {"class_name": "Sequential", "module": "keras", "config": {"layers": layers}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": keras.__version__}))
        archive.writestr("model.weights.h5", pickle.dumps(Touch(trace)))


@pytest.fixture
def saved(tmp_path) -> Path:
    model = Pix2Pix(**CONFIG)
    return save_model(model, tmp_path / "saved", networks=[model.generator])


@pytest.mark.fault("18", "17")
def test_files_of_keras_are_refused_by_every_door(saved, tmp_path):
    trace = tmp_path / "trace"
    archive = tmp_path / "model.keras"
    keras_archive(archive, trace)
    (tmp_path / "model.h5").write_bytes(pickle.dumps(Touch(trace)))
    for file in (archive, tmp_path / "model.h5"):
        for load in (tfi2i.load, tfi2i.from_preset, Pix2Pix.load, Pix2Pix.from_preset):
            with pytest.raises(WeightsError, match="is a file, and a model is a folder") as told:
                load(str(file))
            assert file.name in str(told.value) and "\n" not in str(told.value)
        with pytest.raises(Tfi2iError, match=file.name):
            import_weights([file], "pix2pix", tmp_path / "out")
    # In the place of a saved model's weights, under their checksum.
    facts = json.loads((saved / "model.json").read_text())
    for content in (archive.read_bytes(), pickle.dumps(Touch(trace))):
        (saved / "weights.npz").write_bytes(content)
        facts["weights_sha256"] = file_sha256(saved / "weights.npz")
        (saved / "model.json").write_text(json.dumps(facts))
        with pytest.raises(WeightsError, match="weights.npz"):
            tfi2i.load(saved)
    assert not trace.exists() and not (tmp_path / "out").exists()


@pytest.mark.fault("18")
def test_pickled_arrays_and_recipes_with_tags_run_nothing(saved, tmp_path):
    trace = tmp_path / "trace"
    file = io.BytesIO()
    np.savez(file, kernel=np.array([Touch(trace)], dtype=object))
    (saved / "weights.npz").write_bytes(file.getvalue())
    facts = json.loads((saved / "model.json").read_text())
    facts["weights_sha256"] = file_sha256(saved / "weights.npz")
    (saved / "model.json").write_text(json.dumps(facts))
    with pytest.raises(WeightsError, match="not a plain array of numbers"):
        tfi2i.load(saved)
    np.save(tmp_path / "picture.npy", np.array([Touch(trace)], dtype=object), allow_pickle=True)
    from tfi2i.data.decode.deep import read_pixels
    from tfi2i.data.decode.header import read_header

    for read in (read_header, read_pixels):
        with pytest.raises(Tfi2iError, match="picture.npy"):
            read(tmp_path / "picture.npy")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"variant: !!python/object/apply:os.system [\"touch '{trace}'\"]\n")
    with pytest.raises(Tfi2iError, match="tags are refused"):
        load_recipe(recipe)
    assert not trace.exists()


@pytest.mark.fault("18", "19")
def test_hdf5_that_reads_other_files_or_claims_gigabytes_is_refused(tmp_path):
    model = Pix2Pix(**CONFIG)
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    with h5py.File(path) as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
        arrays = {name: np.asarray(file[name]) for name in names}
    first = next(iter(arrays))
    shape, secret = arrays[first].shape, tmp_path / "secret"
    secret.write_bytes(bytes(arrays[first].nbytes))

    def written(put) -> None:
        with h5py.File(path, "w") as file:
            for name in names[1:]:
                file[name] = arrays[name]
            put(file)

    def virtual(file) -> None:
        layout = h5py.VirtualLayout(shape, np.float32)
        layout[...] = h5py.VirtualSource(str(secret), "x", shape)
        file.create_virtual_dataset(first, layout)

    external = [(str(secret), 0, h5py.h5f.UNLIMITED)]
    huge = (1 << 20, 1 << 20)
    for put, words in {
        lambda file: file.create_dataset(first, shape, "f4", external=external): "another file",
        virtual: "another file",
        lambda file: file.create_dataset(first, huge, "f4"): "has not the bytes of its shape",
        lambda file: file.create_dataset(
            first, huge, "f4", chunks=True, compression=9
        ): "in chunks",
        lambda file: file.create_dataset(first, shape, h5py.string_dtype()): "no array of numbers",
        lambda file: file.__setitem__(first, h5py.ExternalLink(str(secret), "x")): "missing",
        lambda file: file.__setitem__(first, arrays[first] * np.nan): "not finite",
        lambda file: file.__setitem__(first, arrays[first][..., :1]): "the model wants",
    }.items():
        written(put)
        with pytest.raises(WeightsError, match=words) as told:
            Pix2Pix(**CONFIG).load_weights(path)
        assert "m.weights.h5" in str(told.value)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(WeightsError, match="damaged or no HDF5 file"):
        Pix2Pix(**CONFIG).load_weights(path)
