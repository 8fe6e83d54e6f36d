"""What groups that were found without labels know of classes, beside groups of pixels."""

from collections.abc import Sequence

import numpy as np

# Turns of K-means, which mostly ends before.
_MOST_TURNS = 100


def cluster_accuracy(
    training: np.ndarray,
    training_labels: Sequence[int] | np.ndarray,
    held_out: np.ndarray,
    held_out_labels: Sequence[int] | np.ndarray,
) -> float:
    """The share of held-out images whose group is mostly of their class.

    Each group stands for the class that most of its training images have (Springenberg 2016,
    section 4.2; Chen et al. 2016, section 7.2): labels serve to name groups, and for nothing else.

    Args:
        training: The group of each training image, int (N,), from 0.
        training_labels: Their classes, numbers from 0.
        held_out: The group of each held-out image, int (M,).
        held_out_labels: Their classes.
    """
    labels = np.asarray(training_labels)
    counts = np.zeros((max(training.max(), held_out.max()) + 1, labels.max() + 1), int)
    np.add.at(counts, (training, labels), 1)
    # A group without training images stands for no class.
    classes = np.where(counts.any(axis=1), counts.argmax(axis=1), -1)
    return float(np.mean(classes[held_out] == np.asarray(held_out_labels)))


def k_means(
    training: np.ndarray, held_out: np.ndarray, *, groups: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The groups of images by the nearest of `groups` means of pixels (Lloyd 1982).

    The first means are training images, each drawn the sooner the further it is from those before
    (Arthur and Vassilvitskii 2007).

    Args:
        training: Vectors from which the means are found, (N, D).
        held_out: Other vectors, (M, D).
        groups: How many means, at most N.
        seed: Of the first means.

    Returns:
        The groups of both, int (N,) and (M,).
    """
    training, held_out = training.astype(np.float32), held_out.astype(np.float32)
    draw = np.random.default_rng(seed)
    means = training[draw.integers(len(training), size=1)]
    while len(means) < groups:
        far = np.maximum(_squares(training, means).min(axis=1), 0.0).astype(np.float64)
        chances = far / far.sum() if far.sum() else None
        means = np.concatenate([means, training[draw.choice(len(training), size=1, p=chances)]])
    found = _squares(training, means).argmin(axis=1)
    for _ in range(_MOST_TURNS):
        for group in range(groups):
            if (members := found == group).any():
                means[group] = training[members].mean(axis=0)
        before, found = found, _squares(training, means).argmin(axis=1)
        if (before == found).all():
            break
    return found, _squares(held_out, means).argmin(axis=1)


def _squares(vectors: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Squared distances, (N, groups)."""
    return np.sum(vectors**2, axis=1)[:, None] - 2.0 * vectors @ means.T + np.sum(means**2, axis=1)
