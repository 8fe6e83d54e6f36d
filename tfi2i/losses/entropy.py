"""How sure a classifier is of images, and how evenly it uses its classes (Springenberg 2016)."""

import tensorflow as tf

# Keeps the logarithm finite where a class is never used.
_SMALLEST = 1e-12


def conditional_entropy(logits) -> tf.Tensor:
    """`E[H(p(y | x))]`, equation 3: small where every image is sorted with confidence.

    Args:
        logits: (B, K), unbounded.
    """
    logits = tf.cast(logits, tf.float32)
    chances, logs = tf.nn.softmax(logits), tf.nn.log_softmax(logits)
    return -tf.reduce_mean(tf.reduce_sum(chances * logs, axis=-1))


def marginal_entropy(chances) -> tf.Tensor:
    """`H(E[p(y | x)])`, equation 4: log K where all classes are used equally.

    Args:
        chances: (B, K), each row a distribution; or means over parts of a batch, of equal size.
    """
    mean = tf.reduce_mean(tf.cast(chances, tf.float32), axis=0)
    return -tf.reduce_sum(mean * tf.math.log(mean + _SMALLEST))
