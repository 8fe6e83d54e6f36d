"""Objectives on the weights themselves."""

from collections.abc import Sequence

import keras
import tensorflow as tf


def squared_weights(variables: Sequence[keras.Variable]) -> tf.Tensor:
    """`sum w^2 / 2`: its gradient is the weight, so that its factor in a loss is the weight decay.

    This is the L2 decay that passes through Adam's moments, as in the papers before AdamW. Keras'
    own `weight_decay` is the decoupled one of Loshchilov and Hutter 2019.
    """
    return tf.add_n([tf.nn.l2_loss(tf.cast(v.value, tf.float32)) for v in variables])
