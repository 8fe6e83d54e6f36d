"""FID and KID against hand-computed Gaussians, the textbook formula and brute force."""

import math

import numpy as np
import pytest

from tfi2i.errors import DataError
from tfi2i.metrics import fid, kid


def samples_with(mean, deviations):
    """2 D points whose mean and covariance (over N - 1) are exactly the given ones."""
    n = 2 * len(deviations)
    axes = np.diag(np.asarray(deviations, float) * math.sqrt((n - 1) / 2))
    return np.concatenate([axes, -axes]) + np.asarray(mean, float)


def rotation(dimensions, seed=0):
    random = np.random.default_rng(seed).normal(size=(dimensions, dimensions))
    return np.linalg.qr(random)[0]


def gaussians(n, dimensions=8, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(shift, 1, (n, dimensions))


def test_fid_of_two_gaussians_by_hand():
    # Diagonal covariances: |m1 - m2|^2 + sum of (s1 - s2)^2 = 9 + 16 + (1 + 4 + 0) = 30.
    real = samples_with([0, 0, 0], [1, 3, 2])
    fake = samples_with([3, -4, 0], [2, 1, 2])
    assert fid(real, fake) == pytest.approx(30, rel=1e-12)
    turn = rotation(3)
    assert fid(real @ turn, fake @ turn) == pytest.approx(30, rel=1e-12)


def test_fid_equals_the_formula_with_an_explicit_matrix_root():
    real = gaussians(300, 6) @ np.diag([1, 2, 3, 4, 5, 6.0]) @ rotation(6, 1)
    fake = gaussians(200, 6, 0.5, seed=1) @ rotation(6, 2) @ np.diag([3, 1, 1, 2, 1, 1.0])
    c1, c2 = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    root_trace = np.sqrt(np.linalg.eigvals(c1 @ c2).real).sum()
    expected = np.sum((real.mean(0) - fake.mean(0)) ** 2) + np.trace(c1 + c2) - 2 * root_trace
    assert fid(real, fake) == pytest.approx(expected, rel=1e-10)
    assert fid(fake, real) == pytest.approx(expected, rel=1e-10)


def test_fid_with_fewer_images_than_features():
    # The samples of the hand-computed case in the first 3 of 50 dimensions; 6 images.
    real = np.pad(samples_with([0, 0, 0], [1, 3, 2]), ((0, 0), (0, 47)))
    fake = np.pad(samples_with([3, -4, 0], [2, 1, 2]), ((0, 0), (0, 47)))
    turn = rotation(50)
    assert fid(real @ turn, fake @ turn) == pytest.approx(30, rel=1e-10)
    assert fid(real, real) == pytest.approx(0, abs=1e-10)


def mmd_by_definition(x, y):
    def kernel(p, q):
        return (float(p @ q) / len(p) + 1) ** 3

    n, m = len(x), len(y)
    xx = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return xx + yy - 2 * sum(kernel(p, q) for p in x for q in y) / (n * m)


def test_kid_of_one_whole_subset_equals_the_double_loop():
    real, fake = gaussians(7, 5), gaussians(7, 5, 0.7, seed=1)
    result = kid(real, fake, subsets=1)
    assert result.mean == pytest.approx(mmd_by_definition(real, fake), rel=1e-12)
    assert math.isnan(result.spread)
    assert (result.subsets, result.subset_size) == (1, 7)


def test_kid_is_unbiased_between_samples_of_one_distribution():
    values = [
        kid(gaussians(20, seed=2 * i), gaussians(20, seed=2 * i + 1), subsets=1).mean
        for i in range(400)
    ]
    standard_error = np.std(values) / math.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * standard_error
    # The biased estimate keeps kernel(x, x), 9.75 on average where others are 1.4: it is near 0.8.
    assert standard_error < 0.02


def test_kid_spread_estimates_the_error_of_the_figure():
    def one(i):
        return kid(gaussians(60, seed=2 * i), gaussians(60, shift=0.5, seed=2 * i + 1))

    results = [one(i) for i in range(60)]
    error = np.std([result.mean for result in results])
    spread = np.mean([result.spread for result in results])
    assert 0.6 < spread / error < 1.6


def test_kid_subsets_are_clipped_told_and_seeded():
    real, fake = gaussians(101), gaussians(140, shift=1, seed=1)
    result = kid(real, fake)
    assert (result.subsets, result.subset_size) == (50, 50)
    assert kid(real, fake) == result != kid(real, fake, seed=1)
    assert kid(real, fake, subset_size=20).subset_size == 20
    tiny = kid(real[:3], fake)
    assert (tiny.subsets, tiny.subset_size) == (1, 3) and math.isnan(tiny.spread)


@pytest.mark.parametrize("distance", [fid, kid])
def test_what_cannot_be_compared_is_refused(distance):
    with pytest.raises(DataError, match="one extractor for both"):
        distance(gaussians(5, 3), gaussians(5, 4))
    with pytest.raises(DataError, match="got 1 real and 5 translated"):
        distance(gaussians(1), gaussians(5))
    broken = gaussians(5)
    broken[2, 3] = np.nan
    with pytest.raises(DataError, match="translated images contain NaN"):
        distance(gaussians(5), broken)


def test_kid_refuses_impossible_subsets():
    with pytest.raises(DataError, match="at least one subset"):
        kid(gaussians(9), gaussians(9), subsets=0)
    with pytest.raises(DataError, match="asked for 50 of 1"):
        kid(gaussians(9), gaussians(9), subset_size=1)
