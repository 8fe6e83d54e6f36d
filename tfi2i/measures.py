"""Figures beyond those that every translator gets, for variants whose paper argues with them.

A variant's `reproduce.yaml` names its measures, and `tfi2i evaluate --measure` takes them. A
measure looks at one direction of a translator and adds figures to those of the translations and of
the untouched input, a sentence that says how they arose, and perhaps points of a scatter plot.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tfi2i.data import DigitImages, evaluation_arrays
from tfi2i.errors import DataError, RecipeError
from tfi2i.metrics.digits import DigitClassifier
from tfi2i.metrics.distances import correlation, pair_distances

if TYPE_CHECKING:
    from tfi2i.data import DataSource

_MOST_IMAGES = 200
_MOST_POINTS = 500


@dataclass(frozen=True)
class Shown:
    """One direction of a translator, on the images of a split.

    Attributes:
        source: The images.
        split: Which of them.
        direction: `a2b` or `b2a`.
        size: Height and width at which they are measured.
        inputs: uint8 (N, size, size, C).
        translated: uint8 (N, size, size, C_out).
    """

    source: "DataSource"
    split: str
    direction: str
    size: int
    inputs: np.ndarray
    translated: np.ndarray


@dataclass(frozen=True)
class Measured:
    """What a measure found.

    Attributes:
        translated: Figures of the translations.
        copy_input: The same figures of the inputs in their place; empty where that says nothing.
        note: How they arose, a sentence for the card.
        points: Of a scatter plot, [x, y] each, as many as can be looked at.
    """

    translated: dict[str, float | None]
    copy_input: dict[str, float | None]
    note: str
    points: list[list[float]] = field(default_factory=list)


def digit_accuracy(shown: Shown) -> Measured:
    """How often a translated digit still shows the digit of its input.

    A classifier is trained on the real training images of the target domain.

    Raises:
        DataError: If the source is not the built-in digits.
    """
    source_domain, target_domain = shown.direction[0], shown.direction[-1]
    labels = _digits(shown, shown.split, source_domain).labels
    training = _digits(shown, "train", target_domain)
    classifier = DigitClassifier(_images(shown, "train", target_domain), training.labels, seed=0)
    held_out = _digits(shown, "test", target_domain)
    # Print is black on white, handwriting white on black: to exchange the two costs nothing.
    inverted = classifier.accuracy(255 - shown.inputs, labels)
    trusted = classifier.accuracy(_images(shown, "test", target_domain), held_out.labels)
    return Measured(
        {"accuracy": classifier.accuracy(shown.translated, labels)},
        {"accuracy": classifier.accuracy(shown.inputs, labels)},
        "Accuracy: how often a classifier sees the input's digit in its translation. It was "
        f"trained on the {classifier.training_images} real training digits of the target domain "
        f"and names {trusted:.1%} of its {len(held_out)} held-out ones, and {inverted:.1%} of the "
        "inputs when only light and dark are exchanged.",
    )


def distances_kept(shown: Shown) -> Measured:
    """The correlation of the distances between inputs with those between their translations."""
    chosen = np.linspace(0, len(shown.inputs) - 1, min(len(shown.inputs), _MOST_IMAGES))
    chosen = chosen.round().astype(int)
    before = pair_distances(shown.inputs[chosen])
    after = pair_distances(shown.translated[chosen])
    drawn = np.random.default_rng(0).permutation(len(before))[:_MOST_POINTS]
    return Measured(
        {"distance_correlation": correlation(before, after)},
        {},
        f"Distance correlation: of the mean absolute differences of all {len(before)} pairs of "
        f"{len(chosen)} inputs with those of their translations.",
        np.stack([before, after], axis=1)[drawn].round(4).tolist(),
    )


MEASURES: dict[str, Callable[[Shown], Measured]] = {
    "digit_accuracy": digit_accuracy,
    "distances_kept": distances_kept,
}


def find_measure(name: str) -> Callable[[Shown], Measured]:
    """The measure of a name.

    Raises:
        RecipeError: Listing the names there are.
    """
    if name not in MEASURES:
        raise RecipeError(f"no measure is called {name!r}; there are {', '.join(MEASURES)}")
    return MEASURES[name]


def _digits(shown: Shown, split: str, domain: str) -> DigitImages:
    images = getattr(shown.source.splits[split], domain)
    if not isinstance(images, DigitImages):
        raise DataError(
            f"digit_accuracy needs digits with known classes, such as digits:handwritten-printed, "
            f"not {shown.source.name}"
        )
    return images


def _images(shown: Shown, split: str, domain: str) -> np.ndarray:
    a, b, _ = evaluation_arrays(shown.source, split=split, size=shown.size)
    images = a if domain == "a" else b
    assert images is not None
    return images
