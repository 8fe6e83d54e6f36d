"""Objectives that tell what belongs together from what does not."""

import tensorflow as tf


def patch_contrast(queries: tf.Tensor, keys: tf.Tensor, *, temperature: float) -> tf.Tensor:
    """`E[-log( exp(q . k+ / temperature) / sum_n exp(q . k_n / temperature) )]`, PatchNCE.

    Each query belongs to the key at its own place; the other keys of its own image are what it is
    told from. No gradient reaches the keys, as in the authors' code (Park et al. 2020, equations 2
    and 3).

    Args:
        queries: (B, N, D) of length 1, from N places of the translations.
        keys: (B, N, D) of length 1, from the same places of the inputs.
        temperature: Cosines are divided by it.
    """
    cosines = tf.matmul(
        tf.cast(queries, tf.float32),
        tf.stop_gradient(tf.cast(keys, tf.float32)),
        transpose_b=True,
    )
    log_shares = tf.nn.log_softmax(cosines / temperature, axis=-1)
    return -tf.reduce_mean(tf.linalg.diag_part(log_shares))
