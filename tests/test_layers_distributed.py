"""Layers with state or statistics on two replicas: equal or different, as they must be."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i.layers import BatchNormalization, Dropout, SpectralNormalization


def per_replica(strategy, values):
    """Halves of a batch, one for each replica."""
    halves = np.split(values, 2)
    return strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(halves[context.replica_id_in_sync_group])
    )


def gathered(strategy, values):
    return np.concatenate([part.numpy() for part in strategy.experimental_local_results(values)])


def step(layer, images) -> tuple[Any, Any, Any]:
    """Output of a training call, and a loss derived by the images and by the weights."""
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        result = layer(images, training=True)
        loss = tf.reduce_sum(tf.sin(result))
    return result, tape.gradient(loss, images), tape.gradient(loss, list(layer.trainable_variables))


def test_two_replicas_normalise_as_one_does(two_replicas):
    strategy = two_replicas
    images = np.random.default_rng(1).normal(1.0, 2.0, (4, 5, 6, 3)).astype(np.float32)
    images[2:] += 3.0  # halves with different moments
    one = BatchNormalization()
    one.build((None, None, None, 3))
    with strategy.scope():
        two = BatchNormalization()
        two.build((None, None, None, 3))
        two.set_weights(one.get_weights())
    result, by_images, by_weights = step(one, tf.constant(images))

    @tf.function
    def run(values):
        return strategy.run(step, args=(two, values))

    results, by_halves, by_half_weights = run(per_replica(strategy, images))
    np.testing.assert_allclose(gathered(strategy, results), result, atol=5e-6)
    np.testing.assert_allclose(gathered(strategy, by_halves), by_images, atol=5e-6)
    for ours, expected in zip(by_half_weights, by_weights, strict=True):
        total = strategy.reduce(tf.distribute.ReduceOp.SUM, ours, axis=None)
        np.testing.assert_allclose(total, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(two.moving_mean, one.moving_mean, rtol=1e-5)
    np.testing.assert_allclose(two.moving_variance, one.moving_variance, rtol=1e-5)


def test_singular_vectors_stay_equal_on_all_replicas(two_replicas):
    strategy = two_replicas
    images = np.random.default_rng(2).normal(size=(4, 5, 5, 3)).astype(np.float32)
    one = SpectralNormalization(keras.layers.Conv2D(4, 3))
    one.build((None, None, None, 3))
    with strategy.scope():
        two = SpectralNormalization(keras.layers.Conv2D(4, 3))
        two.build((None, None, None, 3))
        two.set_weights(one.get_weights())

    @tf.function
    def run(values):
        return strategy.run(lambda part: two(part, training=True), args=(values,))

    for _ in range(3):
        expected = one(images, training=True)
        results = run(per_replica(strategy, images))
    np.testing.assert_allclose(gathered(strategy, results), expected, atol=1e-5)
    first, second = (copy.numpy() for copy in strategy.experimental_local_results(two.u.value))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, one.u, atol=1e-6)


def test_replicas_draw_different_dropout(two_replicas):
    strategy = two_replicas
    with strategy.scope():
        layer = Dropout(0.5, seed=3)
        layer.build((None, None, None, 8))

    @tf.function
    def run(values):
        return strategy.run(lambda part: layer(part, training=True), args=(values,))

    first, second = np.split(
        gathered(strategy, run(per_replica(strategy, np.ones((2, 8, 8, 8))))), 2
    )
    assert 0.3 < (first == second).mean() < 0.7
    assert list(np.asarray(layer.state)) == [3, 1]
