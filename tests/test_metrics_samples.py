"""Figures of samples: what is right, wrong, copied or missing shows in the figure that says so."""

import numpy as np
import pytest

from tfi2i.data import evaluation_arrays, open_source
from tfi2i.errors import DataError
from tfi2i.metrics.grey_classifier import GreyClassifier
from tfi2i.metrics.made import figures_made
from tfi2i.metrics.samples import evaluate_samples


class MeanColours:
    """Features that are seen at once: the mean and the spread of each channel."""

    name = "mean colours"

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        means, spreads = images.mean(axis=(1, 2)), images.std(axis=(1, 2))
        return np.concatenate([means, spreads], axis=1) / 128.0


def colours(count: int, seed: int, low: int = 0, high: int = 256) -> np.ndarray:
    return np.random.default_rng(seed).integers(low, high, (count, 8, 8, 3), dtype=np.uint8)


def test_copies_and_strangers_differ_in_what_they_are_near():
    training, real = colours(60, 0), colours(40, 1)
    found = {
        name: evaluate_samples(samples, real, training, extractor=MeanColours())["samples"]
        for name, samples in {
            "copies": training[:40],
            "others": colours(40, 2),
            "dark": colours(40, 3, high=60),
        }.items()
    }
    assert found["copies"]["nearest"] == pytest.approx(0.0, abs=0.01)
    assert found["others"]["nearest"] == pytest.approx(1.0, abs=0.1)
    assert found["dark"]["kid"] > 10 * abs(found["others"]["kid"])
    assert found["dark"]["precision"] == found["dark"]["recall"] == 0.0
    assert found["others"]["precision"] > 0.5 and found["others"]["coverage"] > 0.5


def test_real_images_stand_beside_samples():
    training, real = colours(60, 0), colours(40, 1)
    found = evaluate_samples(colours(40, 2), real, training, extractor=MeanColours())
    assert figures_made(found) is found["samples"]
    assert abs(found["real_images"]["kid"]) < 0.05 and found["real_images"]["coverage"] > 0.5
    assert "nearest" not in found["real_images"]
    assert found["features"]["extractor"] == "mean colours"
    assert (found["images_a"], found["images_b"], found["image_size"]) == (40, 40, [8, 8])


@pytest.fixture(scope="module")
def digits():
    source = open_source("digits:handwritten", kind="images", channels=1)
    real, _, _ = evaluation_arrays(source, size=32, limit=200)
    training, _, _ = evaluation_arrays(source, split="train", size=32)
    return real, training, np.array(source.splits["train"].labels)


def test_digits_are_judged_by_their_classes(digits):
    real, training, labels = digits
    # Two classes, 300 and 200 of five hundred.
    samples = np.concatenate([training[labels == 0][:300], training[labels == 4][:200]])
    found = evaluate_samples(samples, real, training, labels=labels, classes=10)
    made, there = found["samples"], found["real_images"]
    assert made["classes_covered"] == 2 and there["classes_covered"] == 10
    # 0.6 log(0.6 / 0.1) + 0.4 log(0.4 / 0.1) = 1.63, if each is seen as what it is.
    assert made["class_divergence"] == pytest.approx(1.63, abs=0.08)
    assert there["class_divergence"] < 0.02
    assert made["recall"] < there["recall"] and made["kid"] > 10 * abs(there["kid"])
    assert found["features"]["extractor"].startswith("classifier of 10 classes, 4200")


def test_grain_is_seen_in_the_features_of_digits(digits):
    """A classifier's last layer alone would take noisy digits for good ones."""
    real, training, labels = digits
    judge = GreyClassifier(training, labels)
    some = training[::21]
    noise = np.random.default_rng(0).normal(0, 80, some.shape)
    noisy = np.clip(some + noise, 0, 255).astype(np.uint8)
    clean = evaluate_samples(some, real, training, extractor=judge)["samples"]
    grainy = evaluate_samples(noisy, real, training, extractor=judge)["samples"]
    assert judge(real).shape == (200, 112)
    assert grainy["kid"] > 5 * abs(clean["kid"]) and grainy["precision"] < clean["precision"]


def test_a_given_extractor_takes_the_place_of_the_classifier(digits, monkeypatch):
    real, training, labels = digits
    trained = []
    learn = GreyClassifier.__init__
    monkeypatch.setattr(
        GreyClassifier, "__init__", lambda self, *a, **k: trained.append(1) or learn(self, *a, **k)
    )

    class Rows:
        name = "means of rows and columns"

        def __call__(self, images: np.ndarray, /) -> np.ndarray:
            grey = images[..., 0] / 64.0
            return np.concatenate([grey.mean(axis=1), grey.mean(axis=2)], axis=1)

    found = evaluate_samples(
        training[::30],
        real,
        training,
        labels=labels,
        classes=10,
        real_labels=labels[:200],
        asked=labels[::30],
        extractor=Rows(),
    )
    assert not trained and found["features"]["extractor"] == Rows.name
    # By a linear map of the given features, which hardly fails where it has learnt.
    assert found["samples"]["class_accuracy"] > 0.6
    assert "classes_covered" not in found["samples"]
    assert "leave it out" in found["skipped"]["classes_covered"]


def test_few_images_have_fewer_figures():
    found = evaluate_samples(colours(4, 0), colours(4, 1), colours(9, 2), extractor=MeanColours())
    assert "precision" not in found["samples"] and found["samples"]["kid"] is not None
    assert found["skipped"]["recall"] == "it takes more than 5 images, and there are 4"


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(DataError, match="colour or grey, but the images have 5 channels"):
        five = np.zeros((9, 8, 8, 5), np.uint8)
        evaluate_samples(five, five, five)
    with pytest.raises(DataError, match="uint8"):
        evaluate_samples(np.zeros((9, 8, 8, 3)), colours(9, 0), colours(9, 1))
