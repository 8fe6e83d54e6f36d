"""TraVeLGAN's Siamese network: the paper's widths and sizes, shared but for the first layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.networks import siamese_stem, siamese_trunk
from tfi2i.zoo.unpaired.travelgan import TraVeLGAN


def weights_of(model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def test_weights_by_hand():
    stem, trunk = siamese_stem(), siamese_trunk(image_size=128)
    assert weights_of(stem) == 16 * 3 * 64 + 64
    widths = [64, 128, 256, 512, 512]
    blocks = sum(16 * i * o + 2 * o for i, o in zip(widths, widths[1:], strict=False))
    assert weights_of(trunk) == blocks + 4 * 4 * 512 * 1000
    vectors = trunk(stem(tf.zeros((2, 128, 128, 3))))
    assert vectors.shape == (2, 1000)


@pytest.mark.parametrize(("size", "depth"), [(36, 3), (32, 1)])
def test_sizes_that_cannot_be(size, depth):
    with pytest.raises(RecipeError, match="multiples of 8|2 or more"):
        siamese_trunk(image_size=size, depth=depth)


def test_innermost_maps_are_the_papers_at_every_size():
    for size in (32, 64):
        model = TraVeLGAN(
            crop_size=size, filters=2, discriminator_filters=2, siamese_filters=2, vector_length=4
        )
        innermost = [layer for layer in model.generator_ab.layers if "down" in layer.name][-1]
        generator = keras.Model(model.generator_ab.inputs, innermost.output)
        assert generator(tf.zeros((1, size, size, 3))).shape[1:3] == (8, 8)
        assert model.discriminator_a.get_layer("vector_conv").kernel.shape[:2] == (4, 4)
        assert model.trunk.get_layer("vector_conv").kernel.shape[:2] == (4, 4)
