"""The networks of LAPGAN: the published sizes, any size that can be halved."""

import numpy as np
import pytest

from tfi2i.networks import (
    band_discriminator,
    band_generator,
    coarse_discriminator,
    coarse_generator,
    noise_lengths,
    pyramid_depth,
    pyramid_generator,
)

COARSE = {"map_size": 8, "channels": 3, "name": "coarse"}
BAND = {"map_size": 16, "channels": 3, "name": "band"}


def test_the_published_weights():
    """By hand: table 1 of the appendix, for 8 and 16 px."""
    coarse = coarse_generator(**COARSE, latent_length=100, units=8000)
    assert coarse.count_params() == 101 * 8000 + 8001 * 8000 + 8001 * 192
    judge = coarse_discriminator(**COARSE, units=1600, dropout=0.5)
    assert judge.count_params() == 193 * 1600 + 1601 * 1600 + 1601 + 2 * 2  # and two counters
    band = band_generator(**BAND, filters=64)
    assert band.count_params() == 49 * 4 * 64 + 49 * 64 * 64 + 2 * 64 + 25 * 64 * 3 + 3
    judge = band_discriminator(**BAND, filters=64, dropout=0.5)
    values = 8 * 8 * 64
    assert judge.count_params() == 25 * 3 * 64 + 25 * 64 * 64 + 2 * 64 + values + 1 + 2


@pytest.mark.parametrize(("size", "depth"), [(28, 1), (32, 2), (64, 3), ((32, 64), 2), (8, 1)])
def test_how_often_images_are_halved(size, depth):
    assert pyramid_depth(size) == depth


def test_a_generator_of_two_sizes():
    first = coarse_generator(map_size=(2, 3), channels=1, latent_length=4, units=5, name="a")
    second = band_generator(map_size=(4, 6), channels=1, filters=2, name="b")
    assert noise_lengths([first, second]) == [4, 24]
    whole = pyramid_generator([first, second])
    latents = np.random.default_rng(0).normal(size=(2, 28)).astype(np.float32)
    assert whole(latents).shape == (2, 4, 6, 1)
    kernel = second.get_layer("b_band_conv").kernel
    kernel.assign(0 * kernel)
    enlarged = whole.get_layer("low1")(first(latents[:, :4]))
    np.testing.assert_allclose(whole(latents), enlarged, atol=1e-6)
