"""What ties a latent vector to its prior N(0, I): the variational bound of VAEs and its sampling.

Vectors are (B, N), one for each image.
"""

import tensorflow as tf


def reparameterise(mean, log_variance, noise) -> tf.Tensor:
    """A draw from N(mean, variance) with gradients: `mean + exp(log_variance / 2) * noise`.

    Kingma and Welling 2014, section 2.4.

    Args:
        mean: (B, N).
        log_variance: (B, N).
        noise: (B, N), drawn from N(0, I).

    Returns:
        float32 (B, N).
    """
    mean, log_variance = tf.cast(mean, tf.float32), tf.cast(log_variance, tf.float32)
    return mean + tf.exp(0.5 * log_variance) * noise


def kl_to_standard_normal(mean, log_variance) -> tf.Tensor:
    """KL(N(mean, variance) || N(0, I)): summed over components, averaged over the batch.

    Kingma and Welling 2014, appendix B: `sum(mean^2 + variance - log_variance - 1) / 2`.

    Args:
        mean: (B, N).
        log_variance: (B, N).
    """
    mean, log_variance = tf.cast(mean, tf.float32), tf.cast(log_variance, tf.float32)
    terms = tf.square(mean) + tf.exp(log_variance) - log_variance - 1.0
    return tf.reduce_mean(0.5 * tf.reduce_sum(terms, axis=-1))
