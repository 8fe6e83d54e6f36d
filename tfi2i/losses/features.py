"""Objectives on what a discriminator sees inside: maps (B, h, w, C) of several of its layers."""

from collections.abc import Sequence

import tensorflow as tf


def feature_matching(real_features: Sequence, fake_features: Sequence) -> tf.Tensor:
    """`sum over layers of mean (E[f(real)] - E[f(fake)])^2`, E over the batch.

    Salimans et al. 2016, section 3.1; summed over several layers as DiscoGAN does.

    Args:
        real_features: For each layer, its map for real images, (B, h, w, C).
        fake_features: Likewise for generated images; their batch may be of another size.
    """
    distances = [
        tf.reduce_mean(tf.square(_batch_mean(real) - _batch_mean(fake)))
        for real, fake in zip(real_features, fake_features, strict=True)
    ]
    return tf.add_n(distances)


def _batch_mean(features) -> tf.Tensor:
    return tf.reduce_mean(tf.cast(features, tf.float32), axis=0)
