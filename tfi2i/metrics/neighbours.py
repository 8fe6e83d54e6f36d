"""What nearest neighbours say of a set of made images: quality, variety, and copies.

Notation: features of N images, (N, D). All distances are Euclidean.
"""

from typing import NamedTuple

import numpy as np

from tfi2i.errors import DataError

# Real images whose k-th neighbour draws the border of what counts as near (Naeem et al. 2020).
NEIGHBOURS = 5
_BLOCK = 512


class Manifold(NamedTuple):
    """Result of `manifold_figures`, each between 0 and 1 but for the density.

    Attributes:
        precision: Share of made images near to some real one: quality.
        recall: Share of real images near to some made one: variety.
        density: How many real images' surroundings a made image lies in, over `NEIGHBOURS`; about 1
            for a perfect model, and not upset by one real outlier.
        coverage: Share of real images with a made one in their surroundings: variety, and not upset
            by made outliers.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifold_figures(
    real_features: np.ndarray, fake_features: np.ndarray, *, neighbours: int = NEIGHBOURS
) -> Manifold:
    """Precision and recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020).

    The surroundings of an image reach to its k-th nearest neighbour within its own set (equations 1
    and 2 of the former, 2 and 3 of the latter).

    Args:
        real_features: (N, D), N more than `neighbours`.
        fake_features: (M, D), M more than `neighbours`.
        neighbours: k.

    Raises:
        DataError: A set has too few images.
    """
    fewest = min(len(real_features), len(fake_features))
    if fewest <= neighbours:
        raise DataError(
            f"precision and coverage look at {neighbours} neighbours: they need more than "
            f"{neighbours} images in each set, not {fewest}"
        )
    real_reach = _reach(real_features, neighbours)
    fake_reach = _reach(fake_features, neighbours)
    between = distances_between(real_features, fake_features)
    in_real = between <= real_reach[:, None]
    return Manifold(
        precision=float(in_real.any(axis=0).mean()),
        recall=float((between <= fake_reach[None]).any(axis=1).mean()),
        density=float(in_real.sum(axis=0).mean() / neighbours),
        coverage=float(in_real.any(axis=1).mean()),
    )


def distances_between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """All distances: (N, D) and (M, D) -> float64 (N, M)."""
    squares = np.square(other).sum(axis=1)
    found = np.empty((len(one), len(other)))
    for first in range(0, len(one), _BLOCK):
        rows = one[first : first + _BLOCK]
        all_squares = np.square(rows).sum(axis=1)[:, None] - 2.0 * rows @ other.T + squares
        found[first : first + _BLOCK] = np.sqrt(np.maximum(all_squares, 0.0))
    return found


def nearest(made: np.ndarray, training: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest training image of each made one, by pixels.

    Args:
        made: (N, H, W, C).
        training: (M, H, W, C).

    Returns:
        Their numbers, int64 (N,), and the root mean square differences, float64 (N,), in the units
        of the pixels.
    """
    flat_made, flat_training = (
        images.reshape(len(images), -1).astype(np.float32) for images in (made, training)
    )
    distances = distances_between(flat_made, flat_training)
    numbers = distances.argmin(axis=1)
    return numbers, distances.min(axis=1) / np.sqrt(flat_made.shape[1])


def _reach(features: np.ndarray, neighbours: int) -> np.ndarray:
    """Distance of each image to its k-th neighbour, (N,)."""
    distances = distances_between(features, features)
    # Rounding may leave a distance of an image to itself above zero.
    np.fill_diagonal(distances, 0.0)
    return np.partition(distances, neighbours, axis=1)[:, neighbours]
