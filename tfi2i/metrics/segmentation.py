"""How well two maps of classes agree."""

import numpy as np


def class_figures(truth: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """How well two maps of classes agree, over all their pixels (Long et al. 2015, section 5).

    Args:
        truth: Class numbers, any shape.
        found: Class numbers of the same shape.

    Returns:
        - `pixel_accuracy`: share of pixels whose class was found.
        - `class_accuracy`: the same for the pixels of each class, averaged over classes.
        - `class_iou`: the pixels of a class in both maps over those in either, averaged over
          classes. Both averages run over the classes that are in `truth`.
    """
    classes = np.unique(truth)
    pairs = [(truth == one, found == one) for one in classes]
    hits = [np.sum(true & seen) for true, seen in pairs]
    return {
        "pixel_accuracy": float(np.mean(truth == found)),
        "class_accuracy": float(
            np.mean([hit / true.sum() for hit, (true, _) in zip(hits, pairs, strict=True)])
        ),
        "class_iou": float(
            np.mean([hit / (t | s).sum() for hit, (t, s) in zip(hits, pairs, strict=True)])
        ),
    }
