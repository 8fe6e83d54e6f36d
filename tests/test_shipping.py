"""A folder of exports: whole or as it was, a name for each direction, figures of every file."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from tfi2i.errors import ExportError
from tfi2i.export import read_metadata, shipping
from tfi2i.export.shipping import Wanted, ship
from tfi2i.inference.translate import translate_image
from tfi2i.zoo.unpaired.cyclegan import CycleGAN

SIZE = 32
BOTH = ["litert", "litert_int8"]
VISIBLE = ["compose.yaml", "cyclegan-a2b-float32.tflite", "parity.json", "saved_model"]


def noise(*shape, seed=1):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    return CycleGAN(crop_size=SIZE, filters=4, discriminator_filters=4, blocks=1)


def images(*directions):
    return {direction: noise(2, SIZE, SIZE, 3) for direction in directions}


def wanted(*formats, **options):
    return Wanted(formats=formats, size=SIZE, metadata={"variant": "cyclegan"}, **options)


def below(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_each_direction_has_a_name_and_its_figures(model, tmp_path):
    reports = ship(model, tmp_path, images("a2b", "b2a"), wanted("saved_model", "litert"))
    assert list(reports) == ["a2b", "b2a"]
    for direction in reports:
        version = tmp_path / "saved_model" / f"cyclegan-{direction}" / "1"
        assert read_metadata(version)["model"] == {"variant": "cyclegan", "direction": direction}
        assert (tmp_path / f"cyclegan-{direction}-float32.tflite").is_file()
    kept = json.loads((tmp_path / "parity.json").read_text())
    assert kept == {f"cyclegan-{name}": report for name, report in reports.items()}

    # The other direction's files and figures stay, as do those of an earlier version.
    ship(model, tmp_path, images("b2a"), wanted("saved_model"))
    again = json.loads((tmp_path / "parity.json").read_text())
    assert again["cyclegan-a2b"] == kept["cyclegan-a2b"]
    names = [entry["name"] for entry in again["cyclegan-b2a"]["artefacts"]]
    assert names == ["cyclegan-b2a/2", "cyclegan-b2a/1", "cyclegan-b2a-float32.tflite"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "compose.yaml",
        "cyclegan-a2b-float32.tflite",
        "cyclegan-b2a-float32.tflite",
        "parity.json",
        "saved_model",
    ]


def test_what_is_refused_leaves_the_folder_as_it_was(model, tmp_path):
    new = tmp_path / "new" / "folder"
    # Which eight bits never reach, and float32 is not judged by.
    strict = wanted(*BOTH, required_psnr_db=200)
    message = (
        r"cyclegan-a2b, litert_int8: cyclegan-a2b-int8\.tflite does not agree .*PSNR.*"
        r"--accept-psnr \d+ accepts it.*Nothing was written.*--formats litert leaves it out"
    )
    with pytest.raises(ExportError, match=message):
        ship(model, new, images("a2b"), strict)
    assert not new.parent.exists()

    old = tmp_path / "old"
    ship(model, old, images("a2b"), wanted("litert"))
    before = below(old)
    with pytest.raises(ExportError, match="litert_int8"):
        ship(model, old, images("a2b", "b2a"), strict)
    assert below(old) == before
    accepted = wanted(*BOTH, required_psnr_db=1)
    report = ship(model, old, images("a2b"), accepted)["a2b"]
    assert report["artefacts"][1]["required_psnr_db"] == 1


@pytest.mark.fault("R2")
def test_weights_that_are_not_finite_are_refused_before_anything_is_made(model, tmp_path):
    kernel = model.translator("b2a").trainable_variables[0]
    values = kernel.numpy()
    values.flat[3] = np.inf
    kernel.assign(values)
    with pytest.raises(ExportError, match=r"1 of the \d+ weights '.+' are not finite"):
        ship(model, tmp_path / "out", images("a2b", "b2a"), wanted("saved_model"))
    assert not (tmp_path / "out").exists()


@pytest.mark.fault("23", "R2")
def test_until_all_is_compared_nothing_is_where_a_server_looks(model, tmp_path, monkeypatch):
    seen = []
    compare = shipping.litert_entry

    def looking(*arguments):
        seen.extend(path.name for path in tmp_path.iterdir())
        return compare(*arguments)

    monkeypatch.setattr(shipping, "litert_entry", looking)
    ship(model, tmp_path, images("a2b"), wanted("saved_model", "litert"))
    # What a process that is killed there leaves behind.
    assert len(seen) == 1 and seen[0].startswith(".partial-")
    assert sorted(path.name for path in tmp_path.iterdir()) == VISIBLE


@pytest.mark.fault("R14", "23")
def test_the_next_export_removes_what_killed_ones_left(model, tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    own = f".partial-{os.getpid()}-b"
    for name in (f".partial-{dead.pid}-a", own, f".partial-{os.getppid()}-c", ".partial-uuid"):
        (tmp_path / name / "saved_model").mkdir(parents=True)
    ship(model, tmp_path, images("a2b"), wanted("litert"))
    left = sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("."))
    assert left == [f".partial-{os.getppid()}-c"]


def test_a_served_image_of_any_size_is_the_one_that_translate_makes(model, tmp_path):
    import tensorflow as tf

    report = ship(model, tmp_path, images("a2b"), wanted("saved_model", precision="float32"))
    (entry,) = report["a2b"]["artefacts"]
    sizes = [one["size"] for one in entry["sizes"]]
    assert sizes == [[SIZE, SIZE], [256, 256], [300, 401]]
    assert all(one["max_abs"] <= 1e-4 for one in entry["sizes"])
    served = tf.saved_model.load(str(tmp_path / "saved_model" / "cyclegan-a2b" / "1"))
    for size in [*sizes, (5, 3)]:
        image = noise(*size, 3)
        png = tf.io.encode_png(image)[tf.newaxis]
        answer = served.signatures["serving_bytes"](encoded=png)["png_bytes"][0]
        whole = translate_image(model.translator("a2b"), image)
        difference = tf.io.decode_png(answer).numpy().astype(int) - whole
        assert np.abs(difference).max() <= 1, size


def test_a_size_that_is_too_large_for_the_limit_is_said(model, tmp_path):
    with pytest.raises(ExportError, match=r"up to 1000 pixels, .* 32 x 32"):
        ship(model, tmp_path, images("a2b"), wanted("saved_model", max_pixels=1000))
    report = ship(model, tmp_path, images("a2b"), wanted("saved_model", max_pixels=2000))["a2b"]
    assert [one["size"] for one in report["artefacts"][0]["sizes"]] == [[SIZE, SIZE]]


def test_a_report_of_another_kind_is_not_overwritten(model, tmp_path):
    for text in ("not json", '{"artefacts": [], "images": 4}', "[]"):
        (tmp_path / "parity.json").write_text(text)
        with pytest.raises(ExportError, match=r"parity\.json is no report.* move it away"):
            ship(model, tmp_path, images("a2b"), wanted("litert"))
        assert (tmp_path / "parity.json").read_text() == text
