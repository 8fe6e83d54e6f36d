"""What translations between many domains, and edits of one element, are worth."""

from typing import TYPE_CHECKING

import numpy as np

from tfi2i.data import evaluation_domains
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size
from tfi2i.metrics.classifier import DomainClassifier

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import GAN


def translation_accuracy(model: "GAN", source: "DataSource", size: Size) -> dict[str, float]:
    """How many translations an independent classifier takes for their target (StarGAN, table 3).

    Args:
        model: A model of many domains.
        source: A labelled source; the classifier is trained on its training images.
        size: Side of the images in pixels, or (height, width).

    Returns:
        `accuracy`: the share of the translations that it takes for their target; every test image
            is translated into all domains but its own, and every domain counts the same.
            `real_accuracy`: the share of real test images that the classifier gets right, which
            limits what `accuracy` can say.
    """
    levels = source.value_ranges[0].levels
    training = evaluation_domains(source, split="train", size=size)
    classifier = DomainClassifier({name: levels(images) for name, images in training.items()})
    domains = evaluation_domains(source, size=size)
    translated, real = [], []
    for target in domains:
        others = np.concatenate([images for name, images in domains.items() if name != target])
        made = model.translate_batch(others, direction=f"to_{target}")
        translated.append(classifier.share(levels(made), target))
        real.append(classifier.share(levels(domains[target]), target))
    return {"accuracy": float(np.mean(translated)), "real_accuracy": float(np.mean(real))}


def edit_errors(model: "GAN", source: "DataSource", size: Size) -> dict[str, float]:
    """How well an element is added and removed, and what becomes of the rest of the image.

    Args:
        model: A model of two domains that differ by an element.
        source: A labelled source with aligned test images: where they differ is the element.
        size: Side of the images in pixels, or (height, width).

    Returns:
        Mean absolute differences from the truth in the [-1, 1] scale, averaged over both
        directions: `inside` the element's pixels and `outside` them. `untouched_inside` is `inside`
        for the unedited input (whose `outside` is zero).

    Raises:
        DataError: The source does not have two aligned domains.
    """
    domains = evaluation_domains(source, size=size)
    if len(domains) != 2 or not source.aligned_test:
        raise DataError(f"{source.name} has no aligned test images with and without an element")
    levels = source.value_ranges[0].levels
    element = np.not_equal(*domains.values()).any(axis=-1)
    figures: dict[str, list[float]] = {"inside": [], "outside": [], "untouched_inside": []}
    for target, truth in domains.items():
        (images,) = (own for name, own in domains.items() if name != target)
        made = levels(model.translate_batch(images, direction=f"to_{target}"))
        images, truth = levels(images), levels(truth)
        figures["inside"].append(_l1(made[element], truth[element]))
        figures["outside"].append(_l1(made[~element], truth[~element]))
        figures["untouched_inside"].append(_l1(images[element], truth[element]))
    return {name: float(np.mean(values)) for name, values in figures.items()}


def _l1(x: np.ndarray, y: np.ndarray) -> float:
    signed = np.int16 if x.dtype == np.uint8 else np.float64
    return float(np.abs(x.astype(signed) - y).mean() / 127.5)
