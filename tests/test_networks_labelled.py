"""Networks that take a label beside a latent or an image, and InfoGAN's, which gives one."""

from typing import Any

import keras
import numpy as np
import pytest

from tfi2i.networks import (
    augmented,
    dcgan_discriminator,
    dcgan_generator,
    information_discriminator,
    labelled_maxout_discriminator,
    labelled_perceptron_generator,
)


def trainable(network: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


def test_the_weights_of_perceptrons():
    """By hand: the paper's layers, each with its biases."""
    generator = 100 * 200 + 200 + 10 * 1000 + 1000 + 1200 * 1200 + 1200 + 1200 * 784 + 784
    assert trainable(labelled_perceptron_generator()) == generator == 2_413_984
    joint = (240 + 50) * 240 * 4 + 240 * 4
    discriminator = 784 * 1200 + 1200 + 10 * 250 + 250 + joint + 240 + 1
    assert trainable(labelled_maxout_discriminator()) == discriminator == 1_224_351


def test_labels_add_channels_and_nothing_else():
    def kernels(network: keras.Model) -> list[int]:
        """Channels that the convolutions take, transposed ones in the same way."""
        found = [one for one in network.layers if one.name.endswith("_conv")]
        return [int(one.input.shape[-1]) for one in found]

    sizes: dict[str, Any] = {"image_size": 32, "filters": 4}
    plain, labelled = (dcgan_generator(**sizes, label_length=length) for length in (0, 7))
    assert kernels(plain) == [100, 16, 8, 4] and kernels(labelled) == [107, 16, 8, 4]
    plain, labelled = (dcgan_discriminator(**sizes, label_length=length) for length in (0, 7))
    assert kernels(plain) == [3, 4, 8, 16] and kernels(labelled) == [10, 11, 15, 23]


def test_augmentation_leaves_labels_alone():
    network = dcgan_discriminator(image_size=16, filters=4, label_length=3)
    seen = augmented(network, ("colour", "translation", "cutout"))
    assert [one.shape[1:] for one in seen.inputs] == [(16, 16, 3), (3,)]
    images = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32)
    labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
    one, other = (np.asarray(model([images, labels], training=False)) for model in (network, seen))
    np.testing.assert_allclose(one, other, atol=1e-6)
    drawn = [np.asarray(seen([images, labels], training=True)) for _ in range(2)]
    assert np.abs(drawn[0] - drawn[1]).max() > 1e-4


@pytest.mark.parametrize("continuous", [0, 2])
def test_q_shares_the_convolutions_of_d(continuous):
    options: dict[str, Any] = {"image_size": 28, "channels": 1, "filters": 4}
    network = information_discriminator(codes=10, continuous_codes=continuous, **options)
    images = np.random.default_rng(0).uniform(-1, 1, (2, 28, 28, 1)).astype(np.float32)
    scores, logits, means = network(images, training=False)
    assert scores.shape == (2, 1) and logits.shape == (2, 10) and means.shape == (2, continuous)
    alone = trainable(dcgan_discriminator(**options))
    hidden = 7 * 7 * 8 * 128 + 2 * 128
    assert trainable(network) == alone + hidden + (128 + 1) * (10 + continuous)
