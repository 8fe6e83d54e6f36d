"""A trained model measured on a data source: every direction it translates, beside baselines."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tfi2i.data import evaluation_arrays, resize_image, spread_evenly
from tfi2i.errors import DataError
from tfi2i.measures import Shown, find_measure
from tfi2i.metrics import evaluate

if TYPE_CHECKING:
    from tfi2i.data import DataSource, Images
    from tfi2i.metrics import FeatureExtractor
    from tfi2i.training import TranslationGAN

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
    measures: Sequence[str] = (),
) -> dict[str, Any]:
    """Measures a model.

    Args:
        model: With its weights.
        source: Of two domains.
        size: Side of the square images in pixels, one that the generators take.
        split: `test`, `val` or `train`.
        extractor: Features for FID and KID; None takes the default of `tfi2i.metrics.evaluate`.
        features: False leaves FID and KID out.
        limit: At most so many images of each domain, spread evenly; None for all.
        measures: Names of `tfi2i.measures`, which see all images: leave `limit` out with them.

    Returns:
        What `tfi2i.metrics.evaluate` gives for `a2b`, further `data`, `split`, `size`, and, for a
        model that also translates back, `b2a`: the same figures for that direction. Measures add
        their figures to those of `translated` and `copy_input`, and under `measures`, by name, a
        `note` and the `points` of a scatter plot.

    Raises:
        DataError: If the source has one domain only, or no such split.
        RecipeError: If there is no such measure.
    """
    chosen = {name: find_measure(name) for name in measures}
    a, b, _ = evaluation_arrays(source, split=split, size=size, limit=limit)
    if b is None:
        raise DataError(
            f"{source.name} has one domain of images ({source.kind}); a translator is measured "
            "against images of a second one"
        )
    arrays = {"a": a, "b": b}
    paired = source.kind == "paired" or (split == "test" and source.aligned_test)
    figures = {
        direction: evaluate(
            partial(model.translate_batch, direction=direction),
            arrays[direction[0]],
            arrays[direction[-1]],
            paired=paired,
            extractor=extractor,
            features=features,
            training_b=_training_images(source, direction[-1], size),
        )
        for direction in model.translators
    }
    for direction, found in figures.items():
        inputs = arrays[direction[0]]
        translated = model.translate_batch(inputs, direction=direction) if chosen else inputs
        shown = Shown(source, split, direction, size, inputs, translated)
        for name, measure in chosen.items():
            measured = measure(shown)
            found["translated"].update(measured.translated)
            found.get("copy_input", {}).update(measured.copy_input)
            about = {"note": measured.note, "points": measured.points}
            found.setdefault("measures", {})[name] = about
    forth = figures.pop("a2b")
    return {"data": source.description, "split": split, "size": size, **forth, **figures}


def _training_images(source: "DataSource", domain: str, size: int) -> Iterator[np.ndarray] | None:
    """Some training images of a domain, one at a time; None where the source has no such part."""
    if "train" not in source.splits:
        return None
    images: Images | None = getattr(source.splits["train"], domain)
    if images is None:
        return None
    chosen = spread_evenly(len(images), MOST_TRAINING_IMAGES)
    return (resize_image(images.load(index), size, size) for index in chosen)
