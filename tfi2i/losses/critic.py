"""What a critic learns besides its scores: gradients of length one, and the classes of images."""

from collections.abc import Callable

import tensorflow as tf

# Keeps the gradient of a length finite where the length is zero.
_SMALLEST_SQUARE = 1e-12


def gradient_penalty(score: Callable[[tf.Tensor], tf.Tensor], real, fake, mixing) -> tf.Tensor:
    """`mean (|grad_x score(x)| - 1)^2` at x on the lines between real and generated images.

    WGAN-GP (Gulrajani et al. 2017), equation 3 and algorithm 1, lines 6 to 7, without its weight.
    For a map of scores it takes the gradient of their sum. The layers of `score` need second
    derivatives, and must not make the images of a batch depend on each other.

    Args:
        score: Images (B, H, W, C) to scores, any shape with B first.
        real: (B, H, W, C).
        fake: (B, H, W, C).
        mixing: (B, 1, 1, 1), uniform in [0, 1): the share of the real image.
    """
    between = mixing * real + (1.0 - mixing) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = score(between)
    gradients = tf.cast(tape.gradient(scores, between), tf.float32)
    squares = tf.reduce_sum(tf.square(gradients), axis=[1, 2, 3])
    return tf.reduce_mean(tf.square(tf.sqrt(squares + _SMALLEST_SQUARE) - 1.0))


def scores_and_slope(
    score: Callable[[tf.Tensor], tf.Tensor], images
) -> tuple[tf.Tensor, tf.Tensor]:
    """Scores of images, and `mean |grad_x score(x)|^2` there, float32: R1 on real ones, R2 on fake.

    Mescheder et al. 2018, equation 9, without its weight. The layers of `score` need second
    derivatives, and must not make the images of a batch depend on each other.

    Args:
        score: Images (B, H, W, C) to scores (B, 1).
        images: (B, H, W, C).
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        scores = score(images)
    gradients = tf.cast(tape.gradient(scores, images), tf.float32)
    return scores, tf.reduce_mean(tf.reduce_sum(tf.square(gradients), axis=[1, 2, 3]))


def classification(logits, labels) -> tf.Tensor:
    """`-mean log softmax(logits)[label]`. AC-GAN (Odena et al. 2017), equation 3.

    Args:
        logits: (B, D), unbounded.
        labels: (B,) class numbers.
    """
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=labels, logits=tf.cast(logits, tf.float32)
    )
    return tf.reduce_mean(losses)
