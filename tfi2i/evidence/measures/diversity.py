"""How much the translations of one image differ, and how real they look: BicycleGAN, figure 6."""

from typing import TYPE_CHECKING

import numpy as np

from tfi2i.errors import DataError
from tfi2i.metrics.distances import mean_distance_within
from tfi2i.metrics.distribution import kid
from tfi2i.metrics.efficientnet import efficientnet_lite0, efficientnet_lite0_patches
from tfi2i.zoo.paired._base import TakesLatents

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import GAN

SAMPLES = 4


def diversity(model: "GAN", source: "DataSource") -> dict[str, float]:
    """Diversity and realism of translations whose latents are drawn from the prior.

    This is the protocol of Zhu et al. 2017, section 5.2, with what works offline: the distance of
    `efficientnet_lite0_patches` takes the place of LPIPS, and KID takes the place of human judges.

    Args:
        model: A model that gives many translations of one image.
        source: A source of two domains; its test images are translated, at the model's training
            size.

    Returns:
        - `diversity`: mean distance between two translations of one image, over all pairs of
          `SAMPLES` translations of every test image.
        - `sampled_kid`: KID between the real images and one such translation of each test image.
        - `real_diversity`: mean distance between two real images of domain b, for comparison.

    Raises:
        DataError: The model has no latent, or the source no second domain.
    """
    from tfi2i.data import evaluation_arrays

    if not isinstance(model, TakesLatents):
        raise DataError(f"{model.name} gives one translation of an image: it has no diversity")
    a, b, _ = evaluation_arrays(source, size=model.crop_size)
    if b is None:
        raise DataError(f"{source.name} has no test images of b, beside which realism is measured")
    random = np.random.default_rng(0)
    latents = random.standard_normal((len(a) * SAMPLES, model.latent_length))
    seen = source.value_ranges[1].to_uint8  # The networks of features take no other depth.
    samples, b = seen(model.sample(np.repeat(a, SAMPLES, axis=0), latents)), seen(b)
    patches, pooled = efficientnet_lite0_patches(), efficientnet_lite0()
    distances = [
        mean_distance_within(patches(samples[first : first + SAMPLES]))
        for first in range(0, len(samples), SAMPLES)
    ]
    some_real = random.permutation(len(b))[: 8 * SAMPLES]
    return {
        "diversity": float(np.mean(distances)),
        "sampled_kid": kid(pooled(b), pooled(samples[::SAMPLES])).mean,
        "real_diversity": mean_distance_within(patches(b[some_real])),
    }
