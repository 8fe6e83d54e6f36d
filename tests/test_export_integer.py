"""LiteRT files of eight bits: pixels in, pixels out, and what stays in float32 between."""

import json
import struct
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i import layers
from tfi2i.data.decode.values import ValueRange
from tfi2i.errors import ExportError, MissingExtraError
from tfi2i.export import export_litert
from tfi2i.export.delegates import left_to_processor
from tfi2i.export.drawing_shipping import ship_drawing
from tfi2i.export.litert import converted
from tfi2i.export.litert_metadata import read_litert_metadata
from tfi2i.export.runtime import LiteRTRunner, inspect_litert, litert_schema, parsed_litert
from tfi2i.export.shipping import Wanted, ship
from tfi2i.zoo.generation.acgan import ACGAN
from tfi2i.zoo.paired.pix2pix import Pix2Pix

SIZE = (16, 24)
LICENCE = {"data_licence": "CC0-1.0"}


def noise(*shape, low=0, high=256, seed=1):
    return np.random.default_rng(seed).integers(low, high, shape, dtype=np.uint8)


def shifting(gain, offset):
    """A pixel x of [-1, 1] becomes gain * x + offset: what files make of it is known by hand."""
    images = keras.Input((None, None, 1))
    convolution = keras.layers.Conv2D(1, 3, padding="same")
    model = keras.Model(images, convolution(images), name="shifting")
    kernel = np.zeros((3, 3, 1, 1), np.float32)
    kernel[1, 1] = gain
    convolution.set_weights([kernel, np.array([offset], np.float32)])
    model.size_multiple = 1
    return model


def all_levels():
    return np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


def test_bytes_are_pixels_on_both_sides(tmp_path):
    path = export_litert(
        shifting(0.5, 0.25), tmp_path / "g.tflite", image_size=(16, 16), precision="uint8",
        images=all_levels(),
    )  # fmt: skip
    graph = parsed_litert(path.read_bytes()).subgraphs[0]
    for index in (*graph.inputs, *graph.outputs):
        tensor = graph.tensors[index]
        assert tensor.type == litert_schema().TensorType.UINT8
        assert (list(tensor.quantization.scale), list(tensor.quantization.zeroPoint)) == ([1], [0])
    made = LiteRTRunner(path.read_bytes())(all_levels()).astype(float)
    expected = 127.5 * (0.5 * (all_levels() / 127.5 - 1) + 0.25 + 1)
    # Half a level from the step of what goes into the convolution, half from what comes out.
    np.testing.assert_allclose(made, expected, atol=1.01)


def test_products_are_integers_and_moments_stay_floats(tmp_path):
    keras.utils.set_random_seed(0)
    images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 4, strides=2, padding="same", use_bias=False)(images)
    x = keras.layers.LeakyReLU()(layers.InstanceNormalization()(x))
    x = keras.layers.Conv2DTranspose(8, 4, strides=2, padding="same")(x)
    x = keras.layers.Concatenate()([x, images])
    made = keras.layers.Conv2D(3, 3, padding="same", activation="tanh")(x)
    generator = keras.Model(images, made, name="generator")
    generator.size_multiple = 2
    path = export_litert(
        generator, tmp_path / "g.tflite", image_size=SIZE, precision="uint8",
        images=noise(4, *SIZE, 3), calibration=noise(8, *SIZE, 3, seed=2), required_psnr_db=38,
    )  # fmt: skip
    contents = inspect_litert(path.read_bytes())
    assert (contents.precision, contents.custom_operators) == ("uint8", ())
    parsed, schema = parsed_litert(path.read_bytes()), litert_schema()
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    tensors = parsed.subgraphs[0].tensors
    made_in = {}
    for operator in parsed.subgraphs[0].operators:
        name = names[parsed.operatorCodes[operator.opcodeIndex].builtinCode]
        made_in.setdefault(name, set()).add(tensors[operator.outputs[0]].type)
    assert made_in["CONV_2D"] == made_in["TRANSPOSE_CONV"] == {schema.TensorType.INT8}
    for name in ("MEAN", "RSQRT", "CONCATENATION", "TANH"):
        assert made_in[name] == {schema.TensorType.FLOAT32}
    # One scale for each output channel of a kernel.
    kernels = [one for one in tensors if one.type == schema.TensorType.INT8 and len(one.shape) == 4]
    assert {len(one.quantization.scale) for one in kernels} >= {3, 8}


def test_scales_are_those_of_the_calibration_images(tmp_path):
    bright = {"images": noise(2, *SIZE, 1, low=200), "image_size": SIZE, "precision": "uint8"}
    path = tmp_path / "g.tflite"
    with pytest.raises(ExportError, match=r"PSNR .* at least 30 dB .*--accept-psnr"):
        export_litert(shifting(1, 0), path, calibration=noise(4, *SIZE, 1, high=100), **bright)
    assert not path.exists()
    export_litert(shifting(1, 0), path, calibration=noise(4, *SIZE, 1), **bright)


def test_deeper_pixels_are_refused(tmp_path):
    deep = ValueRange("uint16", 0, 4095)
    with pytest.raises(ExportError, match=r"hold pixels of 0\.\.255.*4095.*--formats litert"):
        export_litert(
            shifting(1, 0), tmp_path / "g.tflite", image_size=(16, 16), precision="uint8",
            images=all_levels().astype(np.uint16), value_ranges=(deep, deep),
        )  # fmt: skip
    assert not list(tmp_path.iterdir())


@pytest.mark.fault("28")
def test_a_missing_quantizer_names_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_quantizer", None)
    with pytest.raises(MissingExtraError, match=r"ai-edge-quantizer.*tfi2i\[phones\]"):
        export_litert(shifting(1, 0), tmp_path / "g.tflite", image_size=(16, 16), precision="uint8")


def test_a_translators_files_say_what_they_take(tmp_path):
    model = Pix2Pix(crop_size=16, depth=2, filters=4, discriminator_filters=4, receptive_field=16)
    wanted = Wanted(
        ("litert", "litert_uint8"), SIZE, {"variant": "pix2pix", **LICENCE},
        required_psnr_db=20, calibration={"a2b": noise(8, *SIZE, 3, seed=2)},
        targets={"a2b": noise(2, *SIZE, 3, seed=3)},
    )  # fmt: skip
    images = noise(2, *SIZE, 3)
    report = ship(model, tmp_path, {"a2b": images}, wanted)["a2b"]
    # The task's own figures, before and after.
    made = (np.asarray(model.generator(images / 127.5 - 1.0)) + 1) * 127.5
    distance = np.abs(np.rint(made) - wanted.targets["a2b"]).mean() / 127.5
    assert report["keras"]["task"]["l1"] == pytest.approx(distance, abs=1e-4)
    assert [entry["task"]["l1"] for entry in report["artefacts"]] == [
        pytest.approx(distance, abs=tolerance) for tolerance in (1e-4, 0.02)
    ]
    assert report["artefacts"][1]["task"] != report["keras"]["task"]
    for entry, words in zip(report["artefacts"], ("float32: -1 is", "uint8 pixels"), strict=True):
        found = read_litert_metadata(tmp_path / entry["name"])
        assert entry["metadata"] == found
        assert by_hand((tmp_path / entry["name"]).read_bytes()) == found
        assert found["model"] == {
            "variant": "pix2pix", "direction": "a2b", "scale": 1.0, **LICENCE
        }  # fmt: skip
        export = found["export"]
        assert export["image_size"] == [16, 24] and "of this size alone" in export["size_rule"]
        assert export["channels"] == {"input": 3, "output": 3}
        assert export["layout"].startswith("NHWC: (1, height, width, channels)")
        assert export["images"].startswith(words)
        assert export["value_ranges"]["input"] == {"dtype": "uint8", "low": 0, "high": 255}
        left = entry["left_to_processor"]
        assert left["gpu"]["operators"] == {}
        assert left["nnapi"]["operators"] == {"SQUARED_DIFFERENCE": 1}
        assert left["edge_tpu"]["operators"]["CONV_2D"] > 0  # They take no floats at all.
    other = tmp_path / "other.tflite"
    other.write_bytes((tmp_path / entry["name"]).read_bytes().replace(b"tfi2i.json", b"other.json"))
    with pytest.raises(ExportError, match="no metadata 'tfi2i.json'"):
        read_litert_metadata(other)


def by_hand(content):
    """The metadata as the apps in docs/phones read it: by places in the file, without a schema."""

    def number(place):
        return struct.unpack_from("<i", content, place)[0]

    def pointed(place):
        return place + number(place)

    def field(table, index):
        fields = table - number(table)
        return table + struct.unpack_from("<H", content, fields + 4 + 2 * index)[0]

    def elements(place):
        vector = pointed(place)
        return [pointed(vector + 4 + 4 * index) for index in range(number(vector))]

    def text(place):
        vector = pointed(place)
        return content[vector + 4 : vector + 4 + number(vector)].decode()

    model = pointed(0)
    entry = next(e for e in elements(field(model, 6)) if text(field(e, 0)) == "tfi2i.json")
    buffer = elements(field(model, 4))[number(field(entry, 1))]
    return json.loads(text(field(buffer, 0)))


def test_a_generators_file_draws_pixels_and_names_its_classes(tmp_path):
    model = ACGAN(
        classes=("cat", "dog"), crop_size=16, filters=4, discriminator_filters=4,
        latent_length=6,
    )  # fmt: skip
    wanted = Wanted(("litert_uint8",), 16, {"variant": "acgan"}, required_psnr_db=20)
    report = ship_drawing(model, tmp_path, wanted)["sample"]
    path = tmp_path / "acgan-sample-uint8.tflite"
    export = read_litert_metadata(path)["export"]
    assert report["artefacts"][0]["metadata"]["export"] == export
    assert (export["latent_length"], export["classes"]) == (6, ["cat", "dog"])
    latents, labels = model.latents(1), np.array([1], np.int64)
    made = LiteRTRunner(path.read_bytes()).named(latents=latents, labels=labels)
    assert made.dtype == np.uint8 and made.shape == (1, 16, 16, 3)


def test_operators_that_delegates_do_not_know_are_counted():
    """Of a graph whose operators are known: each list is asked for what it says of them."""

    def computed(images):
        best = tf.math.top_k(images, 1).values
        spread = tf.math.squared_difference(images, best)
        return {"images": spread + tf.math.rsqrt(images)}

    spec = tf.TensorSpec((1, 4, 4, 3), tf.float32, name="images")
    signature = tf.function(computed).get_concrete_function(images=spec)
    model = converted(keras.Sequential(), {"serving_default": signature}, "float32")
    assert left_to_processor(model) == {
        "gpu": {"TOPK_V2": 1},
        "nnapi": {"SQUARED_DIFFERENCE": 1, "TOPK_V2": 1},
        "edge_tpu": {"ADD": 1, "RSQRT": 1, "SQUARED_DIFFERENCE": 1, "TOPK_V2": 1},
    }
