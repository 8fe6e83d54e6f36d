"""Generators of latents as files: what is served is what Keras draws, of latents and of seeds."""

import json
import re

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.data.decode.values import ValueRange
from tfi2i.errors import ExportError
from tfi2i.export import read_metadata
from tfi2i.export.drawing_shipping import ship_drawing
from tfi2i.export.runtime import LiteRTRunner
from tfi2i.export.shipping import Wanted
from tfi2i.zoo.generation.dcgan import DCGAN

FORMATS = ("saved_model", "litert", "litert_int8")


def tiny(**changes) -> DCGAN:
    settings = {"filters": 4, "discriminator_filters": 4, "latent_length": 6}
    model = DCGAN(crop_size=16, **{**settings, **changes})
    draw = np.random.default_rng(0)
    for variable in model.generator.trainable_variables:  # images with contrast
        variable.assign(draw.normal(0.0, 0.3, variable.shape).astype(np.float32))
    return model


def wanted(*formats: str, **changes) -> Wanted:
    return Wanted(formats=formats, size=16, metadata={"variant": "dcgan"}, **changes)


@pytest.fixture(scope="module", params=["normal", "uniform"])
def shipped(request, tmp_path_factory):
    model, folder = tiny(latent_prior=request.param), tmp_path_factory.mktemp("shipped")
    reports = ship_drawing(model, folder, wanted(*FORMATS))
    version = folder / "saved_model" / "dcgan-sample" / "1"
    return model, folder, reports["sample"], version


def test_files_and_figures(shipped):
    model, folder, report, version = shipped
    assert [one["kind"] for one in report["artefacts"]] == ["saved_model", "litert", "litert"]
    assert json.loads((folder / "parity.json").read_text()) == {"dcgan-sample": report}
    assert (report["latent_length"], report["latent_prior"]) == (6, model.latent_prior)
    assert report["artefacts"][0]["allowed_max_abs"] == 5e-4
    facts = read_metadata(version)
    assert facts["model"] == {"variant": "dcgan", "direction": "sample"}
    assert facts["export"]["image_shape"] == [16, 16, 3]
    assert facts["export"]["signatures"] == ["serving_default", "serving_png", "serving_seeds"]


def test_served_images_are_those_of_keras(shipped):
    model, folder, _, version = shipped
    latents = model.latents(5, seed=4)
    expected = (np.asarray(model.generator(latents)) + 1.0) * 127.5
    serve = tf.saved_model.load(str(version)).signatures["serving_default"]
    np.testing.assert_allclose(serve(latents=latents)["images"], expected, atol=0.02)
    run = LiteRTRunner((folder / "dcgan-sample-float32.tflite").read_bytes())
    np.testing.assert_allclose((run(latents[:1])[0] + 1.0) * 127.5, expected[0], atol=0.1)


def test_seeds_draw_from_the_prior(shipped):
    model, _, _, version = shipped
    signatures = tf.saved_model.load(str(version)).signatures
    seeds = tf.constant([5, 6, 5, -1], tf.int64)
    images = signatures["serving_seeds"](seeds=seeds)["images"].numpy()
    np.testing.assert_allclose(images[0], images[2], atol=1e-3)
    assert np.abs(images[0] - images[1]).max() > 2
    pngs = signatures["serving_png"](seeds=seeds)["png_bytes"].numpy()
    made = np.stack([tf.io.decode_png(png).numpy() for png in pngs])
    np.testing.assert_array_equal(made, np.rint(images))
    many = signatures["serving_seeds"](seeds=tf.range(400, dtype=tf.int64))["images"].numpy()
    sampled = model.sample(400).astype(np.float32)
    assert many.mean() == pytest.approx(sampled.mean(), abs=4)
    assert many.std() == pytest.approx(sampled.std(), abs=4)


def test_a_request_beyond_the_limit_is_refused(shipped):
    model, _, _, version = shipped
    limit = read_metadata(version)["export"]["max_images"]
    serve = tf.saved_model.load(str(version)).signatures["serving_default"]
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"the limit is {limit}"):
        serve(latents=tf.zeros((limit + 1, 6)))


def test_images_of_16_bits_are_served_as_such(tmp_path):
    model = tiny(channels=1)
    model.value_ranges["a"] = ValueRange("uint16", 0, 4095)
    ship_drawing(model, tmp_path, wanted("saved_model"))
    version = tmp_path / "saved_model" / "dcgan-sample" / "1"
    signatures = tf.saved_model.load(str(version)).signatures
    latents = model.latents(3)
    served = signatures["serving_default"](latents=latents)["images"].numpy()
    assert served.dtype == np.uint16 and 255 < served.max() <= 4095
    assert np.abs(served.astype(int) - model.decode(latents)).max() <= 1
    png = signatures["serving_png"](seeds=tf.constant([2], tf.int64))["png_bytes"].numpy()[0]
    assert tf.io.decode_png(png, dtype=tf.uint16).numpy().max() > 255


def test_the_second_version_and_bfloat16(tmp_path):
    model = tiny()
    ship_drawing(model, tmp_path, wanted("saved_model"))
    ship_drawing(model, tmp_path, wanted("saved_model", precision="bfloat16", required_psnr_db=25))
    names = sorted(path.name for path in (tmp_path / "saved_model" / "dcgan-sample").iterdir())
    assert names == ["1", "2", "README.md"]
    parameters = (
        tmp_path / "saved_model" / "dcgan-sample" / "2" / "batching_params.pbtxt"
    ).read_text()
    most = read_metadata(tmp_path / "saved_model" / "dcgan-sample" / "2")["export"]["max_images"]
    assert dict(re.findall(r"^(\w+) \{ value: (\w+) \}$", parameters, re.MULTILINE)) == {
        "max_batch_size": str(most),
        "enable_large_batch_splitting": "true",
        "max_execution_batch_size": "8",
        "batch_timeout_micros": "1000",
        "max_enqueued_batches": "100",
    }
    reports = json.loads((tmp_path / "parity.json").read_text())["dcgan-sample"]["artefacts"]
    assert [(one["name"], one["precision"]) for one in reports] == [
        ("dcgan-sample/2", "bfloat16"),
        ("dcgan-sample/1", "float32"),
    ]


def test_broken_weights_leave_nothing_behind(tmp_path):
    model = tiny()
    kernel = model.generator.trainable_variables[0]
    kernel.assign(kernel * np.nan)
    with pytest.raises(ExportError, match="are not finite"):
        ship_drawing(model, tmp_path / "shipped", wanted(*FORMATS))
    assert not (tmp_path / "shipped").exists()
