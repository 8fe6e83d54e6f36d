"""The networks of AAE and BiGAN: the published weights, what goes in and what comes out."""

import keras
import numpy as np

from tfi2i.networks import (
    bigan_encoder,
    bigan_generator,
    joint_discriminator,
    latent_discriminator,
    perceptron_decoder,
    perceptron_encoder,
)


def trainable(network: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


def test_the_weights_of_the_adversarial_autoencoder():
    """By hand: 784 pixels, two layers of 1,000 units, a code of 8."""
    hidden = 1000 * 1000 + 1000
    assert trainable(perceptron_encoder()) == 785 * 1000 + hidden + 1001 * 8
    assert trainable(perceptron_decoder()) == 9 * 1000 + hidden + 1001 * 784
    assert trainable(latent_discriminator()) == 9 * 1000 + hidden + 1001


def test_the_weights_of_bigan():
    """By hand: the second of two layers of 1,024 units has a scale and an offset for a bias."""
    hidden = 1024 * 1024 + 2 * 1024
    assert trainable(bigan_generator()) == 51 * 1024 + hidden + 1025 * 784
    assert trainable(bigan_encoder()) == 785 * 1024 + hidden + 1025 * 50
    assert trainable(joint_discriminator()) == 835 * 1024 + hidden + 1025


def test_shapes_and_ranges():
    draw = np.random.default_rng(0)
    size = {"image_size": (6, 10), "channels": 3, "units": 8, "latent_length": 5}
    images = draw.uniform(-1, 1, (4, 6, 10, 3)).astype(np.float32)
    latents = draw.normal(0, 30, (4, 5)).astype(np.float32)
    for generator in (perceptron_decoder(**size), bigan_generator(**size)):
        made = np.asarray(generator(latents))
        assert made.shape == images.shape and np.abs(made).max() <= 1.0
    for encoder in (perceptron_encoder(**size), bigan_encoder(**size)):
        assert encoder(images).shape == (4, 5)
    assert joint_discriminator(**size)([images, latents]).shape == (4, 1)
    assert latent_discriminator(latent_length=5, units=8)(latents).shape == (4, 1)


def test_both_parts_of_a_pair_are_seen():
    judge = joint_discriminator(image_size=6, channels=1, units=8, latent_length=3)
    draw = np.random.default_rng(0)
    images = draw.uniform(-1, 1, (2, 6, 6, 1)).astype(np.float32)
    latents = draw.normal(size=(2, 3)).astype(np.float32)
    score = np.asarray(judge([images, latents]))
    assert (score != np.asarray(judge([-images, latents]))).all()
    assert (score != np.asarray(judge([images, -latents]))).all()


def test_slopes_are_those_of_the_paper():
    """ReLU in the generator, LeakyReLU 0.2 in the others."""
    slopes = {
        network.name: {
            layer.negative_slope for layer in network.layers if layer.name.endswith("relu")
        }
        for network in (bigan_generator(), bigan_encoder(), joint_discriminator())
    }
    assert slopes == {"generator": {0.0}, "encoder": {0.2}, "discriminator": {0.2}}
