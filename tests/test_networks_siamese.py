"""The Siamese encoder: vectors of any length, with and without places, and free in magnitude."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.layers import SpectralNormalization
from tfi2i.networks import siamese_encoder


@pytest.mark.parametrize("vector_length", [1, 16, 1000])
def test_weights_by_hand(vector_length):
    model = siamese_encoder(image_size=64, vector_length=vector_length, depth=4)
    widths = [3, 64, 128, 256, 512]
    blocks = sum(16 * a * b + b for a, b in zip(widths, widths[1:], strict=False))
    last = 4 * 4 * 512 * vector_length + vector_length
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == blocks + last
    assert model.output_shape == (None, vector_length)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_any_size_without_a_fixed_one(channels):
    model = siamese_encoder(input_channels=channels, vector_length=5, depth=2, filters=4)
    for size in ((16, 16), (20, 44)):
        assert model(tf.ones((3, *size, channels))).shape == (3, 5)


def test_not_pooled_it_gives_the_vectors_whose_mean_is_the_pooled_one():
    patches = siamese_encoder(vector_length=5, depth=2, filters=4, pooled=False)
    pooled = siamese_encoder(vector_length=5, depth=2, filters=4)
    pooled.set_weights(patches.get_weights())
    images = tf.random.stateless_normal((2, 16, 32, 3), (0, 0))
    assert patches(images).shape == (2, 4, 8, 5)
    np.testing.assert_allclose(tf.reduce_mean(patches(images), (1, 2)), pooled(images), atol=1e-6)


def moved_apart(model):
    """How far the vector moves when the image's halves change places."""
    image = np.zeros((1, 32, 32, 3), np.float32)
    image[:, 8:12, 8:12] = 1.0
    moved = np.roll(image, 16, axis=(1, 2))
    there, here = np.asarray(model(moved)), np.asarray(model(image))
    return np.linalg.norm(there - here) / np.linalg.norm(here - np.asarray(model(image * 0.0)))


def test_a_fixed_size_knows_where_things_are_and_a_mean_does_not():
    keras.utils.set_random_seed(0)
    assert moved_apart(siamese_encoder(image_size=32, depth=2, filters=8)) > 0.5
    assert moved_apart(siamese_encoder(image_size=None, depth=2, filters=8)) < 0.01


def test_spectral_normalisation_leaves_the_last_layer_free():
    model = siamese_encoder(image_size=32, depth=3, filters=4, attention_at=(2,))
    wrapped = {layer.name for layer in model.layers if isinstance(layer, SpectralNormalization)}
    assert wrapped == {"block1_conv", "block2_conv", "block3_conv"}
    assert model.get_layer("block2_attention").spectral
    last = model.get_layer("vector_conv")
    images = tf.random.stateless_normal((2, 32, 32, 3), (0, 0))
    before = model(images)
    last.kernel.assign(last.kernel * 7.0)
    np.testing.assert_allclose(model(images), before * 7.0, rtol=1e-3, atol=1e-5)
    names = [layer.name for layer in model.layers]
    assert names.index("block2_attention") == names.index("block2_relu") + 1


def test_norms_when_asked_but_never_on_the_first_block():
    model = siamese_encoder(depth=3, filters=4, norm="instance", spectral=False)
    norms = [layer.name for layer in model.layers if layer.name.endswith("_norm")]
    assert norms == ["block2_norm", "block3_norm"]
    assert model.get_layer("block1_conv").use_bias
    assert not model.get_layer("block2_conv").use_bias
    plain = siamese_encoder(depth=3, filters=4)
    assert not [layer.name for layer in plain.layers if layer.name.endswith("_norm")]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_gives_float32_vectors(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = siamese_encoder(depth=2, filters=4, attention_at=(1,), image_size=16)
    finally:
        keras.config.set_dtype_policy("float32")
    vectors = model(tf.ones((2, 16, 16, 3)), training=True)
    assert vectors.dtype == tf.float32
    assert model.get_layer("block1_relu").compute_dtype == policy.removeprefix("mixed_")


def test_impossible_options_are_errors_in_words():
    with pytest.raises(RecipeError, match="multiples of 16 pixels, not 40"):
        siamese_encoder(image_size=40, depth=4)
    with pytest.raises(RecipeError, match="levels 1 to 4"):
        siamese_encoder(attention_at=(0,))


def test_reflecting_it_gives_a_flat_image_one_vector():
    flat = tf.fill((1, 32, 32, 3), 0.5)
    mirrored = siamese_encoder(depth=2, filters=4, pooled=False, padding="reflect")
    framed = siamese_encoder(depth=2, filters=4, pooled=False)
    assert np.ptp(mirrored(flat), axis=(1, 2)).max() < 1e-5
    assert np.ptp(framed(flat), axis=(1, 2)).max() > 1e-3
