"""The parity report: measured differences, sizes, latencies; errors that name the artefact."""

import json
import math

import keras
import numpy as np
import pytest

from tfi2i import layers
from tfi2i.data import to_float
from tfi2i.errors import ExportError
from tfi2i.export import export_litert, export_saved_model, parity_report, parity_table
from tfi2i.export.agreement import Tolerance, checked_agreement
from tfi2i.export.runtime import LiteRTRunner
from tfi2i.networks import resnet, unet

SIZE = (16, 24)


def make_generator(seed=0, **dropout):
    keras.utils.set_random_seed(seed)
    images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 4, strides=2, padding="same", name="down")(images)
    x = layers.InstanceNormalization(name="norm")(x)
    x = layers.Dropout(0.5, seed=1, name="dropout", **dropout)(x)
    x = keras.layers.Conv2DTranspose(3, 4, strides=2, padding="same", name="up")(x)
    generator = keras.Model(images, keras.layers.Activation("tanh")(x), name="generator")
    generator.size_multiple = 2
    return generator


def noise(*shape):
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def generator():
    return make_generator()


@pytest.fixture(scope="module")
def exported(generator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    return {
        "saved_model": export_saved_model(generator, folder / "saved_model", metadata={}),
        "float32": export_litert(generator, folder / "float32.tflite", image_size=SIZE),
        "float16": export_litert(
            generator, folder / "float16.tflite", image_size=SIZE, precision="float16"
        ),
    }


@pytest.fixture(scope="module")
def report(generator, exported):
    return parity_report(
        generator,
        noise(3, *SIZE, 3),
        saved_model=exported["saved_model"],
        litert=[exported["float32"], exported["float16"]],
    )


def test_the_report_holds_every_artefact(report, exported):
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert (report["images"], report["image_size"]) == (3, [16, 24])
    assert report["keras"]["latency_ms"] > 0
    names = [entry["name"] for entry in report["artefacts"]]
    assert names == ["saved_model/1", "float32.tflite", "float16.tflite"]
    saved_model, float32, float16 = report["artefacts"]
    assert saved_model["png_levels"] == 0
    assert [entry["precision"] for entry in report["artefacts"]] == ["float32"] * 2 + ["float16"]
    assert float32["size_bytes"] == exported["float32"].stat().st_size
    assert saved_model["size_bytes"] > (exported["saved_model"] / "saved_model.pb").stat().st_size
    for entry in report["artefacts"]:
        assert 0 < entry["mean_abs"] <= entry["max_abs"] <= entry["allowed_max_abs"]
        assert entry["latency_ms"] > 0
    assert float16["max_abs"] > 10 * float32["max_abs"]
    assert float16["psnr_db"] > 50


def test_the_figures_are_those_of_the_outputs(generator, exported, report):
    runner = LiteRTRunner(exported["float16"].read_bytes())
    images = to_float(noise(3, *SIZE, 3))
    results = np.concatenate([runner(image[None]) for image in images])
    difference = results - generator(images, training=False).numpy()
    entry = report["artefacts"][2]
    assert entry["max_abs"] == pytest.approx(np.abs(difference).max(), rel=1e-2)
    assert entry["mean_abs"] == pytest.approx(np.abs(difference).mean(), rel=1e-2)
    psnr = 20 * math.log10(2 / np.sqrt(np.mean(difference**2)))
    assert entry["psnr_db"] == pytest.approx(psnr, abs=0.1)


def test_the_table_has_a_line_for_each(report):
    lines = parity_table(report).splitlines()
    assert [line.split()[0] for line in lines[1:5]] == [
        "Keras",
        "saved_model/1",
        "float32.tflite",
        "float16.tflite",
    ]
    assert lines[5] == "3 images of 24 x 16; differences on the [-1, 1] scale"
    assert "2e-02" in lines[4]


def test_sizes_that_need_padding_are_compared_too(generator, exported):
    images = noise(2, 7, 9, 3)
    (entry,) = parity_report(generator, images, saved_model=exported["saved_model"])["artefacts"]
    assert entry["max_abs"] <= 1e-5


@pytest.mark.fault("26")
def test_a_file_of_other_weights_is_named_with_its_figure(exported):
    other = make_generator(seed=3)
    with pytest.raises(ExportError, match=r"float32.tflite does not agree .* difference \d"):
        parity_report(other, noise(1, *SIZE, 3), litert=[exported["float32"]])
    with pytest.raises(ExportError, match=r"saved_model/1 does not agree .* allowed 0.0005"):
        parity_report(other, noise(1, *SIZE, 3), saved_model=exported["saved_model"])


@pytest.mark.fault("26")
def test_values_that_are_not_finite_never_pass():
    reference = np.zeros((1, 2, 2, 1), np.float32)
    broken = np.full((1, 2, 2, 1), np.nan, np.float32)
    with pytest.raises(ExportError, match="x.tflite returns 4 of 4 values that are not finite"):
        checked_agreement("x.tflite", [reference], [broken], Tolerance(1.0))
    with pytest.raises(ExportError, match="x.tflite: Keras itself returns 4 of 4 values"):
        checked_agreement("x.tflite", [broken], [reference], Tolerance(1.0))
    assert checked_agreement("x.tflite", [reference], [reference], Tolerance(0.0)).psnr_db is None


def test_what_computes_in_less_than_float32_is_judged_by_its_noise():
    reference = np.zeros((1, 10, 10, 1), np.float32)
    # Peak 2 and noise 0.02 are 40 dB.
    close, far = (np.full_like(reference, value) for value in (0.0199, 0.0201))
    assert checked_agreement("x", [reference], [close], Tolerance(psnr_db=40)).max_abs < 0.02
    with pytest.raises(ExportError, match=r"x does not agree.*PSNR 40.0 dB, at least 40 dB"):
        checked_agreement("x", [reference], [far], Tolerance(psnr_db=40))


@pytest.mark.fault("27")
def test_dropout_at_test_time_is_kept_and_agrees(tmp_path):
    generator = make_generator(at_inference=True)
    images = noise(2, *SIZE, 3)
    plain = make_generator()
    plain.set_weights(generator.get_weights())
    kept, dropped = (model(to_float(images), training=False) for model in (generator, plain))
    assert np.abs(kept - dropped).max() > 0.1
    report = parity_report(
        generator,
        images,
        saved_model=export_saved_model(generator, tmp_path, metadata={}),
        litert=[export_litert(generator, tmp_path / "g.tflite", image_size=SIZE)],
    )
    assert all(entry["max_abs"] < 1e-5 for entry in report["artefacts"])
    assert report["notes"] == [
        "Dropout stays on at test time, as in Keras: one fixed mask for every image size, "
        "in dropout."
    ]
    assert report["notes"][0] in parity_table(report)


NETWORKS = {
    "unet": lambda: unet(
        depth=3, filters=4, dropout_at_inference=True, statistics_at_inference="image"
    ),
    "unet, attention": lambda: unet(
        depth=3, filters=4, norm="instance", attention_at=(2,), spectral=True
    ),
    "resnet": lambda: resnet(blocks=1, filters=4, attention=True, spectral=True),
}


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_ships_and_agrees(network, policy, tmp_path):
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        generator = NETWORKS[network]()
    finally:
        keras.config.set_dtype_policy(previous)
    saved_model = export_saved_model(generator, tmp_path / "model", metadata={})
    litert = export_litert(generator, tmp_path / "g.tflite", image_size=(16, 16))
    images = noise(2, 16, 16, 3)
    report = parity_report(generator, images, saved_model=saved_model, litert=[litert])
    assert [entry["max_abs"] < 2e-5 for entry in report["artefacts"]] == [True, True]
    assert ("exported in float32" in parity_table(report)) == (policy == "mixed_bfloat16")
    # Smaller than the 8 pixels that each of them needs, and not a multiple of anything.
    tiny = noise(1, 3, 5, 3)
    (entry,) = parity_report(generator, tiny, saved_model=saved_model)["artefacts"]
    assert entry["max_abs"] < 2e-5


def test_inputs_that_do_not_fit_are_refused(generator, exported, tmp_path):
    litert = [exported["float32"]]
    with pytest.raises(ExportError, match=r"takes images of shape \(16, 24, 3\)"):
        parity_report(generator, noise(1, 8, 8, 3), litert=litert)
    with pytest.raises(ExportError, match="uint8 images"):
        parity_report(generator, noise(1, *SIZE, 3).astype(np.float32), litert=litert)
    with pytest.raises(ExportError, match="uint8 images"):
        parity_report(generator, noise(0, *SIZE, 3), litert=litert)
    with pytest.raises(ExportError, match=r"g\.tflite does not exist"):
        parity_report(generator, noise(1, *SIZE, 3), litert=[tmp_path / "g.tflite"])
    with pytest.raises(ExportError, match="version folder"):
        parity_report(generator, noise(1, *SIZE, 3), saved_model=exported["saved_model"].parent)
