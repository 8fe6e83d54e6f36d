"""Objectives that keep distances: images far from each other stay far, near ones near.

The distance of two images is the mean absolute difference of their pixels; a domain's distances are
normalised by their mean and standard deviation over its training images (Benaim and Wolf 2017).
Images are (B, H, W, C) in [-1, 1]; the two domains may have different numbers of channels.
"""

from typing import NamedTuple

import tensorflow as tf

from tfi2i.losses.pairs import mean_over_pairs, require_pairs


class DistanceScale(NamedTuple):
    """What a domain's distances are normalised with: (d - mean) / deviation.

    Attributes:
        mean: float32 scalar.
        deviation: float32 scalar above 0.
    """

    mean: tf.Tensor | float
    deviation: tf.Tensor | float

    def normalise(self, distances: tf.Tensor) -> tf.Tensor:
        """Distances in standard deviations from the domain's mean."""
        return (distances - self.mean) / self.deviation


def pair_distance(
    source, translated, *, source_scale: DistanceScale, target_scale: DistanceScale
) -> tf.Tensor:
    """`|d(x_i, x_j) - d(G(x_i), G(x_j))|`, d normalised per domain, averaged over pairs i < j.

    Benaim and Wolf 2017, equation 4.

    Args:
        source: Images x, at least two.
        translated: G(x), in the same order.
        source_scale: Normalises distances between images of the source's domain.
        target_scale: Normalises distances between images of the target's domain.

    Raises:
        RecipeError: The batch is known to hold fewer than two images.
    """
    before = source_scale.normalise(_between_images(source))
    after = target_scale.normalise(_between_images(translated))
    return mean_over_pairs(tf.abs(before - after))


def self_distance(
    source, translated, *, source_scale: DistanceScale, target_scale: DistanceScale
) -> tf.Tensor:
    """`|d(upper(x), lower(x)) - d(upper(G(x)), lower(G(x)))|`, d normalised per domain.

    Benaim and Wolf 2017, equation 6: a distance within an image needs no second image. The halves
    are the upper and the lower one, as in the authors' code; the paper has left and right.

    Args:
        source: Images x, of even height.
        translated: G(x), in the same order.
        source_scale: Normalises distances between the halves of images of the source's domain.
        target_scale: Normalises distances between the halves of images of the target's domain.
    """
    before = source_scale.normalise(_between_halves(source))
    after = target_scale.normalise(_between_halves(translated))
    return tf.reduce_mean(tf.abs(before - after))


def _between_images(images) -> tf.Tensor:
    """(B, H, W, C) -> (B, B): all distances."""
    images = tf.cast(require_pairs(images), tf.float32)
    flat = tf.reshape(images, (tf.shape(images)[0], -1))
    return tf.reduce_mean(tf.abs(flat[:, tf.newaxis] - flat[tf.newaxis]), axis=-1)


def _between_halves(images) -> tf.Tensor:
    """(B, H, W, C) -> (B,): distances between the upper and the lower half."""
    upper, lower = tf.split(tf.cast(images, tf.float32), 2, axis=1)
    return tf.reduce_mean(tf.abs(upper - lower), axis=[1, 2, 3])
