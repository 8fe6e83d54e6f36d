"""Measures of particular variants, with translators that are known to be right or wrong."""

from typing import Any

import numpy as np
import pytest

from tfi2i.data import evaluation_domains, open_source
from tfi2i.errors import DataError
from tfi2i.evidence.measures.domains import edit_errors, translation_accuracy
from tfi2i.metrics.classifier import DomainClassifier

SIZE = 64
MAPS = "earth:bmng+etopo1+shadedrelief"
COASTS = "earth:shadedrelief+coastlines"


class Perfect:
    """A translator that knows the truth of the test images."""

    def __init__(self, source: Any):
        self.domains = evaluation_domains(source, size=SIZE)

    def translate_batch(self, images: np.ndarray, *, direction: str) -> np.ndarray:
        truth = self.domains[direction.removeprefix("to_")]
        return np.concatenate([truth] * (len(images) // len(truth)))


class Lazy:
    """A translator that changes nothing."""

    def translate_batch(self, images: np.ndarray, *, direction: str) -> np.ndarray:
        return images


def test_translations_are_judged_by_a_classifier_of_real_images():
    source: Any = open_source(MAPS)
    perfect = translation_accuracy(Perfect(source), source, SIZE)  # type: ignore[arg-type]
    assert perfect["real_accuracy"] > 0.95
    assert perfect["accuracy"] == pytest.approx(perfect["real_accuracy"])
    lazy = translation_accuracy(Lazy(), source, SIZE)  # type: ignore[arg-type]
    assert lazy["accuracy"] < 0.05
    # The same images give the same judge.
    assert lazy["real_accuracy"] == perfect["real_accuracy"]


def test_edits_are_judged_inside_and_outside_the_element():
    source: Any = open_source(COASTS)
    perfect = edit_errors(Perfect(source), source, SIZE)  # type: ignore[arg-type]
    assert perfect["inside"] == perfect["outside"] == 0.0
    lazy = edit_errors(Lazy(), source, SIZE)  # type: ignore[arg-type]
    assert lazy["inside"] == lazy["untouched_inside"] > 0.3
    assert lazy["outside"] == 0.0


def test_a_thin_line_is_seen_by_the_classifier():
    source = open_source(COASTS)
    classifier = DomainClassifier(evaluation_domains(source, split="train", size=SIZE))
    test = evaluation_domains(source, size=SIZE)
    assert min(classifier.share(images, name) for name, images in test.items()) > 0.9


def test_mistakes_are_told():
    with pytest.raises(DataError, match="with and without an element"):
        edit_errors(Lazy(), open_source(MAPS), SIZE)  # type: ignore[arg-type]
