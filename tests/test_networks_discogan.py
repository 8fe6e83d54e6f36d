"""DiscoGAN's networks by their published sizes, and its schedule."""

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.networks import encoder_decoder, feature_discriminator
from tfi2i.zoo.unpaired.discogan import DiscoGAN


def weights_of(model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def test_generator_by_hand():
    kernels = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512)
    norms = 2 * (128 + 256 + 512 + 256 + 128 + 64)
    generator = encoder_decoder()
    assert weights_of(generator) == 2 * kernels + norms == 5_513_856
    assert generator(tf.zeros((2, 64, 64, 3))).shape == (2, 64, 64, 3)
    assert generator.get_layer("down4_relu").output.shape[-1] == 512


def test_discriminator_by_hand():
    kernels = 16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512)
    discriminator = feature_discriminator()
    assert weights_of(discriminator) == kernels + 2 * (128 + 256 + 512) == 2_765_568
    scores, *features = discriminator(tf.zeros((2, 64, 64, 3)))
    assert scores.shape == (2, 1)
    assert [tuple(f.shape) for f in features] == [
        (2, 16, 16, 128),
        (2, 8, 8, 256),
        (2, 4, 4, 512),
    ]


@pytest.mark.parametrize(("size", "depth"), [(40, 4), (32, 1)])
def test_sizes_that_cannot_be(size, depth):
    with pytest.raises(RecipeError, match="multiples of 16|must be 2"):
        feature_discriminator(image_size=size, depth=depth)


def test_the_rate_is_a_function_of_the_iteration():
    model = DiscoGAN(crop_size=16, filters=2, discriminator_filters=2, depth=2, switch_update=9)
    rates = []
    for iteration in (0, 2, 3, 1000):
        model.iteration.assign(iteration)
        rates.append(float(model.reconstruction_rate()))
    # An iteration is one update of the discriminators and two of the generators.
    assert rates == pytest.approx([0.01, 0.01, 0.5, 0.5])


def test_an_iteration_updates_the_generators_twice():
    model = DiscoGAN(crop_size=16, filters=2, discriminator_filters=2, depth=2)
    model.compile()
    images = tf.random.stateless_uniform((2, 16, 16, 3), (0, 0), -1.0, 1.0)
    model.fit(tf.data.Dataset.from_tensors((images, -images)), verbose=0)
    updates = {name: int(player.optimizer.iterations) for name, player in model.players.items()}
    assert updates == {"generator": 2, "discriminator": 1}
