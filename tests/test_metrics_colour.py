"""The distance of colours: what it sees, what it is blind to, known palettes."""

import numpy as np
import pytest

from tfi2i.errors import DataError
from tfi2i.metrics import colour_distance


def images(n=6, size=16, channels=3, seed=0):
    shape = (n, size, size, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_equal_palettes_are_at_zero_wherever_the_colours_stand():
    real = images()
    shuffled = np.random.default_rng(1).permutation(real.reshape(-1, 3)).reshape(real.shape)
    assert colour_distance(real, real) == 0
    # Exactly so where every pixel is drawn once.
    assert colour_distance(real, shuffled, pixels=real.size // 3) == pytest.approx(0, abs=1e-12)


def test_grey_images_have_the_distance_of_their_histograms():
    real = images(channels=1) // 2
    assert colour_distance(real, real + 100) == pytest.approx(100 / 127.5)
    black = np.zeros_like(real)
    assert colour_distance(black, black + 255) == pytest.approx(2)


def test_a_change_of_all_colours_is_seen_whole_and_of_one_channel_in_part():
    real = images() // 2
    red = real.copy()
    red[..., 0] += 100
    both = colour_distance(real, red), colour_distance(real, real + 100)
    assert 0 < both[0] < both[1]
    # |shift| times the mean length of a projected unit vector, which is 1/2 in three dimensions.
    assert both[1] == pytest.approx(100 / 127.5 * 3**0.5 / 2, rel=0.1)
    assert both[0] == pytest.approx(100 / 127.5 / 2, rel=0.1)


def test_colours_that_only_occur_together_are_told_apart():
    """Red with blue against red or blue: every channel by itself has one and the same histogram."""
    both = np.zeros((2, 8, 8, 3), np.uint8)
    both[0, ..., 0] = both[0, ..., 2] = 255
    either = np.zeros_like(both)
    either[0, ..., 0] = either[1, ..., 2] = 255
    assert colour_distance(both, either) > 0.1


def test_sets_of_two_sizes_compare_and_a_call_repeats_exactly():
    few, many = images(3), images(40, size=24, seed=2)
    assert colour_distance(few, many) == colour_distance(few, many)
    assert colour_distance(few, many) < 0.05


def test_bad_input_is_named():
    with pytest.raises(DataError, match="3 channels cannot be compared with colours of 1"):
        colour_distance(images(), images(channels=1))
    with pytest.raises(DataError, match="Translated images need uint8"):
        colour_distance(images(), images().astype(float))
