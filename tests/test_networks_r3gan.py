"""The networks of R3GAN and their layers: published widths, how they start, what they compute."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.layers import GroupedConv2D, LearnedBasis, LinearUpsampling2D, grouped_convolution
from tfi2i.networks import r3gan_discriminator, r3gan_generator


def draws(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_linear_upsampling_is_that_of_tensorflow():
    images = draws(2, 5, 3, 4)
    layer = LinearUpsampling2D()
    np.testing.assert_allclose(layer(images), tf.image.resize(images, (10, 6)), atol=1e-6)
    assert layer.compute_output_shape((None, 5, 3, 4)) == (None, 10, 6, 4)


@pytest.mark.parametrize("together", [1, 2, 3])
def test_groups_see_only_themselves(monkeypatch, together):
    """Against one convolution with zeros between the groups; its gradients and second ones too.

    Two of three groups together are the form of a GPU, with a last set that is smaller.
    """
    monkeypatch.setattr(grouped_convolution, "groups_together", lambda channels: together)
    images = tf.constant(draws(2, 6, 6, 12))
    layer = GroupedConv2D(6, 3, padding="same", groups=3)
    layer.build(images.shape)
    places = [np.s_[:, :, 4 * one : 4 * one + 4, 2 * one : 2 * one + 2] for one in range(3)]
    kernel = np.zeros((3, 3, 12, 6), np.float32)
    for one, place in enumerate(places):
        kernel[place] = layer.kernel[..., 2 * one : 2 * one + 2]
    whole = keras.layers.Conv2D(6, 3, padding="same")
    whole.build(images.shape)
    whole.kernel.assign(kernel)

    def outputs_and_gradients(one):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(images)
                outputs = one(images)
                result = tf.reduce_sum(tf.nn.softplus(outputs))
            first = inner.gradient(result, [images, one.kernel.value])
            penalty = tf.reduce_sum(first[0] ** 2)
        return outputs, *first, outer.gradient(penalty, one.kernel.value)

    def of_groups(gradient):
        return np.concatenate([gradient[place] for place in places], axis=-1)

    outputs, to_images, *to_kernel = outputs_and_gradients(whole)
    expected = [outputs, to_images, *map(of_groups, to_kernel)]
    for one, other in zip(outputs_and_gradients(layer), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_gpu_convolves_as_many_groups_together_as_a_tile_spans(monkeypatch):
    for gpu, expected in ((False, [1, 1]), (True, [8, 1])):
        monkeypatch.setattr(grouped_convolution, "has_gpu", lambda gpu=gpu: gpu)
        assert [grouped_convolution.groups_together(channels) for channels in (16, 256)] == expected


def test_the_basis_by_hand():
    layer = LearnedBasis((2, 3))
    weights = draws(4, 5)
    maps = np.asarray(layer(weights))
    assert maps.shape == layer.compute_output_shape((4, 5)) == (4, 2, 3, 5)
    np.testing.assert_allclose(maps[1, 0, 2, 3], weights[1, 3] * layer.kernel[0, 2, 3], rtol=1e-6)
    assert type(layer).from_config(layer.get_config()).map_size == (2, 3)


def test_the_published_widths():
    generator, discriminator = r3gan_generator(), r3gan_discriminator()
    found = [layer.groups for layer in generator.layers if isinstance(layer, GroupedConv2D)]
    # FFHQ-64: 96 groups at each size but the last, two blocks each.
    assert found == [96] * 8 + [48] * 2
    found = [layer.groups for layer in discriminator.layers if isinstance(layer, GroupedConv2D)]
    assert found == [48] * 2 + [96] * 8
    block = 2 * 768 * 1536 + 1536 * 16 * 9 + 2 * 1536
    half = 2 * 384 * 768 + 768 * 16 * 9 + 2 * 768
    ends = 64 * 768 + 16 * 768 + 768 * 384 + 384 * 3
    assert generator.count_params() == 8 * block + 2 * half + ends


def test_every_block_begins_as_the_identity():
    """So the image is linear in the latent, and of order one."""
    generator = r3gan_generator(image_size=32, filters=32, widest_map=8, blocks=1)
    one, other = np.asarray(generator(draws(2, 64)))
    both = np.asarray(generator(draws(2, 64).sum(axis=0, keepdims=True)))[0]
    np.testing.assert_allclose(one + other, both, atol=1e-4)
    images = np.asarray(generator(draws(200, 64)))
    assert images.shape == (200, 32, 32, 3) and 0.2 < images.std() < 2.0


@pytest.mark.parametrize("size", [28, 64, (32, 64)])
def test_sizes(size):
    options = {"image_size": size, "channels": 1, "filters": 16, "widest_map": 32, "blocks": 1}
    images = r3gan_generator(latent_length=3, **options)(draws(2, 3))
    height, width = size if isinstance(size, tuple) else (size, size)
    assert images.shape == (2, height, width, 1)
    assert r3gan_discriminator(**options)(images).shape == (2, 1)


def test_channels_that_groups_cannot_divide_are_named():
    with pytest.raises(RecipeError, match="maps of 64x64 would have 4 channels.*multiple of 8"):
        r3gan_generator(filters=8)
