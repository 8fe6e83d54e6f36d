"""Objectives as pure functions: tensors in, one float32 scalar out.

Discriminators give scores without a sigmoid. A discriminator's objective is the plain sum of its
real and its fake part; a paper that halves it does so in its own variant.
"""

from tfi2i.losses.adversarial import (
    hinge_discriminator,
    hinge_generator,
    least_squares_discriminator,
    least_squares_generator,
    matching_discriminator,
    minimax_discriminator,
    minimax_generator,
    non_saturating_generator,
    over_scales,
    relativistic,
    smoothed_discriminator,
    wasserstein_critic,
    wasserstein_generator,
)
from tfi2i.losses.contrastive import patch_contrast
from tfi2i.losses.critic import classification, gradient_penalty, scores_and_slope
from tfi2i.losses.distance import DistanceScale, pair_distance, self_distance
from tfi2i.losses.entropy import conditional_entropy, marginal_entropy
from tfi2i.losses.features import feature_matching
from tfi2i.losses.latent import kl_to_standard_normal, reparameterise
from tfi2i.losses.perceptual import (
    content,
    gram_matrix,
    gram_style,
    statistics_style,
    total_variation,
)
from tfi2i.losses.reconstruction import cycle, identity, l1, l2, outside, squared_distance
from tfi2i.losses.regularisation import squared_weights
from tfi2i.losses.siamese import (
    least_squares_vector_discriminator,
    separation,
    travel_cosine,
    travel_distance,
    travel_margin,
    triplet_discriminator,
    vector_generator,
    vector_gradient_penalty,
)

__all__ = [
    "DistanceScale",
    "classification",
    "conditional_entropy",
    "content",
    "cycle",
    "feature_matching",
    "gradient_penalty",
    "gram_matrix",
    "gram_style",
    "hinge_discriminator",
    "hinge_generator",
    "identity",
    "kl_to_standard_normal",
    "l1",
    "l2",
    "least_squares_discriminator",
    "least_squares_generator",
    "least_squares_vector_discriminator",
    "matching_discriminator",
    "marginal_entropy",
    "minimax_discriminator",
    "minimax_generator",
    "non_saturating_generator",
    "outside",
    "over_scales",
    "pair_distance",
    "patch_contrast",
    "relativistic",
    "reparameterise",
    "scores_and_slope",
    "self_distance",
    "separation",
    "smoothed_discriminator",
    "squared_distance",
    "squared_weights",
    "statistics_style",
    "total_variation",
    "travel_distance",
    "travel_cosine",
    "travel_margin",
    "triplet_discriminator",
    "vector_generator",
    "vector_gradient_penalty",
    "wasserstein_critic",
    "wasserstein_generator",
]
