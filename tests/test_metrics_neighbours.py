"""Precision, recall, density, coverage and copies: by hand, and against a plain loop."""

import numpy as np
import pytest

from tfi2i.errors import DataError
from tfi2i.metrics.neighbours import distances_between, manifold_figures, nearest


def line(*points: float) -> np.ndarray:
    return np.array(points)[:, None]


def test_by_hand_on_a_line():
    # Reaches of the real ones to their second neighbours: 2, 1, 2 and 9.
    real = line(0.0, 1.0, 2.0, 10.0)
    # And of the made ones: 1, 0.5, 1 and 98.
    made = line(1.5, 2.0, 2.5, 100.0)
    found = manifold_figures(real, made, neighbours=2)
    # 1.5 and 2 lie in the surroundings of all four, for 10 reaches to 1; 2.5 in those of 2 and 10;
    # 100 in none.
    assert found.precision == 3 / 4
    assert found.density == pytest.approx((4 + 4 + 2 + 0) / 4 / 2)
    # All four have a made one in their surroundings.
    assert found.coverage == 1.0
    # 0 is near to none: even those of 100 begin at 2. 1 and 2 are near to 1.5, and 10 to 100.
    assert found.recall == 3 / 4


def test_agrees_with_a_loop():
    draw = np.random.default_rng(0)
    real, made = draw.normal(0, 1, (40, 3)), draw.normal(0.5, 1.2, (30, 3))

    def reach(points, number):
        others = [np.linalg.norm(points[number] - p) for k, p in enumerate(points) if k != number]
        return sorted(others)[4]

    def near(points, number, other):
        return np.linalg.norm(points[number] - other) <= reach(points, number)

    found = manifold_figures(real, made)
    within = np.array([[near(real, r, m) for m in made] for r in range(len(real))])
    assert found.precision == within.any(axis=0).mean()
    assert found.coverage == within.any(axis=1).mean()
    assert found.density == pytest.approx(within.sum() / len(made) / 5)
    recalled = [any(near(made, m, r) for m in range(len(made))) for r in real]
    assert found.recall == np.mean(recalled)


def test_one_mode_has_precision_and_no_recall():
    draw = np.random.default_rng(1)
    real = np.concatenate([draw.normal(0, 1, (50, 4)), draw.normal(20, 1, (50, 4))])
    found = manifold_figures(real, draw.normal(0, 0.5, (100, 4)))
    assert found.precision > 0.9
    assert found.recall < 0.5 and found.coverage <= 0.5


def test_distances_are_exact_enough():
    draw = np.random.default_rng(2)
    one, other = draw.normal(0, 1, (600, 7)), draw.normal(0, 1, (5, 7))
    expected = np.linalg.norm(one[:, None] - other[None], axis=-1)
    np.testing.assert_allclose(distances_between(one, other), expected, atol=1e-6)


def test_the_nearest_training_image():
    draw = np.random.default_rng(3)
    training = draw.integers(0, 256, (9, 4, 5, 3), dtype=np.uint8)
    made = training[[7, 2]].copy()
    made[1, 0, 0, 0] ^= 64
    numbers, distances = nearest(made, training)
    assert numbers.tolist() == [7, 2]
    assert distances[0] == pytest.approx(0.0, abs=0.5)  # of 255, in float32
    assert distances[1] == pytest.approx(64 / np.sqrt(60), abs=0.1)


def test_too_few_images_are_named():
    with pytest.raises(DataError, match="more than 5 images in each set, not 5"):
        manifold_figures(np.zeros((5, 2)), np.zeros((9, 2)))
