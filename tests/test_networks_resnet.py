"""The residual generator: weights by hand, geometry of its transposed convolutions, sizes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.networks import resnet
from tfi2i.networks.blocks import transposed_convolution


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.parametrize(("blocks", "published"), [(9, 11_378_179), (6, 7_837_699)])
def test_weights_of_the_published_networks(blocks, published):
    kernels = 49 * 3 * 64 + 9 * 64 * 128 + 9 * 128 * 256 + blocks * 2 * 9 * 256 * 256
    kernels += 9 * 256 * 128 + 9 * 128 * 64 + 49 * 64 * 3
    normalised = 64 + 128 + 256 + blocks * 2 * 256 + 128 + 64
    # The widely quoted count is that of biases and norms without scale and offset; ours has scale
    # and offset, as the paper's own code, and no bias that the norm takes out again.
    assert kernels + normalised + 3 == published
    assert trainable(resnet(blocks=blocks)) == kernels + 2 * normalised + 3


def test_without_norm_every_convolution_has_a_bias():
    model = resnet(blocks=1, filters=4, norm="none")
    convolutions = [layer for layer in model.layers if hasattr(layer, "use_bias")]
    assert len(convolutions) == 3 + 2 + 2 + 1
    assert all(layer.use_bias for layer in convolutions)


@pytest.mark.parametrize("kernel_size", [3, 4])
def test_upsampling_is_the_adjoint_of_downsampling(kernel_size):
    down = keras.layers.Conv2D(5, kernel_size, strides=2, use_bias=False)
    padding = keras.layers.ZeroPadding2D(1)
    inputs = keras.Input((None, None, 5))
    up = keras.Model(
        inputs, transposed_convolution(inputs, 3, kernel_size, name="up", use_bias=False)
    )
    large = tf.random.stateless_normal((1, 8, 12, 3), (0, 0))
    small = tf.random.stateless_normal((1, 4, 6, 5), (0, 1))
    shrunk = down(padding(large))
    # Keras keeps a transposed kernel as (height, width, out, in): the forward kernel's own order.
    up.get_layer("up").kernel.assign(down.kernel)
    grown = up(small)
    assert shrunk.shape == small.shape
    assert grown.shape == large.shape
    np.testing.assert_allclose(
        tf.reduce_sum(shrunk * small), tf.reduce_sum(large * grown), rtol=1e-4
    )


@pytest.mark.parametrize("channels", [(1, 3), (3, 1), (4, 4)])
def test_any_multiple_of_four_and_any_channels(channels):
    model = resnet(input_channels=channels[0], output_channels=channels[1], blocks=1, filters=4)
    assert model.size_multiple == 4
    assert model.output_shape == (None, None, None, channels[1])
    for size in ((8, 8), (12, 20)):
        images = tf.random.stateless_normal((2, *size, channels[0]), (0, 0))
        result = model(images)
        assert result.shape == (2, *size, channels[1])
        assert 0.0 < np.abs(result).max() <= 1.0


def test_residual_blocks_start_different():
    model = resnet(blocks=2, filters=8)
    kernels = [
        np.asarray(model.get_layer(f"block{block}_conv{number}").kernel)
        for block in (1, 2)
        for number in (1, 2)
    ]
    for number, first in enumerate(kernels):
        for second in kernels[number + 1 :]:
            assert np.abs(first - second).max() > 0.01


def test_blocks_pass_what_they_do_not_change():
    model = resnet(blocks=1, filters=4)
    block = keras.Model(model.get_layer("down2_relu").output, model.get_layer("block1_add").output)
    images = tf.random.stateless_normal((1, 4, 4, 16), (0, 0))
    assert np.abs(block(images) - images).max() > 0.1
    model.get_layer("block1_2_norm").gamma.assign(tf.zeros(16))
    np.testing.assert_array_equal(block(images), images)


def test_attention_in_the_middle_and_spectral_everywhere():
    model = resnet(blocks=3, filters=4, attention=True, spectral=True)
    names = [layer.name for layer in model.layers]
    assert names.index("block2_add") < names.index("attention") < names.index("block3_add")
    convolutions = [layer for layer in model.layers if "_conv" in layer.name]
    kinds = {type(layer).__name__ for layer in convolutions if not layer.name.endswith("crop")}
    assert kinds == {"SpectralNormalization"}


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_ends_in_float32(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = resnet(blocks=1, filters=4)
    finally:
        keras.config.set_dtype_policy("float32")
    exact = resnet(blocks=1, filters=4)
    exact.set_weights(model.get_weights())
    images = tf.random.stateless_normal((1, 16, 16, 3), (0, 0))
    for training in (False, True):
        result = model(images, training=training)
        assert result.dtype == tf.float32
        np.testing.assert_allclose(result, exact(images, training=training), atol=0.05)
