"""Reflection padding against numpy's."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import DataError
from tfi2i.layers import ReflectionPadding2D


def test_mirrors_without_repeating_the_border():
    row = tf.reshape(tf.range(1.0, 10.0), (1, 3, 3, 1))
    padded = np.asarray(ReflectionPadding2D(2)(row))[0, :, :, 0]
    # Rows 1 2 3 / 4 5 6 / 7 8 9; the third row above is the last one below.
    np.testing.assert_array_equal(padded[2], [3, 2, 1, 2, 3, 2, 1])
    np.testing.assert_array_equal(padded[0], [9, 8, 7, 8, 9, 8, 7])


def test_equals_numpy_on_any_size_with_channels():
    layer = ReflectionPadding2D(3)
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, layer(inputs))
    assert model.output_shape == (None, None, None, 2)
    for size in ((4, 9), (7, 5)):
        images = np.random.default_rng(0).normal(size=(2, *size, 2)).astype(np.float32)
        expected = np.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="reflect")
        np.testing.assert_array_equal(model(images), expected)
    assert layer.compute_output_shape((1, 8, None, 2)) == (1, 14, None, 2)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert copy.padding == 3


def test_training_and_inference_agree_in_numbers_and_gradients():
    images = tf.random.stateless_normal((2, 5, 6, 3), (0, 0))
    found = []
    for training in (True, False):
        with tf.GradientTape() as tape:
            tape.watch(images)
            padded = ReflectionPadding2D(2)(images, training=training)
            loss = tf.reduce_sum(tf.sin(padded))
        found.append((padded, tape.gradient(loss, images)))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_maps_that_are_too_small_are_refused_in_words(training):
    layer = ReflectionPadding2D(3, name="last_pad")
    with pytest.raises(DataError, match="last_pad mirrors 3 pixels .* of 3x9"):
        layer(tf.zeros((1, 3, 9, 2)), training=training)
