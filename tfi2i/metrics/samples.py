"""Measures samples of a generator, beside what real images reach in their place."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfi2i.data.decode.resizing import resize_image
from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.data.pipeline.held_out import spread_evenly
from tfi2i.errors import DataError
from tfi2i.metrics.codes import linear_classes
from tfi2i.metrics.distribution import fid, kid
from tfi2i.metrics.extractors import FeatureExtractor
from tfi2i.metrics.features import choose_extractor, describe_features, extract_features
from tfi2i.metrics.grey_classifier import GreyClassifier
from tfi2i.metrics.neighbours import NEIGHBOURS, Manifold, manifold_figures, nearest
from tfi2i.metrics.pixel import check_images
from tfi2i.progress import progress_bar

# Copies are looked for at this size: more pixels find no more of them, and take longer.
_COMPARED_SIDE = 32
# Grey images up to this side are judged by a classifier of their own classes.
_SMALL_SIDE = 32
# Training images that the classifier learns from, at most.
_MOST_TAUGHT = 10_000
# Training images whose features a linear map learns classes from, at most: features take long.
_MOST_NAMED = 2_000
_CLASS_FIGURES = ("classes_covered", "class_divergence")
_NO_JUDGE = (
    "the given extractor takes the place of the classifier of these classes: leave it out for them"
)


def evaluate_samples(
    samples: np.ndarray,
    real: np.ndarray,
    training: np.ndarray,
    *,
    labels: Sequence[int] | None = None,
    classes: int = 0,
    real_labels: Sequence[int] | None = None,
    asked: Sequence[int] | np.ndarray | None = None,
    extractor: FeatureExtractor | None = None,
    value_range: ValueRange = EIGHT_BITS,
) -> dict[str, Any]:
    """Compares samples with real images that the generator never saw.

    Where small grey images have known classes, such as digits, features come from a classifier that
    is trained on them: a network of photographs sees little there. It also says which class each
    sample shows. A given extractor takes its place, and none is trained.

    Args:
        samples: Made images, (N, H, W, C).
        real: Held-out images, (M, H, W, C).
        training: The images that the generator was trained on, (K, H, W, C).
        labels: The class of each training image, where it is known.
        classes: How many classes there are.
        real_labels: The class of each held-out image, where it is known.
        asked: The class that each sample is meant to show, which needs `labels`; None where none
            was asked for.
        extractor: Features; None takes the classifier, or `efficientnet_lite0()`.
        value_range: Of all pixels.

    Returns:
        A dict of plain values that json can write.

        - `images_a`, `images_b`: M and N. `image_size`: [H, W].
        - `samples`, and `real_images`, as many training images in their place: `fid`, `kid`,
          `kid_spread`; `precision`, `recall`, `density`, `coverage` (`manifold_figures`);
          `nearest`, how far the nearest training image is, as a share of how far it is from
          held-out images (0 where all are copies, about 1 where none is; for `samples` alone); and
          with the classifier `classes_covered`, how many classes have at least a tenth of their
          share of the samples, and `class_divergence`, the Kullback-Leibler divergence of the
          classes of samples from those of the training images, in nats. Where classes were asked
          for also `class_accuracy`: the share of samples in which the classifier sees them, and
          of held-out images that it names rightly. Of other images than small grey ones, and with a
          given extractor, a linear map of the features of training images is the classifier
          (`tfi2i.metrics.codes`).
        - `features`: as of `tfi2i.metrics.evaluate`.
        - `skipped`: what is missing from the above -> why.

    Raises:
        DataError: Arrays that are no images of the depth, or too few of them.
        MissingExtraError: No extractor is given, and the default one is not installed.
    """
    for name, images in (("Samples", samples), ("Real", real), ("Training", training)):
        check_images(images, f"{name} images", value_range.dtype)
    skipped: dict[str, str] = {}
    stand_in = training[spread_evenly(len(training), len(real))]
    candidates = {"samples": samples, "real_images": stand_in}
    figures: dict[str, dict[str, Any]] = {name: {} for name in candidates}
    eight = {name: value_range.to_uint8(images) for name, images in candidates.items()}
    real_eight = value_range.to_uint8(real)
    judge = None
    judged = labels is not None and real.shape[3] == 1 and max(real.shape[1:3]) <= _SMALL_SIDE
    if judged and extractor is not None:
        skipped |= dict.fromkeys(_CLASS_FIGURES, _NO_JUDGE)
    elif judged:
        judge = _judge(value_range.to_uint8(training), np.asarray(labels), classes)
    taught = spread_evenly(len(training), 0 if asked is None or judge else _MOST_NAMED)
    chosen = choose_extractor(real, samples, judge or extractor, required=True)
    if isinstance(chosen, str):
        raise DataError(f"samples cannot be compared with real images: {chosen}")
    total = sum(map(len, eight.values())) + len(real) + len(taught)
    with progress_bar("Extracting features", total) as advance:
        real_features = extract_features(chosen, real_eight, advance)
        features = {name: extract_features(chosen, one, advance) for name, one in eight.items()}
        if taught:
            known = extract_features(chosen, value_range.to_uint8(training[taught]), advance)
    fewest = min(len(real), len(samples))
    if fewest <= NEIGHBOURS:
        words = f"it takes more than {NEIGHBOURS} images, and there are {fewest}"
        skipped |= dict.fromkeys(Manifold._fields, words)
    description: dict[str, Any] = {}
    for name, made in features.items():
        distance = kid(real_features, made)
        figures[name] |= {
            "fid": fid(real_features, made),
            "kid": distance.mean,
            "kid_spread": distance.spread if np.isfinite(distance.spread) else None,
        }
        if fewest > NEIGHBOURS:
            figures[name] |= manifold_figures(real_features, made)._asdict()
        if judge is not None:
            figures[name] |= _class_figures(judge.predict(eight[name]), np.asarray(labels), classes)
        if name == "samples":
            description = describe_features(chosen, real_features, made, distance)
    if asked is not None:
        compared = {"samples": (eight["samples"], features["samples"], asked)}
        if real_labels is not None:
            compared["real_images"] = (real_eight, real_features, real_labels)
        for name, (images, seen, truth) in compared.items():
            if judge is None:
                shown = linear_classes(known, np.asarray(labels)[taught], seen)
            else:
                shown = judge.predict(images)
            figures[name]["class_accuracy"] = float(np.mean(shown == np.asarray(truth)))
    figures["samples"]["nearest"] = _nearest_ratio(samples, real, training)
    return {
        "images_a": len(real),
        "images_b": len(samples),
        "image_size": list(real.shape[1:3]),
        **figures,
        "features": description,
        "skipped": skipped,
    }


# The last classifier, by a digest of what it learnt from: a run is measured many times.
_known_judges: dict[bytes, GreyClassifier] = {}


def _judge(images: np.ndarray, labels: np.ndarray, classes: int) -> GreyClassifier:
    chosen = spread_evenly(len(images), _MOST_TAUGHT)
    images, labels = images[chosen], labels[chosen]
    digest = hashlib.sha256(images.tobytes() + labels.tobytes() + str(classes).encode()).digest()
    if digest not in _known_judges:
        _known_judges.clear()
        _known_judges[digest] = GreyClassifier(images, labels, classes=classes)
    return _known_judges[digest]


def _class_figures(shown: np.ndarray, labels: np.ndarray, classes: int) -> dict[str, float]:
    """Which classes a set of images shows, against those of the training images."""
    made, wanted = (np.bincount(one, minlength=classes) / len(one) for one in (shown, labels))
    there = made > 0
    divergence = np.sum(made[there] * np.log(made[there] / np.maximum(wanted[there], 1e-12)))
    return {
        "classes_covered": float(np.sum(made >= 0.1 * wanted)),
        "class_divergence": float(divergence),
    }


def _nearest_ratio(samples: np.ndarray, real: np.ndarray, training: np.ndarray) -> float:
    """Median distance to the nearest training image, over that of held-out images."""
    small = [_reduced(images) for images in (samples, real, training)]
    _, of_samples = nearest(small[0], small[2])
    _, of_real = nearest(small[1], small[2])
    return float(np.median(of_samples) / max(np.median(of_real), 1e-12))


def _reduced(images: np.ndarray) -> np.ndarray:
    """Images of at most `_COMPARED_SIDE` pixels a side."""
    height, width = (min(side, _COMPARED_SIDE) for side in images.shape[1:3])
    return np.stack([resize_image(image, height, width) for image in images])
