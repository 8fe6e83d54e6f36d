"""A trained model measured on a data source: every direction it translates, beside baselines."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tfi2i.data import evaluation_arrays, evaluation_domains, sized, spread_evenly
from tfi2i.errors import DataError
from tfi2i.metrics import evaluate, mean_figures

if TYPE_CHECKING:
    from tfi2i.data import DataSource, Images
    from tfi2i.metrics import FeatureExtractor
    from tfi2i.zoo.translation import TranslationGAN

# A mean colour over more images than this would not change visibly.
MOST_TRAINING_IMAGES = 200


def evaluate_model(
    model: "TranslationGAN",
    source: "DataSource",
    *,
    size: int,
    split: str = "test",
    extractor: "FeatureExtractor | None" = None,
    features: bool = True,
    limit: int | None = None,
) -> dict[str, Any]:
    """Measures a model.

    Args:
        model: The model, with its weights.
        source: A source of two domains, or labelled.
        size: Side of the square images in pixels, one that the generators take.
        split: `test`, `val` or `train`.
        extractor: Features for FID and KID; None takes the default of `tfi2i.metrics.evaluate`.
        features: False leaves FID and KID out.
        limit: How many images of each domain at most, spread evenly; None for all.

    Returns:
        What `tfi2i.metrics.evaluate` gives for `a2b`, and also `data`, `split`, `size`. A model
        that also translates back has `b2a`: the same figures for that direction. `middles` is True
        where the middles of images were measured, and not whole images, stretched
        (`DataSource.keeps_scale`).

        For a model of many domains: what `mean_figures` gives over all pairs of domains, and for
        each direction `to_<domain>` the mean over the domains that images came from. Each pair
        counts the same, however many images it has.

    Raises:
        DataError: If the source does not have the model's domains, or no such split.
    """
    options = {"extractor": extractor, "features": features}
    if source.kind == "labelled":
        figures = _many_domains(model, source, size, split, limit, options)
    else:
        figures = _two_domains(model, source, size, split, limit, options)
    facts = {"data": source.description, "split": split, "size": size}
    return {**facts, **({"middles": True} if source.keeps_scale else {}), **figures}


def _two_domains(
    model: "TranslationGAN",
    source: "DataSource",
    size: int,
    split: str,
    limit: int | None,
    options: dict[str, Any],
) -> dict[str, Any]:
    a, b, _ = evaluation_arrays(source, split=split, size=size, limit=limit)
    if b is None:
        raise DataError(
            f"{source.name} has one domain of images ({source.kind}); a translator is measured "
            "against images of a second one"
        )
    arrays = {"a": a, "b": b}
    paired = source.is_aligned(split)
    figures = {
        direction: evaluate(
            partial(model.translate_batch, direction=direction),
            arrays[direction[0]],
            arrays[direction[-1]],
            paired=paired,
            training_b=_training_images(source, direction[-1], size),
            **options,
        )
        for direction in model.translators
    }
    forth = figures.pop("a2b")
    return {**forth, **figures}


def _many_domains(
    model: "TranslationGAN",
    source: "DataSource",
    size: int,
    split: str,
    limit: int | None,
    options: dict[str, Any],
) -> dict[str, Any]:
    domains = evaluation_domains(source, split=split, size=size, limit=limit)
    directions = {f"to_{domain}": domain for domain in domains}
    if {*directions} != {*model.translators}:
        raise DataError(
            f"{source.name} has the domains {', '.join(domains)}, but {model.name} translates "
            f"{', '.join(model.translators)}"
        )
    pairs = {
        direction: [
            evaluate(
                partial(model.translate_batch, direction=direction),
                images,
                domains[target],
                paired=split == "test" and source.aligned_test,
                training_b=_training_images(source, target, size),
                **options,
            )
            for domain, images in domains.items()
            if domain != target
        ]
        for direction, target in directions.items()
    }
    return {
        **mean_figures([pair for several in pairs.values() for pair in several]),
        **{direction: mean_figures(several) for direction, several in pairs.items()},
    }


def _training_images(source: "DataSource", domain: str, size: int) -> Iterator[np.ndarray] | None:
    """Some training images of a domain, one at a time; None where the source has no such part."""
    if "train" not in source.splits:
        return None
    train = source.splits["train"]
    images: Images | None = train.a
    indices = None
    if train.labels is not None:
        number = source.class_names.index(domain)
        indices = [index for index, label in enumerate(train.labels) if label == number]
    elif domain == "b":
        images = train.b
    if images is None:
        return None
    indices = indices or list(range(len(images)))
    chosen = spread_evenly(len(indices), MOST_TRAINING_IMAGES)
    return (
        sized(images.load(indices[place]), size, keeps_scale=source.keeps_scale) for place in chosen
    )
