"""Retrieval of captions: by hand on few, and on features that a caption decides."""

from itertools import combinations

import numpy as np
import pytest

from tfi2i.metrics.retrieval import CaptionJudge, retrieval_of


def world(count, seed, noise):
    """Features that are a linear image of embeddings, and noise."""
    draw = np.random.default_rng(seed)
    embeddings = draw.normal(size=(count, 6))
    linear = np.random.default_rng(9).normal(size=(6, 20))
    return embeddings @ linear + noise * draw.normal(size=(count, 20)), embeddings


def test_images_that_show_their_caption_are_told():
    judge = CaptionJudge(*world(200, 0, 0.1))
    features, embeddings = world(30, 1, 0.1)
    assert retrieval_of(judge.ranks(features, embeddings)) > 0.99
    shuffled = retrieval_of(judge.ranks(np.roll(features, 1, axis=0), embeddings))
    nothing = np.random.default_rng(3).normal(size=features.shape)
    assert shuffled < 0.3 and retrieval_of(judge.ranks(nothing, embeddings)) < 0.3


def test_more_noise_asks_for_a_larger_penalty():
    clean, noisy = (CaptionJudge(*world(60, 0, noise)).penalty for noise in (0.01, 30.0))
    assert clean < noisy


def test_equal_captions_do_not_compete():
    judge = CaptionJudge(*world(200, 0, 0.1))
    features, embeddings = world(4, 1, 0.1)
    twice = np.concatenate([embeddings, embeddings])
    assert judge.ranks(np.concatenate([features, features]), twice).max() == 0


@pytest.mark.parametrize(("rank", "others", "candidates"), [(0, 5, 3), (2, 5, 3), (4, 6, 2)])
def test_the_mean_over_all_draws_by_counting_them(rank, others, candidates):
    """Of all sets of other captions, those in which none fits better."""
    sets = list(combinations(range(others), candidates - 1))
    expected = sum(all(one >= rank for one in drawn) for drawn in sets) / len(sets)
    ranks = np.full(others + 1, rank)
    assert retrieval_of(ranks, candidates=candidates) == pytest.approx(expected)


def test_fewer_captions_than_candidates():
    assert retrieval_of(np.array([0, 1, 0]), candidates=10) == pytest.approx(2 / 3)
