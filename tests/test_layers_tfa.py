"""Our layers against numbers that tensorflow-addons 0.23.0 computed (tools/parity_tfa)."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import WeightsError
from tfi2i.layers import InstanceNormalization, SpectralNormalization
from tfi2i.layers.tfa import load_tfa_weights

RECORDED_CALLS = 3


@pytest.fixture(scope="module")
def numbers():
    with np.load(Path(__file__).parent / "data" / "tfa_parity.npz") as file:
        return dict(file)


def spectral(numbers):
    layer = SpectralNormalization(keras.layers.Conv2D(4, 3, padding="same"))
    layer.build((None, None, None, 3))
    load_tfa_weights(layer, [numbers[f"spectral/{name}"] for name in ("kernel", "bias", "u")])
    return layer


def result_and_gradients(layer, images, weights) -> tuple[Any, Any]:
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        result = layer(images, training=True)
        loss = tf.reduce_sum(tf.sin(result))
    return result, tape.gradient(loss, [images, *(weight.value for weight in weights)])


def test_made_by_the_last_version(numbers):
    assert list(numbers["versions"]) == ["tensorflow 2.15.1", "tensorflow-addons 0.23.0"]


def test_instance_normalization(numbers):
    layer = InstanceNormalization(epsilon=1e-5)
    layer.build((None, None, None, 3))
    load_tfa_weights(layer, [numbers["instance/gamma"], numbers["instance/beta"]])
    images = numbers["instance/images"]
    np.testing.assert_allclose(layer(images), numbers["instance/inference"], atol=1e-6)
    result, gradients = result_and_gradients(layer, images, [layer.gamma, layer.beta])
    np.testing.assert_allclose(result, numbers["instance/result"], atol=1e-6)
    for name, gradient in zip(("images", "gamma", "beta"), gradients, strict=True):
        expected = numbers[f"instance/gradient/{name}"]
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=2e-6, err_msg=name)


def test_spectral_normalization_over_training_calls(numbers):
    layer = spectral(numbers)
    raw = numbers["spectral/kernel"].astype(np.float64)
    previous_u = numbers["spectral/u"].astype(np.float64)
    for call in range(RECORDED_CALLS):
        theirs = {
            name: numbers[f"spectral/{call}/{name}"].astype(np.float64)
            for name in ("result", "kernel", "u")
        }
        result, (by_images, by_kernel, by_bias) = result_and_gradients(
            layer, numbers["spectral/images"], [layer.layer.kernel, layer.layer.bias]
        )
        np.testing.assert_allclose(result, theirs["result"], atol=5e-6)
        np.testing.assert_allclose(layer.u, theirs["u"], atol=2e-6)
        gradient = {
            name: numbers[f"spectral/{call}/gradient/{name}"].astype(np.float64)
            for name in ("images", "kernel", "bias")
        }
        np.testing.assert_allclose(by_images, gradient["images"], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(by_bias, gradient["bias"], rtol=1e-4, atol=1e-5)

        # The two known differences. Their kernel is the divided one, ours stays the raw one:
        np.testing.assert_array_equal(layer.layer.kernel, numbers["spectral/kernel"])
        sigma = np.linalg.norm(raw) / np.linalg.norm(theirs["kernel"])
        np.testing.assert_allclose(raw / sigma, theirs["kernel"], atol=1e-6)
        # their gradient D ignores that sigma depends on the kernel; ours, for W / sigma with
        # d sigma / d W = v u', is (D - <D, W / sigma> v u') / sigma.
        v = raw.reshape(-1, 4) @ previous_u.T
        v_u = (v / np.linalg.norm(v)) @ theirs["u"]
        inner = (gradient["kernel"] * theirs["kernel"]).sum()
        expected = (gradient["kernel"] - inner * v_u.reshape(raw.shape)) / sigma
        np.testing.assert_allclose(by_kernel, expected, rtol=1e-4, atol=2e-5)
        assert np.abs(expected - gradient["kernel"] / sigma).max() > 0.1
        previous_u = theirs["u"]


def test_their_inference_is_the_bare_layer_with_their_kernel(numbers):
    kernel, bias = numbers["spectral/settled/kernel"], numbers["spectral/bias"]
    bare = keras.layers.Conv2D(4, 3, padding="same")
    bare.build((None, None, None, 3))
    bare.set_weights([kernel, bias])
    images, theirs = numbers["spectral/images"], numbers["spectral/settled/inference"]
    np.testing.assert_allclose(bare(images), theirs, atol=1e-6)
    # Ours divides once more: by 1, as their kernel has been divided until it settled.
    ours = spectral(numbers)
    load_tfa_weights(ours, [kernel, bias, numbers["spectral/settled/u"]])
    np.testing.assert_allclose(ours(images), theirs, atol=1e-5)


def test_arrays_that_do_not_fit_are_errors_in_words(numbers):
    layer = spectral(numbers)
    with pytest.raises(WeightsError, match=r"\(3, 3, 3, 4\), \(4,\), \(1, 4\).*got \[\(4,\)\]"):
        load_tfa_weights(layer, [numbers["spectral/bias"]])
    with pytest.raises(WeightsError, match="Build the layer"):
        load_tfa_weights(InstanceNormalization(), [np.ones(3), np.zeros(3)])
    transposed = SpectralNormalization(keras.layers.Conv2DTranspose(4, 4))
    transposed.build((None, None, None, 3))
    with pytest.raises(WeightsError, match="bare Conv2DTranspose"):
        load_tfa_weights(transposed, [])
