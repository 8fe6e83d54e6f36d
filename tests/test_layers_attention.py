"""Self-attention against the paper's formula, place by place, in numpy."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.layers import SelfAttention, attention
from tfi2i.layers.attention import _halve


def built(channels=4, gamma=0.7, **options):
    layer = SelfAttention(reduction=2, **options)
    layer.build((None, None, None, channels))
    layer.gamma.assign(gamma)
    return layer


def pooled(images):
    """2x2 maxima; what stands alone at the end is its own maximum."""
    batch, height, width, channels = images.shape
    tall, wide = -(-height // 2), -(-width // 2)
    padded = np.full((batch, tall * 2, wide * 2, channels), -np.inf)
    padded[:, :height, :width] = images
    return padded.reshape(batch, tall, 2, wide, 2, channels).max(axis=(2, 4))


def attended(images, layer):
    """The definition, in float64: for every place a mixture of the values of all places."""
    query, key, value, output = (
        np.asarray(part.kernel, np.float64)[0, 0]
        for part in (layer.query, layer.key, layer.value, layer.output_convolution)
    )
    result = np.array(images, np.float64)
    for number, image in enumerate(images):
        keys = pooled((image @ key)[np.newaxis]).reshape(-1, key.shape[1])
        values = pooled((image @ value)[np.newaxis]).reshape(-1, value.shape[1])
        for row, column in np.ndindex(*image.shape[:2]):
            scores = keys @ (image[row, column] @ query)
            shares = np.exp(scores - scores.max())
            mixture = (shares / shares.sum()) @ values
            result[number, row, column] += float(layer.gamma.numpy()) * (mixture @ output)
    return result


@pytest.mark.parametrize("size", [(4, 6), (5, 3), (1, 1)])
def test_every_place_is_a_mixture_of_all_places(size):
    layer = built()
    images = np.random.default_rng(0).normal(size=(2, *size, 4)).astype(np.float32)
    np.testing.assert_allclose(layer(images), attended(images, layer), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 5, 3, 4), (None, 5, 3, 4), (None, None, None, 4)])
@pytest.mark.parametrize("most_scores", [1, 7, 13, 10_000])
def test_by_blocks_the_mixture_is_the_same_and_few_scores_are_held(monkeypatch, shape, most_scores):
    whole = attention._attended
    blocks = []

    def bounded(query, key, value):
        scores = tf.shape(query)[1] * tf.shape(key)[1]
        allowed = tf.maximum(most_scores, tf.shape(key)[1])  # one row at least
        blocks.append(tf.debugging.assert_less_equal(scores, allowed))
        return whole(query, key, value)

    monkeypatch.setattr(attention, "_attended", bounded)
    monkeypatch.setattr(attention, "MOST_SCORES", most_scores)
    layer = built()
    images = np.random.default_rng(0).normal(size=(2, 5, 3, 4)).astype(np.float32)
    graph = tf.function(lambda inputs: layer(inputs), input_signature=[tf.TensorSpec(shape)])
    np.testing.assert_allclose(graph(images), attended(images, layer), rtol=1e-4, atol=1e-5)
    if shape[1]:
        # 15 places and 6 keys: rows of 1, 1, 2 and all.
        assert len(blocks) == {1: 15, 7: 15, 13: 8, 10_000: 1}[most_scores]


def test_starts_as_the_identity_and_learns_gamma_first():
    layer = SelfAttention()
    images = tf.random.stateless_normal((1, 4, 4, 16), (0, 0))
    with tf.GradientTape() as tape:
        result = layer(images, training=True)
        loss = tf.reduce_sum(tf.square(result))
    np.testing.assert_array_equal(result, images)
    assert layer.query.kernel.shape == (1, 1, 16, 2)
    assert layer.value.kernel.shape == (1, 1, 16, 8)
    gradient: Any = tape.gradient(loss, layer.gamma.value)
    assert abs(float(gradient)) > 1e-3


def test_spectral_option_normalises_all_four_kernels():
    keras.utils.set_random_seed(0)
    layer = SelfAttention(reduction=2, spectral=True)
    images = tf.random.stateless_normal((1, 4, 4, 8), (0, 1))
    layer(images)
    layer.gamma.assign(1.0)
    step = tf.function(lambda: layer(images, training=True))
    for _ in range(100):
        step()
    parts = (layer.query, layer.key, layer.value, layer.output_convolution)
    assert len(layer.non_trainable_variables) == 4
    for part in parts:
        places = tf.eye(part.layer.kernel.shape[2])[tf.newaxis, tf.newaxis]
        divided = np.asarray(part(places))[0, 0]
        np.testing.assert_allclose(np.linalg.svd(divided, compute_uv=False)[0], 1.0, rtol=1e-3)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy):
    layer = built(dtype=policy)
    images = np.random.default_rng(0).normal(size=(1, 4, 4, 4)).astype(np.float32)
    result = layer(images)
    assert result.dtype == policy.removeprefix("mixed_")
    np.testing.assert_allclose(tf.cast(result, tf.float32), attended(images, layer), atol=0.05)


def test_configuration_comes_back():
    layer = SelfAttention(reduction=4, spectral=True)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert copy.get_config() == layer.get_config()


@pytest.mark.parametrize("size", [(4, 6), (5, 3), (1, 1)])
def test_halving_is_max_pooling_and_so_are_its_gradients(size):
    # Small whole numbers: many places are equal, and the first of them takes the gradient.
    images = tf.cast(tf.random.stateless_uniform((2, *size, 3), (0, 1), 0, 3, tf.int32), tf.float32)
    found = []
    for halve in (_halve, lambda x: tf.nn.max_pool2d(x, 2, 2, padding="SAME")):
        with tf.GradientTape() as outer:
            outer.watch(images)
            with tf.GradientTape() as tape:
                tape.watch(images)
                halved = halve(images)
                score = tf.reduce_sum(halved**3)
            gradient = tape.gradient(score, images)
            penalty = tf.reduce_sum(gradient**2)
        found.append([halved, gradient, outer.gradient(penalty, images)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert np.abs(found[0][2]).max() > 0
