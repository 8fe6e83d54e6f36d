"""Doubling without a checkerboard."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.layers import NearestUpsampling2D
from tfi2i.networks import unet
from tfi2i.networks.blocks import Upsampling


@pytest.mark.parametrize("training", [False, True])
def test_every_pixel_is_repeated_twice(training):
    images = np.arange(24, dtype=np.float32).reshape(2, 2, 3, 2)
    expected = images.repeat(2, axis=1).repeat(2, axis=2)
    layer = NearestUpsampling2D()
    assert np.array_equal(layer(images, training=training), expected)
    assert layer.compute_output_shape((None, 2, None, 2)) == (None, 4, None, 2)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_the_gradient_sums_over_the_copies(precision):
    keras.config.set_dtype_policy(precision)
    layer = NearestUpsampling2D()
    images = tf.ones((1, 2, 2, 1), layer.compute_dtype)
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(layer(images, training=True) * 0.5)
    assert np.array_equal(
        tf.cast(tape.gradient(total, images), tf.float32), np.full((1, 2, 2, 1), 2)
    )


def test_the_gradient_is_tensorflow_s_own_and_compiles_with_xla():
    images = tf.random.normal((2, 4, 6, 3))
    weights = tf.random.normal((2, 8, 12, 3))

    def gradient(double):
        with tf.GradientTape() as tape:
            tape.watch(images)
            total = tf.reduce_sum(weights * tf.square(double(images)))
        return tape.gradient(total, images)

    expected = gradient(lambda x: tf.image.resize(x, (8, 12), method="nearest"))
    layer = NearestUpsampling2D()
    ours = tf.function(lambda: gradient(lambda x: layer(x, training=True)), jit_compile=True)()
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


def test_a_traced_gradient_is_not_kept_when_nobody_needs_it():
    layer = NearestUpsampling2D()

    @tf.function
    def gradient(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            total = tf.reduce_sum(layer(images, training=True))
        return tape.gradient(total, images)

    graph = weakref.ref(gradient.get_concrete_function(tf.TensorSpec((1, 2, 2, 1))).graph)
    del gradient
    gc.collect()
    assert graph() is None


def checkerboard(upsampling: Upsampling) -> float:
    """How much the four phases of an untrained U-Net's output differ for a flat image."""
    generator = unet(depth=3, filters=8, norm="none", dropout=0.0, upsampling=upsampling)
    for weight in generator.trainable_weights:
        if weight.path.endswith("kernel"):
            weight.assign(weight * 10.0)
    middle = np.asarray(generator(np.full((1, 64, 64, 3), 0.5, np.float32)))[0, 24:40, 24:40]
    phases = [middle[i::2, j::2].mean() for i in (0, 1) for j in (0, 1)]
    return float(np.std(phases) / np.abs(middle).mean())


def test_a_flat_image_shows_the_checkerboard_of_transposed_convolutions_only():
    keras.utils.set_random_seed(0)
    assert checkerboard("transposed") > 0.01
    assert checkerboard("nearest") < 1e-5


def test_unknown_upsampling_is_named():
    with pytest.raises(RecipeError, match="'bilinear'"):
        unet(depth=2, filters=4, upsampling="bilinear")  # type: ignore[arg-type]
