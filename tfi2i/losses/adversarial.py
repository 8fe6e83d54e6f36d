"""Adversarial objectives on scores: minimax, non-saturating, least squares, hinge, Wasserstein.

Scores are tensors of any shape without a sigmoid; the mean runs over all their elements, so that a
PatchGAN's map of scores counts as that many decisions (pix2pix, section 3.2.2).
"""

from collections.abc import Callable, Sequence

import tensorflow as tf


def _float32(scores) -> tf.Tensor:
    """Casts before any reduction: a mean in bfloat16 would keep 8 bits."""
    return tf.cast(scores, tf.float32)


def minimax_discriminator(real, fake) -> tf.Tensor:
    """The cross-entropy `-mean log D(real) - mean log(1 - D(fake))`, D = sigmoid(score).

    Goodfellow et al. 2014, equation 1, as a loss to minimise.

    Args:
        real: Scores of real images, any shape, unbounded.
        fake: Scores of generated images, any shape, unbounded.
    """
    real, fake = _float32(real), _float32(fake)
    return tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))


def smoothed_discriminator(real, fake, *, real_label: float) -> tf.Tensor:
    """The cross-entropy with one-sided label smoothing: real images have the label `real_label`.

    `-mean [a log D(real) + (1 - a) log(1 - D(real))] - mean log(1 - D(fake))`. The label of
    generated images stays 0: with another one the optimal D would praise what G draws where there
    is no data (Salimans et al. 2016, section 3.4).

    Args:
        real: Scores of real images, any shape, unbounded.
        fake: Scores of generated images, any shape, unbounded.
        real_label: a, 0.9 in the paper; 1 gives `minimax_discriminator`.
    """
    real, fake = _float32(real), _float32(fake)
    of_real = real_label * tf.nn.softplus(-real) + (1.0 - real_label) * tf.nn.softplus(real)
    return tf.reduce_mean(of_real) + tf.reduce_mean(tf.nn.softplus(fake))


def minimax_generator(fake) -> tf.Tensor:
    """The generator's side: `mean log(1 - D(fake))`. Goodfellow et al. 2014, equation 1."""
    return -tf.reduce_mean(tf.nn.softplus(_float32(fake)))


def matching_discriminator(real, wrong, fake) -> tf.Tensor:
    """`-mean log D(real) - mean [log(1 - D(wrong)) + log(1 - D(fake))] / 2`, D = sigmoid(score).

    The matching-aware discriminator: besides generated images it refuses real ones with the caption
    of another (Reed et al. 2016, algorithm 1).

    Args:
        real: Scores of real images with their captions.
        wrong: Scores of real images with captions of others.
        fake: Scores of generated images with the captions that they were generated from.
    """
    real, wrong, fake = _float32(real), _float32(wrong), _float32(fake)
    refused = tf.reduce_mean(tf.nn.softplus(wrong)) + tf.reduce_mean(tf.nn.softplus(fake))
    return tf.reduce_mean(tf.nn.softplus(-real)) + 0.5 * refused


def non_saturating_generator(fake) -> tf.Tensor:
    """`-mean log D(fake)`, steep where D wins. Goodfellow et al. 2014, section 3."""
    return tf.reduce_mean(tf.nn.softplus(-_float32(fake)))


def least_squares_discriminator(real, fake) -> tf.Tensor:
    """`mean (real - 1)^2 + mean fake^2`. LSGAN, Mao et al. 2017, equation 9, times two."""
    real, fake = _float32(real), _float32(fake)
    return tf.reduce_mean(tf.square(real - 1.0)) + tf.reduce_mean(tf.square(fake))


def least_squares_generator(fake) -> tf.Tensor:
    """`mean (fake - 1)^2`. LSGAN, Mao et al. 2017, equation 9, times two."""
    return tf.reduce_mean(tf.square(_float32(fake) - 1.0))


def hinge_discriminator(real, fake) -> tf.Tensor:
    """`mean max(0, 1 - real) + mean max(0, 1 + fake)`. Miyato et al. 2018, equation 16."""
    real, fake = _float32(real), _float32(fake)
    return tf.reduce_mean(tf.nn.relu(1.0 - real)) + tf.reduce_mean(tf.nn.relu(1.0 + fake))


def hinge_generator(fake) -> tf.Tensor:
    """`-mean fake`. Miyato et al. 2018, equation 17."""
    return -tf.reduce_mean(_float32(fake))


def wasserstein_critic(real, fake) -> tf.Tensor:
    """`mean fake - mean real`: minus the estimated distance (Arjovsky et al. 2017)."""
    return tf.reduce_mean(_float32(fake)) - tf.reduce_mean(_float32(real))


def wasserstein_generator(fake) -> tf.Tensor:
    """`-mean fake`. Arjovsky et al. 2017, algorithm 1, line 11."""
    return -tf.reduce_mean(_float32(fake))


def relativistic(better, worse) -> tf.Tensor:
    """`mean log(1 + exp(worse - better))`: each score should be above its partner's.

    The relativistic pairing game (Jolicoeur-Martineau 2019; R3GAN, Huang et al. 2024, equation 2).
    The discriminator has the real image as the better of a pair, the generator its own.

    Args:
        better: Scores (B, 1), unbounded.
        worse: Scores (B, 1) of their partners.
    """
    return tf.reduce_mean(tf.nn.softplus(_float32(worse) - _float32(better)))


def over_scales(loss: Callable[..., tf.Tensor], *scores: Sequence[tf.Tensor]) -> tf.Tensor:
    """A discriminator of several scales: the sum of an objective over them.

    Args:
        loss: An objective of this module.
        *scores: Each of its arguments as a list, one tensor of scores for each scale.
    """
    return tf.add_n([loss(*at_one_scale) for at_one_scale in zip(*scores, strict=True)])
