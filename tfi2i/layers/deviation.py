"""How much the images of a batch differ, for a discriminator to see."""

import math

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfi2i")
class MinibatchDeviation(keras.layers.Layer):
    """Appends one channel, how much a group's images differ: (B, H, W, C) -> (B, H, W, C + 1).

    It is the standard deviation of each place and channel over a group of images, averaged over
    places and channels (Karras et al. 2018, section 3). A generator that draws one image for all
    latents gives itself away. A group is a run of images of one replica's batch; where their number
    cannot be divided into groups, groups are smaller.

    Args:
        group_size: Images of a group.
    """

    def __init__(self, group_size: int = 4, **kwargs):
        super().__init__(**kwargs)
        self.group_size = group_size

    def call(self, inputs):
        """Takes maps of a batch whose size is known."""
        count, height, width, channels = inputs.shape
        group = math.gcd(count, self.group_size)
        values = tf.cast(inputs, tf.float32)
        values = tf.reshape(values, (count // group, group, height, width, channels))
        variances = tf.math.reduce_variance(values, axis=1, keepdims=True)
        deviations = tf.reduce_mean(tf.sqrt(variances + 1e-8), axis=(2, 3, 4), keepdims=True)
        deviations = tf.broadcast_to(deviations, (count // group, group, height, width, 1))
        deviations = tf.reshape(deviations, (count, height, width, 1))
        return tf.concat([inputs, tf.cast(deviations, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        """One channel more."""
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "group_size": self.group_size}
