"""Figures beyond those that every translator gets, for variants whose papers rely on them.

A variant's `reproduce.yaml` names its measures, and `tfi2i evaluate --measure` takes them.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfi2i.data import DigitImages, evaluation_arrays, spread_evenly
from tfi2i.errors import DataError, RecipeError
from tfi2i.evidence.measures.captions import CANDIDATES, caption_retrieval
from tfi2i.evidence.measures.diversity import diversity
from tfi2i.evidence.measures.domains import edit_errors, translation_accuracy
from tfi2i.evidence.measures.encoding import encoding_error
from tfi2i.evidence.measures.judge_curve import judge_curve
from tfi2i.evidence.measures.music import music_distance
from tfi2i.evidence.measures.segmentation import segmentation_score
from tfi2i.evidence.measures.style import style_transfer
from tfi2i.image_sizes import Size
from tfi2i.metrics.distances import correlation, pair_distances
from tfi2i.metrics.grey_classifier import GreyClassifier

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import GAN, RunFolder

_MOST_IMAGES = 200
_MOST_POINTS = 500


@dataclass(frozen=True)
class Subject:
    """What is measured.

    Attributes:
        model: The model, with its weights.
        source: The images.
        size: Their side in pixels, or (height, width).
        cache: An existing folder for what several models share, such as a trained scorer, or None.
        run: The folder of the run that trained it, or None.
    """

    model: "GAN"
    source: "DataSource"
    size: Size
    cache: Path | None = None
    run: "RunFolder | None" = None

    @cached_property
    def inputs(self) -> np.ndarray:
        """The test images of domain a, pixels (N, H, W, C)."""
        return evaluation_arrays(self.source, size=self.size)[0]

    @cached_property
    def translated(self) -> np.ndarray:
        """Their translations, pixels (N, H, W, C_out)."""
        return self.model.translate_batch(self.inputs)


@dataclass(frozen=True)
class Measured:
    """What a measure found.

    Attributes:
        figures: Figures of the translations, by name.
        copy_input: Figures of the untouched inputs in their place, where that says something.
        real_images: Figures of real images of the target domain, where that says something.
        note: How they were obtained, in a sentence for the card.
        points: Points of a scatter plot, [x, y] each, no more than can be looked at.
        axes: What x and y are.
    """

    figures: dict[str, float | None]
    copy_input: dict[str, float | None] = field(default_factory=dict)
    real_images: dict[str, float | None] = field(default_factory=dict)
    note: str = ""
    points: list[list[float]] = field(default_factory=list)
    axes: tuple[str, str] = ("before", "after")


def take_measures(names: Sequence[str], subject: Subject) -> dict[str, dict[str, Any]]:
    """Takes several measures.

    Args:
        names: Names from `MEASURES`.
        subject: What to measure.

    Returns:
        Name to the fields of `Measured`, JSON-able.

    Raises:
        RecipeError: There is no measure with one of the names.
        DataError: The model or the images do not allow a measure.
    """
    check_measures(names)
    return {name: dataclasses.asdict(MEASURES[name](subject)) for name in names}


def check_measures(names: Sequence[str]) -> None:
    """Raises an error if there is no measure with one of the names.

    Raises:
        RecipeError: There is none; the message lists the names there are.
    """
    for name in names:
        if name not in MEASURES:
            raise RecipeError(f"no measure is called {name!r}; there are {', '.join(MEASURES)}")


def digit_accuracy(subject: Subject) -> Measured:
    """How often a translated digit still shows the digit of its input.

    A classifier is trained on the real training images of the target domain.

    Raises:
        DataError: If the source is not the built-in digits.
    """
    labels = _digits(subject, "test", "a").labels
    training = _digits(subject, "train", "b")
    classifier = GreyClassifier(_images(subject, "train"), training.labels, seed=0)
    held_out = _digits(subject, "test", "b")
    # Print is black on white, handwriting is white on black: merely exchanging the two costs
    # nothing.
    inverted = classifier.accuracy(255 - subject.inputs, labels)
    trusted = classifier.accuracy(_images(subject, "test"), held_out.labels)
    return Measured(
        {"accuracy": classifier.accuracy(subject.translated, labels)},
        {"accuracy": classifier.accuracy(subject.inputs, labels)},
        {"accuracy": trusted},
        "Accuracy: how often a classifier sees the input's digit in its translation. It was "
        f"trained on the {classifier.training_images} real training digits of the target domain "
        f"and names {trusted:.1%} of its {len(held_out)} held-out ones, and {inverted:.1%} of the "
        "inputs when only light and dark are exchanged.",
    )


def distances_kept(subject: Subject) -> Measured:
    """The correlation of the distances between inputs with those between their translations."""
    chosen = spread_evenly(len(subject.inputs), _MOST_IMAGES)
    range_a, range_b = subject.source.value_ranges
    before = pair_distances(range_a.levels(subject.inputs[chosen]))
    after = pair_distances(range_b.levels(subject.translated[chosen]))
    drawn = np.random.default_rng(0).permutation(len(before))[:_MOST_POINTS]
    return Measured(
        {"distance_correlation": correlation(before, after)},
        {},
        {},
        f"Distance correlation: of the mean absolute differences of all {len(before)} pairs of "
        f"{len(chosen)} inputs with those of their translations.",
        np.stack([before, after], axis=1)[drawn].round(4).tolist(),
    )


def judge_against_kid(subject: Subject) -> Measured:
    """How the discriminator's or critic's estimate ranks the checkpoints of its own run.

    Raises:
        DataError: No run is measured, or one without `train.evaluate_every`.
    """
    if subject.run is None:
        raise DataError("judge_against_kid is a measure of a run: give it by --run")
    found, points = judge_curve(subject.model, subject.run)
    return Measured(
        {"rank_correlation": found},
        {},
        {},
        "Rank correlation: Spearman's, of the estimate that the game gives of the distance from "
        f"samples to images with the KID to the images of the part val, at {len(points)} moments "
        "of a training.",
        points,
        ("estimate", "KID"),
    )


def _digits(subject: Subject, split: str, domain: str) -> DigitImages:
    images = getattr(subject.source.splits[split], domain)
    if not isinstance(images, DigitImages):
        raise DataError(
            f"digit_accuracy needs digits with known classes, such as digits:handwritten-printed, "
            f"not {subject.source.name}"
        )
    return images


def _images(subject: Subject, split: str) -> np.ndarray:
    """The real images of domain b."""
    images = evaluation_arrays(subject.source, split=split, size=subject.size)[1]
    assert images is not None
    return images


def with_real(figures: dict[str, float]) -> Measured:
    """Separates the figures of translations from those named `real_...`, of real images."""
    real = {k.removeprefix("real_"): v for k, v in figures.items() if k.startswith("real_")}
    return Measured(
        {k: v for k, v in figures.items() if not k.startswith("real_")}, real_images={**real}
    )


def _retrieval(subject: Subject) -> Measured:
    note = (
        f"Retrieval: how often an image's own caption fits it best among {CANDIDATES} "
        f"(chance {1 / CANDIDATES:.0%}), as a ridge regression from features of real training "
        "images to the embeddings of their captions sees it; of captions of test images, which no "
        "model has seen, and known: of training images. Stage I's images are enlarged."
    )
    figures = with_real(caption_retrieval(subject.model, subject.source, subject.size))
    return dataclasses.replace(figures, note=note)


MEASURES: dict[str, Callable[[Subject], Measured]] = {
    "caption_retrieval": _retrieval,
    "digit_accuracy": digit_accuracy,
    "distances_kept": distances_kept,
    "diversity": lambda subject: with_real(diversity(subject.model, subject.source)),
    "edit_errors": lambda subject: Measured(
        {**edit_errors(subject.model, subject.source, subject.size)}
    ),
    "encoding_error": lambda subject: Measured({**encoding_error(subject.model, subject.source)}),
    "judge_against_kid": judge_against_kid,
    "music_distance": lambda subject: Measured(
        {**music_distance(subject.model, subject.source, subject.size)}
    ),
    "style_transfer": lambda subject: Measured(
        {**style_transfer(subject.model, subject.source, subject.size)}
    ),
    "translation_accuracy": lambda subject: with_real(
        translation_accuracy(subject.model, subject.source, subject.size)
    ),
    "segmentation": lambda subject: with_real(
        segmentation_score(subject.model, subject.source, subject.cache)
    ),
}
