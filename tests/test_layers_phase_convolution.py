"""The transposed convolution by phases against Keras' own."""

import os

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.export import export_saved_model
from tfi2i.export.generator import inference_generator
from tfi2i.layers import PhaseConv2DTranspose
from tfi2i.layers.phase_convolution import doubles_as_published
from tfi2i.networks import unet


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (4, 4)])
@pytest.mark.parametrize("use_bias", [True, False])
def test_numbers_are_those_of_the_transposed_convolution(height, width, use_bias):
    options = {"use_bias": use_bias, "activation": "tanh"}
    plain = keras.layers.Conv2DTranspose(
        6, 4, 2, "same", kernel_initializer="normal", bias_initializer="normal", **options
    )
    images = tf.random.stateless_normal((2, height, width, 5), (0, 0))
    expected = plain(images)
    layer = PhaseConv2DTranspose(6, **options)
    layer.build(images.shape)
    layer.kernel.assign(layer.phase_kernel(np.asarray(plain.kernel)))
    if use_bias:
        layer.bias.assign(plain.bias)
    np.testing.assert_allclose(layer(images), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"kernel_size": 4}, True),
        ({"kernel_size": 4, "data_format": "channels_first"}, False),
        ({"kernel_size": 4, "output_padding": 1}, False),
        ({"kernel_size": 4, "dilation_rate": 2, "strides": 1}, False),
        ({"kernel_size": 3}, False),
    ],
)
def test_only_the_published_size_doubles_as_published(options, expected):
    layer = keras.layers.Conv2DTranspose(2, **{"strides": 2, "padding": "same", **options})
    assert doubles_as_published(layer.get_config()) is expected


def test_only_fused_exports_have_it_and_they_agree():
    generator = unet(depth=3, filters=4, norm="instance")
    images = tf.random.stateless_uniform((1, 16, 24, 3), (0, 1), -1, 1)
    fused, plain = (inference_generator(generator, fused=f).model for f in (True, False))
    kinds = [{type(layer) for layer in model.layers} for model in (fused, plain)]
    assert PhaseConv2DTranspose in kinds[0] and keras.layers.Conv2DTranspose not in kinds[0]
    assert PhaseConv2DTranspose not in kinds[1]
    np.testing.assert_allclose(fused(images), generator(images), atol=1e-5)


def test_a_transposed_convolution_under_spectral_normalisation_stays():
    generator = unet(depth=3, filters=4, norm="instance", spectral=True)
    images = tf.random.stateless_uniform((1, 16, 16, 3), (0, 1), -1, 1)
    fused = inference_generator(generator, fused=True).model
    assert not any(isinstance(layer, PhaseConv2DTranspose) for layer in fused.layers)
    np.testing.assert_allclose(fused(images), generator(images), atol=1e-5)


def test_weights_that_a_server_takes_for_frozen_serve_every_size(forking, tmp_path):
    generator = unet(depth=3, filters=8, norm="instance")
    version = export_saved_model(generator, tmp_path, metadata={})
    sizes = [(1, 16, 16), (1, 48, 24), (2, 16, 16), (1, 16, 16)]
    images = [np.random.default_rng(0).uniform(0, 255, (*size, 3)) for size in sizes]
    np.savez(tmp_path / "images.npz", *(one.astype(np.float32) for one in images))
    program = f"""
import numpy as np, tensorflow as tf
serve = tf.saved_model.load({str(version)!r}).signatures["serving_default"]
images = np.load({str(tmp_path / "images.npz")!r}).values()
outputs = [serve(images=tf.constant(one))["images"].numpy() for one in images]
np.savez({str(tmp_path / "outputs.npz")!r}, *outputs)
"""
    environment = {**os.environ, "TF_ONEDNN_ASSUME_FROZEN_WEIGHTS": "1"}
    done = forking.run("-c", program, environment=environment)
    assert done.returncode == 0, done.stderr
    for one, outputs in zip(images, np.load(tmp_path / "outputs.npz").values(), strict=True):
        expected = (np.asarray(generator(one / 127.5 - 1)) + 1) * 127.5
        np.testing.assert_allclose(outputs, expected, atol=1e-2)
