"""Order and draws of a training run, computed from seed, purpose and step without any state."""

from typing import Any

import tensorflow as tf

# Every use of randomness has its own number, so that no two see the same draws.
ORDER_A, ORDER_B, CROP_A, CROP_B, AUGMENT_A, AUGMENT_B = range(6)


def key(seed: int, purpose: int, step: Any) -> Any:
    """The seed of one purpose at one step, int64 (2,), for stateless operations."""
    start = tf.constant([seed, purpose], tf.int64)
    return tf.random.fold_in(start, tf.cast(step, tf.int64))


def visited(seed: int, purpose: int, step: tf.Tensor, *, batch_size: int, count: int) -> tf.Tensor:
    """Which images the batch of a step holds.

    Batches follow each other without gaps; every `count` images in a row are a permutation of all
    images, and every epoch has another permutation.

    Args:
        seed: seed of the run.
        purpose: ORDER_A or ORDER_B.
        step: int64 scalar.
        batch_size: images per batch.
        count: number of images.

    Returns:
        int64 (batch_size,), each in [0, count).
    """
    places = step * batch_size + tf.range(batch_size, dtype=tf.int64)
    epochs = places // count
    chosen = tf.zeros_like(places)
    # A batch that starts late in an epoch reaches into at most this many further epochs.
    for later in range((batch_size - 1) // count + 2):
        epoch = epochs[0] + later
        order = tf.random.experimental.index_shuffle(  # pyright: ignore
            places % count, key(seed, purpose, epoch), tf.constant(count - 1, tf.int64)
        )
        chosen = tf.where(epochs == epoch, order, chosen)
    return chosen
