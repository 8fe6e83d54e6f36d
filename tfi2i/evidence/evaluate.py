"""A trained model measured on a data source: what it says of itself, beside baselines."""

from typing import TYPE_CHECKING, Any

from tfi2i.errors import DataError
from tfi2i.image_sizes import Size

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.metrics import FeatureExtractor
    from tfi2i.training import GAN


def evaluate_model(
    model: "GAN",
    source: "DataSource",
    *,
    size: Size,
    split: str = "test",
    extractor: "FeatureExtractor | None" = None,
    features: bool = True,
    limit: int | None = None,
) -> dict[str, Any]:
    """Measures a model.

    Args:
        model: The model, with its weights.
        source: Images of the kind that the model is made for.
        size: Side of the images in pixels, or (height, width), that the generators take.
        split: `test`, `val` or `train`.
        extractor: Features for FID and KID; None takes the default of `tfi2i.metrics.evaluate`.
        features: False leaves FID and KID out.
        limit: How many images of each domain at most, spread evenly; None for all.

    Returns:
        The figures of `GAN.measure`, and also `data`, `split`, `size`. `middles` is True where the
        middles of images were measured, and not whole images, stretched
        (`DataSource.keeps_scale`).

    Raises:
        DataError: If the source does not have the model's domains, or no such split.
    """
    _check_ranges(model, source)
    figures = model.measure(
        source, split=split, size=size, limit=limit, extractor=extractor, features=features
    )
    facts = {"data": source.description, "split": split, "size": size}
    return {**facts, **({"middles": True} if source.keeps_scale else {}), **figures}


def _check_ranges(model: "GAN", source: "DataSource") -> None:
    """Raises a DataError unless images have the values that the model was trained with."""
    for domain, given in zip("ab", source.value_ranges, strict=True):
        trained = model.value_ranges[domain]
        if trained != given:
            raise DataError(
                f"{model.name} was trained with images of domain {domain} of {trained.words()}; "
                f"those of {source.name} are of {given.words()}"
            )
