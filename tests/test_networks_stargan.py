"""The networks of StarGAN against the published counts, and labels that do what they should."""

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.layers import ConcatenateLabel
from tfi2i.networks import stargan_discriminator, stargan_generator, towards_domain


def test_weights_are_those_of_the_paper():
    """Table 3 of the paper: 53.2 million for the 8 expressions; the code prints the other two."""
    five = [stargan_generator(domains=5), stargan_discriminator(domains=5, crop_size=128)]
    assert [network.count_params() for network in five] == [8_430_528, 44_762_048]
    eight = [stargan_generator(domains=8), stargan_discriminator(domains=8, crop_size=128)]
    assert round(sum(network.count_params() for network in eight) / 1e6, 1) == 53.2


def test_with_the_skip_of_the_input_the_last_convolution_alone_can_copy_the_image():
    images = tf.random.stateless_uniform((2, 16, 16, 3), (0, 0), -0.5, 0.5)
    labels = tf.one_hot([0, 1], 2)
    generator = stargan_generator(domains=2, filters=4, blocks=1, input_skip=True)
    last = generator.get_layer("last_conv")
    # In the middle of the kernel, from each channel of the image to itself.
    kernel = np.zeros(last.kernel.shape, np.float32)
    kernel[3, 3, 4:] = np.eye(3)
    last.kernel.assign(kernel)
    np.testing.assert_allclose(generator([images, labels]), tf.tanh(images), atol=1e-6)
    without = stargan_generator(domains=2, filters=4, blocks=1)
    assert generator.count_params() - without.count_params() == 7 * 7 * 3 * 3


def test_labels_become_maps():
    images = tf.random.stateless_normal((2, 4, 6, 3), (0, 0))
    both = ConcatenateLabel()([images, tf.constant([[1.0, 0.0], [0.0, 1.0]])]).numpy()
    assert both.shape == (2, 4, 6, 5)
    assert np.array_equal(both[..., :3], images)
    assert (both[0, ..., 3:] == [1, 0]).all() and (both[1, ..., 3:] == [0, 1]).all()


def test_a_direction_is_the_generator_with_its_label():
    generator = stargan_generator(domains=3, filters=4, blocks=1)
    images = tf.random.stateless_normal((2, 16, 24, 3), (0, 1))
    translated = [towards_domain(generator, number, 3)(images).numpy() for number in range(3)]
    for number, one in enumerate(translated):
        labels = tf.one_hot([number, number], 3)
        np.testing.assert_allclose(one, generator([images, labels]), atol=1e-6)
    # A constant map survives the instance norm only because zeros are padded around it.
    assert np.abs(translated[0] - translated[1]).max() > 1e-3


def test_the_discriminator_has_patches_and_classes():
    discriminator = stargan_discriminator(domains=5, crop_size=64, depth=5, filters=4)
    scores, logits = discriminator(tf.zeros((2, 64, 64, 3)))
    assert scores.shape == (2, 2, 2, 1) and logits.shape == (2, 5)
    with pytest.raises(RecipeError, match="multiples of 64"):
        stargan_discriminator(domains=5, crop_size=96)
