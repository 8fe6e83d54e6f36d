"""Means over the pairs of different images in a batch."""

import tensorflow as tf

from tfi2i.errors import RecipeError


def require_pairs(batch) -> tf.Tensor:
    """The batch as a tensor, if it holds two images or more.

    Raises:
        RecipeError: If it is known to hold fewer.
        tf.errors.InvalidArgumentError: In a graph, where that shows only when it runs.
    """
    batch = tf.convert_to_tensor(batch)
    size = batch.shape[0]
    if size is not None and size < 2:
        raise RecipeError(
            "This loss compares the images of a batch with each other and got a batch of "
            f"{size}. Set batch_size to at least 2 per device."
        )
    if size is None:
        words = "this loss compares the images of a batch with each other and needs two"
        tf.debugging.assert_greater(tf.shape(batch)[0], 1, words)
    return batch


def mean_over_pairs(values) -> tf.Tensor:
    """(B, B) -> scalar: the mean above the diagonal (B is at least 2)."""
    upper = tf.linalg.band_part(values, 0, -1) - tf.linalg.band_part(values, 0, 0)
    count = tf.cast(tf.shape(values)[0], tf.float32)
    return tf.reduce_sum(upper) / (count * (count - 1.0) / 2.0)
