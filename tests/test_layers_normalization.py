"""Instance and batch normalisation: values, derivatives, precision, free sizes."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.layers import BatchNormalization, InstanceNormalization


def images_of(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).normal(2.0, 3.0, size=shape).astype(dtype)


def built(layer, channels=3):
    """The layer with scales and offsets that are not 1 and 0."""
    layer.build((None, None, None, channels))
    layer.gamma.assign(np.linspace(0.5, 2.0, channels))
    layer.beta.assign(np.linspace(-1.0, 1.0, channels))
    return layer


def normalised(images, axes, layer):
    """The definition, in float64."""
    images = images.astype(np.float64)
    mean = images.mean(axis=axes, keepdims=True)
    variance = ((images - mean) ** 2).mean(axis=axes, keepdims=True)
    gamma, beta = (np.asarray(weight, np.float64) for weight in (layer.gamma, layer.beta))
    return (images - mean) / np.sqrt(variance + layer.epsilon) * gamma + beta


@pytest.mark.parametrize("training", [True, False])
def test_instance_norm_by_hand(training):
    layer = InstanceNormalization(epsilon=0.0)
    layer.build((None, None, None, 1))
    layer.gamma.assign([2.0])
    layer.beta.assign([1.0])
    image = tf.reshape(tf.constant([1.0, 2.0, 3.0, 6.0]), (1, 2, 2, 1))
    # Mean 3, squared differences 4, 1, 0, 9, so a variance of 3.5.
    expected = 1.0 + 2.0 * np.array([-2.0, -1.0, 0.0, 3.0]) / np.sqrt(3.5)
    np.testing.assert_allclose(
        np.ravel(layer(image, training=training)), expected, rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("batch", [1, 3, 20])
@pytest.mark.parametrize("training", [True, False])
def test_instance_norm_of_each_image_alone(batch, training):
    layer = built(InstanceNormalization())
    images = images_of(batch, 5, 7, 3)
    np.testing.assert_allclose(
        layer(images, training=training), normalised(images, (1, 2), layer), atol=2e-6
    )


@pytest.mark.parametrize("training", [True, False])
def test_epsilon_is_the_one_asked_for(training):
    # Variances far below epsilon: the scale is 1 / sqrt(epsilon), to seven digits.
    layer = built(InstanceNormalization(epsilon=1e-5))
    images = images_of(1, 4, 4, 3) * 1e-5
    np.testing.assert_allclose(
        layer(images, training=training), normalised(images, (1, 2), layer), rtol=1e-5, atol=1e-7
    )


@pytest.mark.parametrize("training", [True, False])
def test_one_pixel_becomes_the_offset(training):
    layer = built(InstanceNormalization())
    result = layer(images_of(1, 1, 1, 3), training=training)
    np.testing.assert_allclose(np.ravel(result), layer.beta, atol=1e-6)


def derivatives(layer, images, training) -> tuple[list[Any], list[Any]]:
    """First derivatives, and those of their squared length, which a gradient penalty takes."""
    images = tf.constant(images)
    weights = list(layer.trainable_variables)
    with tf.GradientTape() as outer:
        outer.watch(images)
        with tf.GradientTape(persistent=True) as inner:
            inner.watch(images)
            loss = tf.reduce_sum(tf.sin(tf.cast(layer(images, training=training), tf.float32)))
        by_images: Any = inner.gradient(loss, images)
        penalty = tf.reduce_sum(tf.square(by_images))
    by_weights: Any = inner.gradient(loss, weights)
    second: Any = outer.gradient(penalty, [images, *weights])
    return [by_images, *by_weights], second


@pytest.mark.parametrize("batch", [1, 3])
def test_fused_instance_norm_has_the_derivatives_of_the_plain_form(batch):
    layer = built(InstanceNormalization())
    images = images_of(batch, 4, 6, 3)
    fused, plain = (derivatives(layer, images, training) for training in (True, False))
    for order, (ours, expected) in enumerate(zip(fused, plain, strict=True), start=1):
        for got, wanted in zip(ours, expected, strict=True):
            if wanted is None:
                assert got is None  # the penalty does not depend on the offset's own gradient
                continue
            np.testing.assert_allclose(got, wanted, rtol=2e-4, atol=2e-5, err_msg=f"order {order}")


def test_gradient_of_the_plain_form_is_the_numerical_one():
    layer = built(InstanceNormalization(), channels=2)
    images = images_of(1, 3, 3, 2)
    (gradient, *_), _ = derivatives(layer, images, training=False)

    def loss(values):
        return np.sin(normalised(values, (1, 2), layer)).sum()

    step = 1e-5
    for place in np.ndindex(images.shape):
        above, below = images.astype(np.float64), images.astype(np.float64)
        above[place] += step
        below[place] -= step
        numerical = (loss(above) - loss(below)) / (2 * step)
        np.testing.assert_allclose(gradient[place], numerical, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_batch_and_size_unknown_until_the_graph_runs(training):
    layer = built(InstanceNormalization())

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))])
    def run(images):
        return layer(images, training=training)

    for shape in ((1, 4, 6, 3), (2, 5, 3, 3)):
        images = images_of(*shape)
        np.testing.assert_allclose(run(images), normalised(images, (1, 2), layer), atol=2e-6)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("training", [True, False])
def test_statistics_of_half_precision_images_are_float32(policy, training):
    dtype = policy.removeprefix("mixed_")
    images = tf.cast(images_of(2, 64, 64, 3) + 40.0, dtype)
    exact = tf.cast(images, tf.float32).numpy()
    for layer, axes in (
        (InstanceNormalization(dtype=policy), (1, 2)),
        (BatchNormalization(dtype=policy), (0, 1, 2)),
    ):
        built(layer)
        if not training and isinstance(layer, BatchNormalization):
            layer.moving_mean.assign(exact.mean(axis=axes))
            layer.moving_variance.assign(exact.var(axis=axes))
        result = layer(images, training=training)
        assert result.dtype == dtype
        assert layer.gamma.dtype == "float32"
        # One unit in the last place of the result, at its largest values.
        precision = {"bfloat16": 2.0**-8, "float16": 2.0**-11}[dtype]
        expected = normalised(exact, axes, layer)
        error = np.abs(tf.cast(result, tf.float32) - expected).max()
        assert error <= precision * np.abs(expected).max() * 1.5


def test_batch_norm_in_training_and_its_moving_averages():
    layer = built(BatchNormalization(momentum=0.9))
    images = images_of(4, 5, 3, 3)
    np.testing.assert_allclose(
        layer(images, training=True), normalised(images, (0, 1, 2), layer), atol=2e-6
    )
    mean, variance = images.mean(axis=(0, 1, 2)), images.var(axis=(0, 1, 2), ddof=1)
    np.testing.assert_allclose(layer.moving_mean, 0.1 * mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * variance, rtol=1e-5)
    layer(images, training=True)
    np.testing.assert_allclose(layer.moving_mean, (0.09 + 0.1) * mean, rtol=1e-5)


def test_batch_norm_at_inference_uses_the_moving_averages():
    layer = built(BatchNormalization())
    layer.moving_mean.assign([1.0, 2.0, 3.0])
    layer.moving_variance.assign([4.0, 9.0, 0.25])
    images = images_of(2, 3, 3, 3)
    expected = (images - [1.0, 2.0, 3.0]) / np.sqrt(np.array([4.0, 9.0, 0.25]) + 1e-5)
    expected = expected * np.asarray(layer.gamma) + np.asarray(layer.beta)
    np.testing.assert_allclose(layer(images, training=False), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(layer.moving_mean, [1.0, 2.0, 3.0])


def test_image_statistics_are_those_of_a_training_batch_of_one():
    layer = built(BatchNormalization(statistics_at_inference="image"))
    images = images_of(3, 6, 4, 3)
    together = layer(images, training=False)
    for number in range(3):
        alone = layer(images[number : number + 1], training=True)
        np.testing.assert_allclose(together[number : number + 1], alone, atol=2e-6)
    assert layer.non_trainable_variables == []


def test_batch_norm_derivatives_are_those_of_the_definition():
    layer = built(BatchNormalization())
    images = images_of(2, 3, 4, 3)
    # The same images side by side as one wide image: instance norm has the same moments.
    instance = built(InstanceNormalization())
    wide = np.concatenate(list(images), axis=1)[np.newaxis]
    (ours, *_), (ours_second, *_) = derivatives(layer, images, training=True)
    (theirs, *_), (theirs_second, *_) = derivatives(instance, wide, training=False)
    for batch, single in ((ours, theirs), (ours_second, theirs_second)):
        np.testing.assert_allclose(
            np.concatenate(list(batch.numpy()), axis=1)[np.newaxis], single, rtol=2e-4, atol=2e-5
        )


def test_unknown_statistics_are_an_error():
    options: dict[str, Any] = {"statistics_at_inference": "batch"}
    with pytest.raises(ValueError, match="'moving' or 'image', got 'batch'"):
        BatchNormalization(**options)


def test_starts_with_different_scales_around_one():
    layers = [InstanceNormalization(), InstanceNormalization()]
    for layer in layers:
        layer.build((None, None, None, 4096))
    first, second = (np.asarray(layer.gamma) for layer in layers)
    assert np.abs(first - second).max() > 0.01
    assert first.mean() == pytest.approx(1.0, abs=2e-3)
    assert first.std() == pytest.approx(0.02, rel=0.1)


def test_configurations_come_back():
    for layer in (
        InstanceNormalization(epsilon=1e-3),
        BatchNormalization(momentum=0.8, epsilon=1e-4, statistics_at_inference="image"),
    ):
        config = keras.saving.serialize_keras_object(layer)
        copy = keras.saving.deserialize_keras_object(config)
        assert copy.get_config() == layer.get_config()
