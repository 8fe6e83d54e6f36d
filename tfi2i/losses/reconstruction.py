"""Objectives that compare two batches of images of one shape: paired target, cycle, identity.

Images are (B, H, W, C) in [-1, 1], so a value is an average over all pixels and channels in [0, 2].
"""

import tensorflow as tf


def l1(x, y) -> tf.Tensor:
    """Mean absolute difference `mean |x - y|`. pix2pix (Isola et al. 2017), equation 3."""
    return tf.reduce_mean(tf.abs(tf.cast(x, tf.float32) - tf.cast(y, tf.float32)))


def l2(x, y) -> tf.Tensor:
    """Mean squared difference `mean (x - y)^2`. DiscoGAN (Kim et al. 2017), section 2."""
    return tf.reduce_mean(tf.square(tf.cast(x, tf.float32) - tf.cast(y, tf.float32)))


def cycle(original, reconstructed) -> tf.Tensor:
    """One direction of `mean |F(G(a)) - a|`. CycleGAN (Zhu et al. 2017), equation 2.

    Args:
        original: Images of a domain, (B, H, W, C).
        reconstructed: The same images after there and back, (B, H, W, C).
    """
    return l1(original, reconstructed)


def identity(original, mapped) -> tf.Tensor:
    """`mean |G(b) - b|`: what is in the target domain should not change. CycleGAN, section 5.2.

    Args:
        original: Images of the generator's target domain, (B, H, W, C).
        mapped: What the generator makes of them, (B, H, W, C).
    """
    return l1(original, mapped)
