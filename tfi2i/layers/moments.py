"""Normalisation by the moments of an image or of a batch, on one replica and on several.

Two forms give the same numbers. The fused kernel is faster forwards and backwards (docs/speed.md
says by how much) and has a second derivative. Plain arithmetic of rank 4 converts to TFLite and
leaves its input resizable there. All statistics are float32, also in mixed precision, where the
kernels take float16 and bfloat16 images.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf


def image_moments(images) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and variance of each channel of each image, both float32 (B, 1, 1, C).

    Args:
        images: (B, H, W, C), any float type.
    """
    values = tf.cast(images, tf.float32)
    mean = tf.reduce_mean(values, axis=[1, 2], keepdims=True)
    return mean, tf.reduce_mean(tf.square(values - mean), axis=[1, 2], keepdims=True)


def normalise_by(images, mean, variance, scale, offset, epsilon: float) -> tf.Tensor:
    """Normalises images by given moments, in plain rank-4 arithmetic.

    Args:
        images: (B, H, W, C), any float type, which the result keeps.
        mean: (B, 1, 1, C) or (C,) float32.
        variance: As the mean.
        scale: (C,) float32.
        offset: (C,) float32.
        epsilon: Added to the variance.
    """
    centred = tf.cast(images, tf.float32) - mean
    return tf.cast(centred * (scale * tf.math.rsqrt(variance + epsilon)) + offset, images.dtype)


def normalise_image(images, scale, offset, epsilon: float) -> tf.Tensor:
    """`normalise_by` each image's own moments."""
    return normalise_by(images, *image_moments(images), scale, offset, epsilon)


def strip_moments(strip) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """How many places a strip (1, rows, W, C) has, and each channel's mean and variance (C,)."""
    mean, variance = image_moments(strip)
    return tf.cast(tf.size(strip[..., 0]), tf.float32), mean[0, 0, 0], variance[0, 0, 0]


def joined_moments(parts: Sequence[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """The same for all strips together, each weighted by its places (Chan et al. 1979)."""
    columns = zip(*parts, strict=True)
    counts, means, variances = (np.stack(column).astype(np.float64) for column in columns)
    shares = (counts / counts.sum())[:, None]
    mean = np.sum(shares * means, axis=0)
    variance = np.sum(shares * (variances + np.square(means - mean)), axis=0)
    return tuple(np.asarray(fact, np.float32) for fact in (counts.sum(), mean, variance))


def normalise_batch(
    images, scale, offset, epsilon: float
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Normalises each channel by its mean and variance over this replica's batch, fused.

    Args:
        images: (B, H, W, C), any float type, which the result keeps.
        scale: (C,) float32.
        offset: (C,) float32.
        epsilon: Added to the variance.

    Returns:
        The normalised images, the mean (C,) and the unbiased variance (C,) (divided by n - 1).
    """
    result = _fused(images, scale, offset, epsilon, tf.zeros([0]))
    return result.y, result.batch_mean, result.batch_variance


def normalise_each(images, scale, offset, epsilon: float) -> tf.Tensor:
    """Normalises each channel of each image by its own mean and variance, one kernel an image.

    Args:
        images: (B, H, W, C), any float type, which the result keeps; B is known.
        scale: (C,) float32.
        offset: (C,) float32.
        epsilon: Added to the variance.
    """
    # What the images share is in the graph once: variables are read for each use of them.
    scale, offset = tf.convert_to_tensor(scale), tf.convert_to_tensor(offset)
    none = tf.zeros([0])
    parts = tf.split(images, images.shape[0]) if images.shape[0] > 1 else [images]
    alone = [_fused(image, scale, offset, epsilon, none).y for image in parts]
    return tf.concat(alone, axis=0) if len(alone) > 1 else alone[0]


def _fused(images, scale, offset, epsilon: float, none: tf.Tensor) -> Any:
    # The raw kernel: the public wrapper raises epsilon to 1.001e-5, which cuDNN required long ago.
    return tf.raw_ops.FusedBatchNormV3(
        x=images,
        scale=scale,
        offset=offset,
        mean=none,
        variance=none,
        epsilon=epsilon,
        is_training=True,
    )


def normalise_across_replicas(
    images, scale, offset, epsilon: float, context: tf.distribute.ReplicaContext
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """`normalise_batch` by the moments of all replicas' batches, which must be of one size.

    One all-reduce carries mean and mean of squares; gradients flow back through it to every
    replica.

    Args:
        images: (B, H, W, C) of this replica, any float type, which the result keeps.
        scale: (C,) float32.
        offset: (C,) float32.
        epsilon: Added to the variance.
        context: The replica context of the running step.

    Returns:
        As `normalise_batch`.
    """
    values = tf.cast(images, tf.float32)
    own = tf.stack(
        [
            tf.reduce_mean(values, axis=[0, 1, 2]),
            tf.reduce_mean(tf.square(values), axis=[0, 1, 2]),
        ]
    )
    mean, mean_of_squares = tf.unstack(context.all_reduce(tf.distribute.ReduceOp.MEAN, own))
    # Rounding can push the difference below zero where a channel is constant.
    variance = tf.maximum(mean_of_squares - tf.square(mean), 0.0)
    normalised = (values - mean) * (scale * tf.math.rsqrt(variance + epsilon)) + offset
    count = tf.cast(tf.size(values[..., 0]) * context.num_replicas_in_sync, tf.float32)
    unbiased = variance * count / tf.maximum(count - 1.0, 1.0)
    return tf.cast(normalised, images.dtype), mean, unbiased
