"""The networks of the generators: the published weights, any size that can be halved."""

import keras
import numpy as np
import pytest

from tfi2i.errors import RecipeError
from tfi2i.layers import Maxout, SpectralNormalization
from tfi2i.networks import (
    dcgan_depth,
    dcgan_discriminator,
    dcgan_encoder,
    dcgan_generator,
    maxout_discriminator,
    perceptron_generator,
)


def trainable(network: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


def test_the_weights_of_dcgan():
    """By hand: 4x4 kernels between these widths, and two weights for each normalised channel."""
    widths = (512, 256, 128, 64)
    up = sum(16 * one * other for one, other in zip((100, *widths), (*widths, 3), strict=True))
    assert trainable(dcgan_generator()) == up + 2 * sum(widths) == 3_576_704
    down = (3, 64, 128, 256, 512, 1)
    kernels = sum(16 * one * other for one, other in zip(down, down[1:], strict=False))
    assert trainable(dcgan_discriminator()) == kernels + 2 * (128 + 256 + 512) == 2_765_568


@pytest.mark.parametrize(("size", "depth"), [(28, 2), (32, 3), (64, 4), ((48, 96), 3), (25, 0)])
def test_sizes(size, depth):
    assert dcgan_depth(size) == depth
    if not depth:
        return
    height, width = size if isinstance(size, tuple) else (size, size)
    generator = dcgan_generator(image_size=size, channels=1, filters=2, latent_length=3)
    discriminator = dcgan_discriminator(image_size=size, channels=1, filters=2, outputs=5)
    images = np.asarray(generator(np.random.default_rng(0).normal(0, 9, (2, 3))))
    assert images.shape == (2, height, width, 1) and np.abs(images).max() <= 1.0
    assert discriminator(images).shape == (2, 5)


def test_a_size_that_cannot_be_halved_so_often_is_named():
    with pytest.raises(RecipeError, match="halved 5 times.*not 48:"):
        dcgan_generator(image_size=48, depth=5)


def test_norms_and_spectral_norm():
    plain = dcgan_discriminator(norm="none", filters=4)
    assert not any("norm" in layer.name for layer in plain.layers)
    assert all(layer.use_bias for layer in plain.layers if hasattr(layer, "use_bias"))
    spectral = dcgan_discriminator(norm="none", spectral=True, filters=4)
    kernels = [layer for layer in spectral.layers if layer.weights]
    assert len(kernels) == 5
    assert all(isinstance(layer, SpectralNormalization) for layer in kernels)


def test_the_weights_of_the_first_gan():
    dense = (100 * 1200 + 1200) + (1200 * 1200 + 1200) + (1200 * 784 + 784)
    assert trainable(perceptron_generator()) == dense == 2_503_984
    maxout = (784 * 1200 + 1200) + (240 * 1200 + 1200) + (240 + 1)
    assert trainable(maxout_discriminator()) == maxout == 1_231_441


def test_maxout_by_hand():
    values = np.array([[1.0, 5.0, 2.0, -1.0, -3.0, -2.0]], np.float32)
    np.testing.assert_array_equal(Maxout(3)(values), [[5.0, -1.0]])
    assert Maxout(3).compute_output_shape((None, 6)) == (None, 2)
    layer = Maxout(2)
    assert type(layer).from_config(layer.get_config()).pieces == 2


def test_dropout_of_the_first_discriminator_is_for_training():
    network = maxout_discriminator(image_size=6, units=4)
    images = np.random.default_rng(0).normal(0, 1, (3, 6, 6, 1)).astype(np.float32)
    np.testing.assert_array_equal(network(images), network(images))
    assert (np.asarray(network(images, training=True)) != np.asarray(network(images))).any()


def test_the_encoder_is_the_discriminator_with_other_heads():
    encoder = dcgan_encoder(image_size=32, channels=1, filters=4, latent_length=6)
    kernels = 16 * (1 * 4 + 4 * 8 + 8 * 16)
    heads = 2 * (4 * 4 * 16 * 6 + 6)
    assert trainable(encoder) == kernels + 2 * (8 + 16) + heads
    mean, log_variance = encoder(np.random.default_rng(0).normal(0, 1, (3, 32, 32, 1)))
    assert mean.shape == log_variance.shape == (3, 6)
    assert np.abs(np.asarray(mean) - np.asarray(log_variance)).max() > 1e-5
