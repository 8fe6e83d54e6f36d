"""Objectives as pure functions: tensors in, one float32 scalar out.

Discriminators give scores without a sigmoid. A discriminator's objective is the plain sum of its
real and its fake part; a paper that halves it does so in its own variant.
"""

from tfi2i.losses.adversarial import (
    hinge_discriminator,
    hinge_generator,
    least_squares_discriminator,
    least_squares_generator,
    minimax_discriminator,
    minimax_generator,
    non_saturating_generator,
    wasserstein_critic,
    wasserstein_generator,
)
from tfi2i.losses.perceptual import (
    content,
    gram_matrix,
    gram_style,
    statistics_style,
    total_variation,
)
from tfi2i.losses.reconstruction import cycle, identity, l1
from tfi2i.losses.siamese import (
    least_squares_vector_discriminator,
    separation,
    travel_cosine,
    travel_distance,
    triplet_discriminator,
    vector_generator,
)

__all__ = [
    "content",
    "cycle",
    "gram_matrix",
    "gram_style",
    "hinge_discriminator",
    "hinge_generator",
    "identity",
    "l1",
    "least_squares_discriminator",
    "least_squares_generator",
    "least_squares_vector_discriminator",
    "minimax_discriminator",
    "minimax_generator",
    "non_saturating_generator",
    "separation",
    "statistics_style",
    "total_variation",
    "travel_distance",
    "travel_cosine",
    "triplet_discriminator",
    "vector_generator",
    "wasserstein_critic",
    "wasserstein_generator",
]
