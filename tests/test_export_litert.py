"""LiteRT files: builtin operators only, as Keras computes, never a wrong file left behind."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i import layers
from tfi2i.data import to_float, to_uint8
from tfi2i.errors import ExportError, MissingExtraError
from tfi2i.export import export_litert
from tfi2i.export.runtime import LiteRTRunner, inspect_litert
from tfi2i.inference.translate import translate_image

SIZE = (16, 24)


def make_generator(*middle):
    """A stride-2 encoder and decoder around the given layers, weights away from their start."""
    keras.utils.set_random_seed(0)
    images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 4, strides=2, padding="same", name="down")(images)
    for layer in middle:
        x = layer(x)
    x = keras.layers.Conv2DTranspose(3, 4, strides=2, padding="same", name="up")(x)
    generator = keras.Model(images, keras.layers.Activation("tanh")(x), name="generator")
    generator.size_multiple = 2
    random = np.random.default_rng(2)
    for variable in generator.variables:
        if variable.dtype == "float32" and "moving_variance" not in variable.path:
            variable.assign(variable + random.normal(0, 0.1, variable.shape))
    return generator


def noise(*shape):
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


class Bessel(keras.layers.Layer):
    """An operator that LiteRT has not built in."""

    def call(self, inputs):
        return tf.math.special.bessel_j0(inputs)


class FreshNoise(keras.layers.Layer):
    """Draws anew at every call."""

    def call(self, inputs):
        return inputs + tf.random.normal(tf.shape(inputs))


MIDDLES = {
    "instance norm": lambda: [layers.InstanceNormalization()],
    "batch norm, moving": lambda: [layers.BatchNormalization()],
    "batch norm, image": lambda: [layers.BatchNormalization(statistics_at_inference="image")],
    "spectral norm": lambda: [
        layers.SpectralNormalization(keras.layers.Conv2D(8, 3, padding="same")),
        layers.SpectralNormalization(keras.layers.Conv2DTranspose(8, 3, padding="same")),
    ],
    "self-attention": lambda: [layers.SelfAttention(reduction=4, spectral=True)],
    "reflection padding": lambda: [layers.ReflectionPadding2D(1), keras.layers.Conv2D(8, 3)],
    "dropout at inference": lambda: [
        layers.Dropout(0.5, at_inference=True),
        keras.layers.Conv2D(8, 3, padding="same"),
        layers.Dropout(0.5, at_inference=True),
    ],
}


@pytest.mark.parametrize("middle", MIDDLES)
def test_every_layer_converts_and_agrees_with_keras(middle, tmp_path):
    generator = make_generator(*MIDDLES[middle]())
    path = export_litert(generator, tmp_path / "new" / "generator.tflite", image_size=SIZE)
    contents = inspect_litert(path.read_bytes())
    assert contents.custom_operators == ()
    assert contents.highest_rank <= 4
    assert contents.precision == "float32"
    assert "TRANSPOSE_CONV" in contents.operators
    runner = LiteRTRunner(path.read_bytes())
    assert runner.input_shape == (1, *SIZE, 3)
    for image in to_float(noise(2, *SIZE, 3)):
        expected = generator(image[None], training=False).numpy()
        np.testing.assert_allclose(runner(image[None]), expected, atol=1e-5)


def test_float16_halves_the_file_and_stays_close(tmp_path):
    generator = make_generator(keras.layers.Conv2D(96, 3, padding="same"))
    full = export_litert(generator, tmp_path / "full.tflite", image_size=SIZE)
    half = export_litert(generator, tmp_path / "half.tflite", image_size=SIZE, precision="float16")
    assert half.stat().st_size < 0.65 * full.stat().st_size
    assert inspect_litert(half.read_bytes()).precision == "float16"
    image = to_float(noise(1, *SIZE, 3))
    expected = generator(image, training=False).numpy()
    difference = np.abs(LiteRTRunner(half.read_bytes())(image) - expected).max()
    assert 0 < difference < 2e-2


def test_int8_quarters_the_file_and_stays_close(tmp_path):
    generator = make_generator(keras.layers.Conv2D(96, 3, padding="same"))
    full = export_litert(generator, tmp_path / "full.tflite", image_size=SIZE)
    small = export_litert(generator, tmp_path / "small.tflite", image_size=SIZE, precision="int8")
    assert small.stat().st_size < 0.5 * full.stat().st_size
    assert inspect_litert(small.read_bytes()).precision == "int8"


@pytest.mark.fault("26")
def test_an_operator_that_is_not_builtin_is_named(tmp_path):
    with pytest.raises(ExportError, match="does not have built in: BesselJ0. "):
        export_litert(make_generator(Bessel()), tmp_path / "g.tflite", image_size=SIZE)
    assert list(tmp_path.iterdir()) == []


def test_a_generator_that_draws_anew_is_refused(tmp_path):
    with pytest.raises(ExportError, match="'generator' answers the same image differently"):
        export_litert(make_generator(FreshNoise()), tmp_path / "g.tflite", image_size=SIZE)


def test_tensors_that_gpu_delegates_refuse_are_refused(tmp_path):
    generator = make_generator(keras.layers.GroupNormalization(groups=2))
    with pytest.raises(ExportError, match="5 axes.*InstanceNormalization"):
        export_litert(generator, tmp_path / "generator.tflite", image_size=SIZE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused_first(tmp_path, broken):
    generator = make_generator()
    path = export_litert(generator, tmp_path / "generator.tflite", image_size=SIZE)
    before = path.read_bytes()
    generator.get_layer("up").bias.assign([broken, 0, 0])
    with pytest.raises(ExportError, match="1 of the 3 weights 'up/bias' are not finite"):
        export_litert(generator, path, image_size=SIZE)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.fault("R2")
def test_a_file_that_returns_nan_keeps_the_old_one(tmp_path):
    class NanInGraphs(keras.layers.Layer):
        def call(self, inputs):
            return inputs if tf.executing_eagerly() else inputs / (inputs - inputs)

    path = export_litert(make_generator(), tmp_path / "generator.tflite", image_size=SIZE)
    before = path.read_bytes()
    with pytest.raises(ExportError, match=r"generator\.tflite returns \d+ of 2304 values .*finite"):
        export_litert(make_generator(NanInGraphs()), path, image_size=SIZE)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.fault("26")
def test_a_layer_that_differs_on_the_phone_is_caught(tmp_path):
    class OnlyInGraphs(keras.layers.Layer):
        def call(self, inputs):
            return inputs if tf.executing_eagerly() else inputs * 1.01

    with pytest.raises(ExportError, match="does not agree with Keras: largest difference"):
        export_litert(make_generator(OnlyInGraphs()), tmp_path / "g.tflite", image_size=SIZE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(15, 24), (16, 21), (9, 13)])
def test_any_size_is_mirrored_to_what_is_computed_and_cut_again(tmp_path, size):
    generator = make_generator(
        keras.layers.Conv2D(8, 3, strides=2, padding="same"),
        layers.InstanceNormalization(),
        keras.layers.Conv2DTranspose(8, 4, strides=2, padding="same"),
    )
    generator.size_multiple = 4
    images = noise(2, *size, 3)
    path = export_litert(generator, tmp_path / "g.tflite", image_size=size, images=images)
    assert inspect_litert(path.read_bytes()).custom_operators == ()
    runner = LiteRTRunner(path.read_bytes())
    assert runner.input_shape == (1, *size, 3)
    for image in images:
        expected = translate_image(generator, image)
        found = to_uint8(runner(to_float(image[None]))[0])
        assert found.shape == expected.shape and np.abs(found.astype(int) - expected).max() <= 1


def test_sizes_that_are_too_small_name_the_smallest(tmp_path):
    generator = make_generator()
    with pytest.raises(ExportError, match=r"height 7 .* takes 8 pixels or more"):
        export_litert(generator, tmp_path / "g.tflite", image_size=(7, 24))
    with pytest.raises(ExportError, match=r"width 0 .* 8 pixels"):
        export_litert(generator, tmp_path / "g.tflite", image_size=(16, 0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
def test_a_missing_runtime_names_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    path = export_litert(make_generator(), tmp_path / "generator.tflite", image_size=SIZE)
    assert path.is_file()  # TensorFlow's own copy ran it
    monkeypatch.setitem(sys.modules, "tensorflow.lite.python.interpreter", None)
    with pytest.raises(MissingExtraError, match=r"ai-edge-litert.*tfi2i\[litert\]"):
        export_litert(make_generator(), path, image_size=SIZE)


def test_bytes_that_are_no_model_are_refused():
    with pytest.raises(ExportError, match="Not a LiteRT file"):
        LiteRTRunner(b"no model")
