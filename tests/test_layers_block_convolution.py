"""The convolution by blocks against Keras' Conv2D: numbers, gradients, types, sizes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.layers import BlockConv2D


def pair(kernel_size: int, **options):
    """A convolution by blocks and a plain one with the same weights."""
    layers = [
        kind(3, kernel_size, bias_initializer="random_normal", **options)
        for kind in (BlockConv2D, keras.layers.Conv2D)
    ]
    for layer in layers:
        layer.build((None, None, None, 5))
    layers[1].set_weights(layers[0].get_weights())
    return layers


@pytest.mark.parametrize("kernel_size", [3, 4, 7])
def test_numbers_and_gradients_are_those_of_a_plain_convolution(kernel_size):
    blocks, plain = pair(kernel_size, activation="tanh")
    images = tf.random.stateless_normal((2, 9 + kernel_size, 5 + kernel_size, 5), (0, 0))
    found = []
    for layer in (blocks, plain):
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = layer(images)
            loss = tf.reduce_sum(outputs**3)
        weights = [weight.value for weight in layer.trainable_weights]
        found.append([outputs, *tape.gradient(loss, [images, *weights])])
    assert found[0][0].shape == (2, 10, 6, 3)
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_in_bfloat16_and_without_bias():
    blocks, plain = pair(7, dtype="mixed_bfloat16", use_bias=False)
    images = tf.random.stateless_normal((1, 14, 14, 5), (0, 0))
    ours, theirs = blocks(images), plain(images)
    assert ours.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(ours, tf.float32), tf.cast(theirs, tf.float32), atol=0.05)


def test_free_sizes_in_a_model_that_is_made_again():
    inputs = keras.Input((None, None, 5))
    model = keras.Model(inputs, BlockConv2D(3, 3, name="last")(inputs))
    assert model.output_shape == (None, None, None, 3)
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    for size in ((4, 10), (6, 4)):
        images = tf.random.stateless_normal((1, *size, 5), (0, 0))
        np.testing.assert_array_equal(copy(images), model(images))


def test_odd_sizes_are_refused_by_name():
    layer = BlockConv2D(3, 3, name="last_conv")
    with pytest.raises(ValueError, match="last_conv computes images of even height and width"):
        layer(tf.zeros((1, 5, 6, 2)))
