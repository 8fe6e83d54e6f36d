"""StackGAN's networks: sizes as in the paper, and what the two layers of latents do."""

import numpy as np
import pytest
import tensorflow as tf

from tfi2i import networks
from tfi2i.errors import RecipeError
from tfi2i.layers import DrawVector, VectorPart


def test_small_sketches_are_halved_less():
    for side, map_side in {64: 16, 32: 8, 16: 8, 12: 12}.items():
        network = networks.stage_two_generator(image_size=side, filters=2, blocks=1)
        assert network.get_layer("block1_add").output.shape[1:3] == (map_side, map_side)
        assert network.output_shape[1:] == (4 * side, 4 * side, 3)


def test_stage_one_begins_at_4x4_and_has_eight_times_the_channels():
    network = networks.stage_one_generator(filters=2, channels=1)
    assert [one.shape[1] for one in network.inputs] == [100, 128]
    assert network.get_layer("sketch_project_conv").output.shape[1:] == (4, 4, 16)
    assert network.output_shape[1:] == (64, 64, 1)


def test_a_discriminator_meets_the_caption_at_4x4():
    network = networks.matching_discriminator(
        image_size=32, embedding_length=5, filters=2, compressed_length=7, name="d"
    )
    assert network.get_layer("with_text").output.shape[1:] == (4, 4, 8 + 7)
    images, captions = tf.random.normal((3, 32, 32, 3)), tf.random.normal((3, 5))
    scores = network([images, captions])
    assert scores.shape == (3, 1)
    assert not np.allclose(scores, network([images, -captions]))
    # Encoders differ in the length of vectors.
    np.testing.assert_allclose(scores, network([images, 100.0 * captions]), atol=1e-2)


def test_moments_of_a_condition():
    network = networks.conditioning(embedding_length=5, length=3, name="c")
    mean, log_variance = network(tf.random.normal((4, 5)))
    assert mean.shape == log_variance.shape == (4, 3) and mean.dtype == tf.float32
    with pytest.raises(RecipeError, match="power of two"):
        networks.sketch_size(48, 6)
    assert networks.sketch_size((64, 32), 4) == (16, 8)


def test_layers_of_latents():
    latents = tf.reshape(tf.range(10.0), (2, 5))
    assert np.array_equal(VectorPart(1, 2)(latents), [[1, 2], [6, 7]])
    noise = np.random.default_rng(0).normal(size=(100_000, 2)).astype(np.float32)
    mean = np.broadcast_to(np.array([1, -2], np.float32), noise.shape)
    log_variance = np.broadcast_to(np.array([0, 2], np.float32), noise.shape)
    drawn = np.array(DrawVector()([mean, log_variance, noise]))
    np.testing.assert_allclose(drawn.mean(axis=0), [1, -2], atol=0.05)
    np.testing.assert_allclose(drawn.var(axis=0), np.exp([0, 2]), rtol=0.05)


def test_a_table_does_not_learn():
    table = networks.caption_table(count=3, length=2, name="t")
    table.set_weights([np.arange(6.0).reshape(3, 2)])
    assert np.array_equal(table(tf.constant([2, 0])), [[4, 5], [0, 1]])
    assert not table.trainable_variables
