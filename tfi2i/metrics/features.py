"""Features of sets of images: which network they come from, and how they were taken."""

from typing import Any

import numpy as np

from tfi2i.errors import MissingExtraError
from tfi2i.metrics.distribution import KID
from tfi2i.metrics.efficientnet import efficientnet_lite0
from tfi2i.metrics.extractors import FeatureExtractor
from tfi2i.progress import Advance

_BATCH_SIZE = 32


def choose_extractor(
    real: np.ndarray, made: np.ndarray, extractor: FeatureExtractor | None, *, required: bool
) -> FeatureExtractor | str:
    """The extractor to use, or the reason why there can be no features."""
    if real.shape[3] not in (1, 3):
        return (
            f"feature extractors see colour or grey, but the images have {real.shape[3]} channels"
        )
    if min(len(real), len(made)) < 2:
        return "distances between sets need at least two images in each"
    if extractor is not None:
        return extractor
    try:
        return efficientnet_lite0()
    except MissingExtraError as error:
        if required:
            raise
        return str(error)


def describe_features(
    extractor: FeatureExtractor, real: np.ndarray, fake: np.ndarray, distance: KID
) -> dict[str, Any]:
    """How FID and KID were obtained, for a file: see `tfi2i.metrics.evaluate`.

    Args:
        extractor: Where the features come from.
        real: Those of real images, (N, D).
        fake: Those of made images, (M, D).
        distance: Their KID.
    """
    return {
        "extractor": extractor.name,
        "dimensions": real.shape[1],
        "real_images": len(real),
        "fake_images": len(fake),
        "kid_subsets": distance.subsets,
        "kid_subset_size": distance.subset_size,
        "fid_warning": _fid_warning(real, fake),
    }


def _fid_warning(real: np.ndarray, fake: np.ndarray) -> str | None:
    images, dimensions = min(len(real), len(fake)), real.shape[1]
    if images > dimensions:
        return None
    return (
        f"FID is strongly biased upwards with {images} images for {dimensions} features: compare "
        "it only between equal numbers of images, and trust KID."
    )


def extract_features(
    extractor: FeatureExtractor, images: np.ndarray, advance: Advance
) -> np.ndarray:
    """Features of grey or colour images."""
    features = []
    for start in range(0, len(images), _BATCH_SIZE):
        batch = images[start : start + _BATCH_SIZE]
        features.append(extractor(np.repeat(batch, 3, axis=3) if batch.shape[3] == 1 else batch))
        advance(len(batch))
    return np.concatenate(features)
