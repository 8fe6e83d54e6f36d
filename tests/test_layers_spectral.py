"""Spectral normalisation against singular values from numpy."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.layers import SpectralNormalization


def convolution(**options):
    return keras.layers.Conv2D(5, 3, padding="same", **options)


def transposed(**options):
    return keras.layers.Conv2DTranspose(5, 4, strides=2, padding="same", **options)


def dense(**options):
    return keras.layers.Dense(5, **options)


def as_matrix(layer):
    """Rows: all inputs of an output; columns: outputs."""
    kernel = np.asarray(layer.kernel, np.float64)
    if isinstance(layer, keras.layers.Conv2DTranspose):
        kernel = kernel.swapaxes(2, 3)
    return kernel.reshape(-1, kernel.shape[-1])


def wrapped(make, **options):
    layer = SpectralNormalization(make(**options))
    layer.build((None, 6, 6, 4))
    return layer


def converge(layer):
    step = tf.function(lambda: layer(tf.zeros((1, 6, 6, 4)), training=True))
    for _ in range(300):
        step()
    return layer


@pytest.mark.parametrize("make", [convolution, transposed, dense])
def test_divides_by_the_largest_singular_value_and_keeps_the_kernel(make):
    keras.utils.set_random_seed(1)
    layer = wrapped(make, bias_initializer="ones", activation="relu")
    raw = np.asarray(layer.layer.kernel).copy()
    converge(layer)
    np.testing.assert_array_equal(layer.layer.kernel, raw)
    sigma = np.linalg.svd(as_matrix(layer.layer), compute_uv=False)[0]

    plain = make(bias_initializer="ones", activation="relu")
    plain.build((None, 6, 6, 4))
    plain.kernel.assign(raw / sigma)
    images = np.random.default_rng(0).normal(size=(2, 6, 6, 4)).astype(np.float32)
    for training in (False, True):
        np.testing.assert_allclose(layer(images, training=training), plain(images), atol=2e-5)


def test_only_training_moves_u():
    layer = wrapped(convolution)
    before = np.asarray(layer.u).copy()
    images = tf.ones((1, 6, 6, 4))
    first = layer(images, training=False)
    np.testing.assert_array_equal(layer.u, before)
    np.testing.assert_array_equal(layer(images), first)
    layer(images, training=True)
    assert np.abs(np.asarray(layer.u) - before).max() > 1e-3
    np.testing.assert_allclose(np.linalg.norm(layer.u), 1.0, rtol=1e-6)


def test_one_step_of_the_power_method_by_hand():
    layer = SpectralNormalization(keras.layers.Dense(2, use_bias=False))
    layer.build((None, 2))
    layer.layer.kernel.assign([[3.0, 0.0], [4.0, 5.0]])
    layer.u.assign([[1.0, 0.0]])
    # v = W u = (3, 4) / 5; W' v = (25, 20) / 5 = (5, 4), so sigma = |(5, 4)|, u = (5, 4) / sigma.
    sigma = np.sqrt(41.0)
    result = layer(tf.constant([[1.0, 0.0]]), training=True)
    np.testing.assert_allclose(result, [[3.0 / sigma, 0.0]], rtol=1e-6)
    np.testing.assert_allclose(layer.u, [[5.0 / sigma, 4.0 / sigma]], rtol=1e-6)


def test_more_steps_come_closer():
    errors = []
    for steps in (1, 8):
        keras.utils.set_random_seed(3)
        layer = SpectralNormalization(dense(use_bias=False), power_iterations=steps)
        layer.build((None, 4))
        product = layer(tf.eye(4), training=True)
        errors.append(abs(np.linalg.svd(product, compute_uv=False)[0] - 1.0))
    assert errors[1] < errors[0] / 3


@pytest.mark.parametrize("make", [convolution, transposed, dense])
def test_gradient_flows_through_the_singular_value(make):
    keras.utils.set_random_seed(2)
    layer = converge(wrapped(make, use_bias=False))
    raw = np.asarray(layer.layer.kernel, np.float64)
    with tf.GradientTape() as tape:
        # With the identity on each channel, the outputs are a linear function of the kernel.
        images = tf.constant(np.random.default_rng(4).normal(size=(1, 6, 6, 4)), tf.float32)
        weights = np.random.default_rng(5).normal(size=layer.compute_output_shape((1, 6, 6, 4)))
        loss = tf.reduce_sum(layer(images, training=False) * weights.astype(np.float32))
    gradient = np.asarray(tape.gradient(loss, layer.trainable_variables)[0], np.float64)

    # The loss is <slope, W> / sigma(W), where slope is the gradient of the unnormalised layer.
    plain = make(use_bias=False)
    plain.build((None, 6, 6, 4))
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(plain(images) * weights.astype(np.float32))
    slope = np.asarray(tape.gradient(value, plain.trainable_variables)[0], np.float64)

    def normalised_loss(kernel):
        matrix = kernel.swapaxes(2, 3) if make is transposed else kernel
        sigma = np.linalg.svd(matrix.reshape(-1, 5), compute_uv=False)[0]
        return (slope * kernel).sum() / sigma

    step = 1e-6
    for direction in np.random.default_rng(6).normal(size=(5, *raw.shape)):
        above, below = raw + step * direction, raw - step * direction
        numerical = (normalised_loss(above) - normalised_loss(below)) / (2 * step)
        assert (gradient * direction).sum() == pytest.approx(numerical, rel=2e-3, abs=1e-3)
    # What scales the kernel changes nothing, so that the gradient stands at right angles to it.
    cosine = (gradient * raw).sum() / np.linalg.norm(gradient) / np.linalg.norm(raw)
    assert abs(cosine) < 1e-3


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_keeps_sigma_in_float32(policy):
    keras.utils.set_random_seed(7)
    layer = SpectralNormalization(convolution(dtype=policy))
    layer.build((None, 6, 6, 4))
    exact = SpectralNormalization(convolution(dtype="float32"))
    exact.build((None, 6, 6, 4))
    exact.set_weights(layer.get_weights())
    images = tf.random.stateless_normal((1, 6, 6, 4), (0, 1))
    result = layer(images, training=True)
    assert result.dtype == policy.removeprefix("mixed_")
    expected = exact(images, training=True)
    np.testing.assert_allclose(layer.u, exact.u, rtol=1e-6)
    np.testing.assert_allclose(tf.cast(result, tf.float32), expected, atol=0.03)


def test_comes_back_from_its_configuration_and_file(tmp_path):
    inputs = keras.Input((None, None, 4))
    layer = SpectralNormalization(transposed(name="wrapped"), power_iterations=2, name="conv")
    model = keras.Model(inputs, layer(inputs))
    model(tf.ones((1, 4, 4, 4)), training=True)
    model.save(tmp_path / "model.keras")
    copy: Any = keras.models.load_model(tmp_path / "model.keras")
    images = tf.random.stateless_normal((1, 3, 5, 4), (0, 2))
    np.testing.assert_array_equal(copy(images), model(images))
    assert copy.get_layer("conv").power_iterations == 2
    for same in (model, copy):
        paths = [weight.path for weight in same.weights]
        assert paths == ["conv/u", "conv/wrapped/kernel", "conv/wrapped/bias"]


def test_wraps_nothing_else():
    with pytest.raises(TypeError, match="Conv2D, Conv2DTranspose or Dense, got ReLU"):
        SpectralNormalization(keras.layers.ReLU())
    with pytest.raises(ValueError, match="at least 1, got 0"):
        SpectralNormalization(dense(), power_iterations=0)
