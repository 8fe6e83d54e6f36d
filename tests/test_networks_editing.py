"""The editing generator: what the mask leaves is the input, to the bit."""

import numpy as np
import tensorflow as tf

from tfi2i.networks import editing_generator, towards_domain


def test_the_edit_is_laid_over_the_image_through_the_mask():
    generator = editing_generator(domains=2, filters=4, blocks=1)
    images = tf.random.stateless_uniform((2, 16, 24, 3), (0, 0), -1.0, 1.0)
    edited, content, mask = generator([images, tf.one_hot([0, 1], 2)])
    assert edited.shape == content.shape == images.shape and mask.shape == (2, 16, 24, 1)
    assert np.min(mask) >= 0.0 and np.max(mask) <= 1.0 and np.abs(content).max() <= 1.0
    np.testing.assert_allclose(edited, mask * content + (1.0 - mask) * images, atol=1e-6)

    bias = generator.get_layer("mask_conv").bias
    bias.assign([-200.0])
    closed, _, _ = generator([images, tf.one_hot([0, 1], 2)])
    assert np.array_equal(closed, images)


def test_a_direction_gives_the_edited_image():
    generator = editing_generator(domains=2, filters=4, blocks=1)
    images = tf.random.stateless_uniform((1, 16, 16, 3), (0, 1), -1.0, 1.0)
    edited, _, _ = generator([images, tf.one_hot([1], 2)])
    np.testing.assert_allclose(towards_domain(generator, 1, 2)(images), edited, atol=1e-6)
