"""What an encoder's latents know of the classes of images, beside what pixels know."""

from collections.abc import Sequence

import numpy as np

from tfi2i.metrics.neighbours import distances_between

# Of the ridge regression, for each training image: with inputs of variance one, weights that
# explain less than a hundredth of it are pulled towards zero.
_RIDGE = 0.01


def class_accuracies(
    training: np.ndarray,
    training_labels: Sequence[int] | np.ndarray,
    held_out: np.ndarray,
    held_out_labels: Sequence[int] | np.ndarray,
) -> dict[str, float]:
    """How well two simple classifiers tell the classes of held-out images from vectors.

    The first takes the class of the nearest training image, by the Euclidean distance (BiGAN,
    section 4.2). The second is linear: ridge regression on the classes, each a target of 0 or 1, in
    closed form. Neither has anything to tune.

    Args:
        training: Vectors of training images, (N, D).
        training_labels: Their classes, numbers from 0.
        held_out: Vectors of other images, (M, D).
        held_out_labels: Their classes.

    Returns:
        `nearest_accuracy` and `linear_accuracy`, shares from 0 to 1.
    """
    training, held_out = training.astype(np.float64), held_out.astype(np.float64)
    classes, truth = np.asarray(training_labels), np.asarray(held_out_labels)
    nearest = classes[distances_between(held_out, training).argmin(axis=1)]
    return {
        "nearest_accuracy": float(np.mean(nearest == truth)),
        "linear_accuracy": float(np.mean(linear_classes(training, classes, held_out) == truth)),
    }


def linear_classes(training: np.ndarray, classes: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """The class whose regression is largest, (M,); see `class_accuracies`."""
    mean, spread = training.mean(axis=0), training.std(axis=0)
    spread[spread < 1e-6] = np.inf  # A component that never varies says nothing.
    inputs, targets = (training - mean) / spread, np.eye(classes.max() + 1)[classes]
    ridge = _RIDGE * len(inputs) * np.eye(inputs.shape[1])
    weights = np.linalg.solve(
        inputs.T @ inputs + ridge, inputs.T @ (targets - targets.mean(axis=0))
    )
    return ((held_out - mean) / spread @ weights + targets.mean(axis=0)).argmax(axis=1)
