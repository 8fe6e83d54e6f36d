"""Objectives on the weights themselves, and on the slope of a critic."""

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf


def squared_weights(variables: Sequence[keras.Variable]) -> tf.Tensor:
    """`sum w^2 / 2`: its gradient is the weight, so that a factor of it is the weight decay.

    This is the L2 decay that runs through Adam's moments, as the papers before AdamW have it;
    Keras' own `weight_decay` is the decoupled one of Loshchilov and Hutter 2019.
    """
    return tf.add_n([tf.nn.l2_loss(tf.cast(v.value, tf.float32)) for v in variables])


def gradient_penalty(critic: Callable[[tf.Tensor], tf.Tensor], real, fake, mixing) -> tf.Tensor:
    """`E[(|grad critic(x)| - 1)^2]` at points x between real and generated images.

    Gulrajani et al. 2017, equation 3. Of a critic of patches the mean of an image's scores counts.

    Args:
        critic: Images to scores, (B, ...) to (B, ...).
        real: Real images, (B, H, W, C).
        fake: Generated images of the same shape.
        mixing: Share of the real image in each x, uniform in [0, 1), (B, 1, 1, 1).
    """
    mixed = tf.cast(mixing * real + (1.0 - mixing) * fake, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(mixed)
        scores = tf.cast(critic(mixed), tf.float32)
        # The gradient of the sum over images holds each image's own.
        total = tf.reduce_sum(
            tf.reduce_mean(tf.reshape(scores, (tf.shape(scores)[0], -1)), axis=-1)
        )
    slopes = tf.cast(tape.gradient(total, mixed), tf.float32)
    squares = tf.reduce_sum(tf.square(slopes), axis=[1, 2, 3])
    return tf.reduce_mean(tf.square(tf.sqrt(squares + 1e-12) - 1.0))
