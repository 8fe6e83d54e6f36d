"""Objectives on the activations of a trained network: content, style, and smoothness of the image.

Activations are (B, h, w, C) and belong to one layer. Sums are taken in float32.
"""

import tensorflow as tf

from tfi2i.layers import channel_statistics


def content(features, target) -> tf.Tensor:
    """Mean squared difference of activations.

    Johnson et al. 2016, equation 2; Gatys et al. 2016, equation 1, up to its constant.

    Args:
        features: Activations of the generated images, (B, h, w, C).
        target: Activations of the content images, (B, h, w, C).
    """
    return tf.reduce_mean(tf.square(_float(features) - _float(target)))


def gram_matrix(features) -> tf.Tensor:
    """Correlations of channels over positions: (B, h, w, C) -> (B, C, C).

    Johnson et al. 2016, equation 3: divided by h w C, so that images of any size can be compared.
    """
    features = _float(features)
    shape = tf.shape(features)
    flat = tf.reshape(features, (shape[0], -1, features.shape[-1]))
    positions = tf.cast(shape[1] * shape[2], tf.float32)
    return tf.matmul(flat, flat, transpose_a=True) / (positions * features.shape[-1])


def gram_style(gram, target) -> tf.Tensor:
    """Mean squared difference of Gram matrices.

    Gatys et al. 2016, equation 4; there the constant is 1/4 and the matrices are not divided by C.

    Args:
        gram: Gram matrices of the generated images, (B, C, C).
        target: Gram matrices of the style, (B or 1, C, C).
    """
    return tf.reduce_mean(tf.square(_float(gram) - _float(target)))


def statistics_style(features, target) -> tf.Tensor:
    """Squared difference of the channels' means and standard deviations, summed over channels.

    AdaIN (Huang and Belongie 2017), equation 13, with the squares of the authors' code; the mean
    over the batch.

    Args:
        features: Activations of the generated images, (B, h, w, C).
        target: Activations of the style images, (B, h', w', C).
    """
    differences = [
        tf.reduce_sum(tf.square(one - other), axis=(1, 2, 3))
        for one, other in zip(channel_statistics(features), channel_statistics(target), strict=True)
    ]
    return tf.reduce_mean(tf.add_n(differences))


def total_variation(images) -> tf.Tensor:
    """Squared differences of neighbouring pixels, summed over an image; the mean over the batch.

    Johnson et al. 2016, section 3.2. Images are (B, H, W, C) in [-1, 1].
    """
    images = _float(images)
    down = tf.square(images[:, 1:] - images[:, :-1])
    right = tf.square(images[:, :, 1:] - images[:, :, :-1])
    sums = [tf.reduce_sum(part, axis=(1, 2, 3)) for part in (down, right)]
    return tf.reduce_mean(sums[0] + sums[1])


def _float(tensor) -> tf.Tensor:
    return tf.cast(tensor, tf.float32)
