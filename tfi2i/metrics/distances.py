"""Distances between the images of a set, and whether a translation keeps them.

The distance of two images is the mean absolute difference of their pixels in the [-1, 1] scale, as
DistanceGAN has it (Benaim and Wolf 2017, section 3).
"""

import numpy as np

from tfi2i.errors import DataError

# Pixels that are compared at once: rows of this length stay in the processor's cache.
_BLOCK = 4096


def pair_distances(images: np.ndarray) -> np.ndarray:
    """Distances of all pairs i < j.

    Args:
        images: (N, H, W, C) in 0..255.

    Returns:
        float64 (N (N - 1) / 2,), each in [0, 2], in the order of `np.triu_indices`.

    Raises:
        DataError: Fewer than two images.
    """
    if len(images) < 2:
        raise DataError(f"distances between images need at least two of them, not {len(images)}")
    flat = images.reshape(len(images), -1)
    sums = np.zeros((len(images), len(images)))
    for first in range(0, flat.shape[1], _BLOCK):
        block = flat[:, first : first + _BLOCK].astype(np.float32)
        for index in range(len(block) - 1):
            sums[index, index + 1 :] += np.abs(block[index + 1 :] - block[index]).sum(axis=1)
    return sums[np.triu_indices(len(images), 1)] / (flat.shape[1] * 127.5)


def half_distances(images: np.ndarray) -> np.ndarray:
    """Distance between the upper and the lower half of every image.

    Args:
        images: (N, H, W, C) in 0..255, H even.

    Returns:
        float64 (N,), each in [0, 2].

    Raises:
        DataError: An odd height.
    """
    if images.shape[1] % 2:
        raise DataError(f"images of height {images.shape[1]} have no equal halves")
    upper, lower = np.split(images.astype(np.float64), 2, axis=1)
    return np.abs(upper - lower).mean(axis=(1, 2, 3)) / 127.5


def correlation(before: np.ndarray, after: np.ndarray) -> float | None:
    """Pearson's correlation of the distances before and after a translation.

    Args:
        before: (P,), from `pair_distances`.
        after: (P,), from the translations in the same order.

    Returns:
        A number in [-1, 1]; None where the distances of one side are all equal.
    """
    if min(before.std(), after.std()) < 1e-9:
        return None
    return float(np.corrcoef(before, after)[0, 1])


def rank_correlation(x: np.ndarray, y: np.ndarray) -> float | None:
    """Spearman's correlation: that of the ranks, equal values sharing the mean of theirs.

    Args:
        x: (N,), N at least 2.
        y: (N,).

    Returns:
        A number in [-1, 1]; None where all of one side are equal.
    """
    return correlation(_ranks(x), _ranks(y))


def _ranks(values: np.ndarray) -> np.ndarray:
    below = (values[:, None] > values).sum(axis=1)
    not_above = (values[:, None] >= values).sum(axis=1)
    return (below + not_above) / 2.0


def mean_distance_within(rows: np.ndarray) -> float:
    """Mean squared Euclidean distance over all pairs of rows (N, D), N at least 2."""
    spread = np.square(rows - rows.mean(axis=0)).sum()
    # The squared distances of all ordered pairs add up to 2 N times the spread around the mean.
    return float(2 * spread / (len(rows) - 1))
