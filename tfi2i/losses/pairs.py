"""Means over the pairs of different images in a batch."""

import tensorflow as tf

from tfi2i.errors import RecipeError


def require_pairs(batch) -> tf.Tensor:
    """The batch as a tensor, if it is not known to hold fewer than two images.

    Raises:
        RecipeError: If it is.
    """
    batch = tf.convert_to_tensor(batch)
    size = batch.shape[0]
    if size is not None and size < 2:
        raise RecipeError(
            "This loss compares the images of a batch with each other and got a batch of "
            f"{size}. Set batch_size to at least 2 per device."
        )
    return batch


def mean_over_pairs(values) -> tf.Tensor:
    """(B, B) -> scalar: the mean above the diagonal (NaN for an unknown batch of one)."""
    upper = tf.linalg.band_part(values, 0, -1) - tf.linalg.band_part(values, 0, 0)
    count = tf.cast(tf.shape(values)[0], tf.float32)
    return tf.reduce_sum(upper) / (count * (count - 1.0) / 2.0)
