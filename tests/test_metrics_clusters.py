"""Groups found without labels: their accuracy, and those of pixels beside them."""

import numpy as np
import pytest

from tfi2i.data import open_source
from tfi2i.metrics.clusters import cluster_accuracy, k_means
from tfi2i.zoo.generation.catgan import CatGAN


def test_each_group_stands_for_the_class_it_has_most():
    # Group 0 is mostly class 2, group 1 is class 0, group 2 has no training image.
    training, labels = np.array([0, 0, 0, 1, 1]), [2, 2, 1, 0, 0]
    assert cluster_accuracy(training, labels, np.array([0, 1, 1, 0]), [2, 0, 1, 1]) == 0.5
    assert cluster_accuracy(training, labels, np.array([2, 2, 0]), [0, 1, 2]) == pytest.approx(
        1 / 3
    )


def test_k_means_finds_what_lies_apart():
    draw = np.random.default_rng(0)
    classes = draw.integers(0, 4, 200)
    rows = 10.0 * np.eye(4)[classes] + draw.normal(0, 0.5, (200, 4))
    known, unknown = k_means(rows[:150], rows[150:], groups=4)
    assert cluster_accuracy(known, classes[:150], unknown, classes[150:]) == 1.0
    same = k_means(np.zeros((5, 2)), np.zeros((2, 2)), groups=3)
    assert {*same[0], *same[1]} == {0}


def test_groups_of_a_model_are_measured_beside_those_of_pixels():
    source = open_source("digits:handwritten", kind="images", channels=1)
    model = CatGAN(crop_size=32, channels=1, filters=4, discriminator_filters=4, latent_length=4)
    figures = model.measure(source, split="test", size=32, limit=60)
    # An untrained network knows next to nothing; pixels know about half.
    assert figures["samples"]["unsupervised_accuracy"] < 0.45
    assert 0.4 < figures["pixels"]["unsupervised_accuracy"] < 0.75
    assert "kid" in figures["samples"]
