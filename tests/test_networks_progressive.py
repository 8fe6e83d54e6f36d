"""The networks of the progressive GAN and their layers: published widths, parts of each size."""

import keras
import numpy as np
import pytest

from tfi2i.layers import EqualizedConv2D, FadeIn, MinibatchDeviation, PixelNormalization
from tfi2i.networks import (
    augmented,
    grown_discriminator,
    grown_generator,
    progressive_discriminator,
    progressive_generator,
)


def draws(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_scaled_kernels_by_hand():
    layer, plain = EqualizedConv2D(5, 3, gain=0.7), keras.layers.Conv2D(5, 3)
    images = draws(2, 6, 6, 4)
    layer.build(images.shape)
    plain.build(images.shape)
    assert np.std(layer.kernel) == pytest.approx(1.0, abs=0.15)
    plain.kernel.assign(layer.kernel * 0.7 / np.sqrt(36))
    np.testing.assert_allclose(layer(images), plain(images), atol=1e-5)
    assert type(layer).from_config(layer.get_config()).gain == 0.7


def test_pixels_have_a_mean_square_of_one():
    maps = draws(2, 3, 3, 8) * 5
    normalised = np.asarray(PixelNormalization()(maps))
    np.testing.assert_allclose((normalised**2).mean(axis=-1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(normalised * maps > 0, True)


@pytest.mark.parametrize(("count", "group"), [(8, 4), (6, 2), (3, 1)])
def test_deviation_within_a_group(count, group):
    maps = draws(count, 2, 3, 5)
    found = np.asarray(MinibatchDeviation(4)(maps))
    np.testing.assert_array_equal(found[..., :5], maps)
    for start in range(0, count, group):
        expected = maps[start : start + group].std(axis=0).mean()
        np.testing.assert_allclose(found[start : start + group, ..., 5], expected, atol=2e-4)


def test_fading_by_hand():
    layer = FadeIn(4)
    older, newer = draws(1, 2), draws(2, 2)[1:]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0, 1.0):
        expected = (1 - share) * older + share * newer
        np.testing.assert_allclose(layer([older, newer]), expected, atol=1e-6)
        layer.advance()
    np.testing.assert_allclose(FadeIn(0)([older, newer]), newer, atol=1e-6)
    assert type(layer).from_config(layer.get_config()).iterations == 4


def test_the_published_widths():
    """Table 2 of the paper, cut at 64 px."""
    generator = progressive_generator()
    widths = [generator.get_layer(f"level{n}_conv1").filters for n in range(1, 5)]
    assert widths == [512, 512, 512, 256]
    kernels = 512 * 512 * 16 + 9 * (512 * 512 * 7 + 512 * 256 + 256 * 256)
    images = 3 * (4 * 512 + 256)
    biases = 512 * 16 + 512 * 7 + 256 * 2 + 5 * 3
    assert generator.count_params() == kernels + images + biases + 4  # counters


@pytest.mark.parametrize("policy", [(), ("translation",)])
def test_parts_of_each_size_share_their_layers(policy):
    options = {"image_size": (16, 32), "channels": 1, "filters": 4, "fade_iterations": 0}
    generator = progressive_generator(latent_length=3, **options)
    whole = augmented(progressive_discriminator(**options), policy)
    latents = draws(4, 3)
    for level, size in enumerate([(4, 8), (8, 16), (16, 32)]):
        drawing, judging = grown_generator(generator, level), grown_discriminator(whole, level)
        images = np.asarray(drawing(latents))
        assert images.shape == (4, *size, 1)
        assert judging(images).shape == (4, 1)
        assert {id(v) for v in drawing.variables} <= {id(v) for v in generator.variables}
        assert {id(v) for v in judging.variables} <= {id(v) for v in whole.variables}
    np.testing.assert_allclose(drawing(latents), generator(latents), atol=1e-6)
    np.testing.assert_allclose(judging(images), whole(images), atol=1e-6)
