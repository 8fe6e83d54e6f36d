"""Objectives that compare two batches of images of one shape: paired target, cycle, identity.

Images are (B, H, W, C) in [-1, 1], so a value is an average over all pixels and channels in [0, 2];
`squared_distance` alone is a sum.
"""

import tensorflow as tf


def l1(x, y) -> tf.Tensor:
    """Mean absolute difference `mean |x - y|`. pix2pix (Isola et al. 2017), equation 3."""
    return tf.reduce_mean(tf.abs(tf.cast(x, tf.float32) - tf.cast(y, tf.float32)))


def l2(x, y) -> tf.Tensor:
    """Mean squared difference `mean (x - y)^2`. DiscoGAN (Kim et al. 2017), section 2."""
    return tf.reduce_mean(tf.square(tf.cast(x, tf.float32) - tf.cast(y, tf.float32)))


def squared_distance(x, y) -> tf.Tensor:
    """Half the squared distance, `|x - y|^2 / 2`: summed over an image, averaged over the batch.

    In nats, but for a constant, how unlikely x is under N(y, I): what an autoencoder with a
    Gaussian decoder pays for a reconstruction (Kingma and Welling 2014, appendix C.2).

    Args:
        x: (B, ...).
        y: The same shape.
    """
    difference = tf.cast(x, tf.float32) - tf.cast(y, tf.float32)
    return tf.reduce_mean(0.5 * tf.reduce_sum(tf.square(difference), axis=range(1, x.shape.rank)))


def cycle(original, reconstructed) -> tf.Tensor:
    """One direction of `mean |F(G(a)) - a|`. CycleGAN (Zhu et al. 2017), equation 2.

    Args:
        original: Images of a domain, (B, H, W, C).
        reconstructed: The same images after there and back, (B, H, W, C).
    """
    return l1(original, reconstructed)


def identity(original, mapped) -> tf.Tensor:
    """`mean |G(b) - b|`: an image of the target domain should not change. CycleGAN, section 5.2.

    Args:
        original: Images of the generator's target domain, (B, H, W, C).
        mapped: What the generator makes of them, (B, H, W, C).
    """
    return l1(original, mapped)


def outside(original, content, mask) -> tf.Tensor:
    """`mean (1 - mask) |content - original|`: outside an edited region nothing should change.

    Args:
        original: Images before the edit, (B, H, W, C).
        content: The same images redrawn, (B, H, W, C).
        mask: The edited region, (B, H, W, 1) in [0, 1].
    """
    difference = tf.abs(tf.cast(content, tf.float32) - tf.cast(original, tf.float32))
    return tf.reduce_mean((1.0 - tf.cast(mask, tf.float32)) * difference)
