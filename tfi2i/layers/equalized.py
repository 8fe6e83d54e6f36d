"""What the progressive GAN has in place of careful starts and of batch norm."""

import math
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfi2i")
class EqualizedConv2D(keras.layers.Conv2D):
    """A convolution whose kernel starts from N(0, 1) and is scaled whenever it is used.

    The scale is He's, `gain / sqrt(inputs)`. Adam moves all weights at one speed whatever their
    size; so all layers learn at one speed (Karras et al. 2018, section 4.1).

    Args:
        filters: Channels out.
        kernel_size: Of Conv2D.
        gain: The square root of 2 before a rectifier, 1 where nothing follows.
        **kwargs: Further arguments of Conv2D.
    """

    def __init__(self, filters: int, kernel_size: Any, gain: float = math.sqrt(2.0), **kwargs):
        start = keras.initializers.RandomNormal(0.0, 1.0)
        super().__init__(filters, kernel_size, **{"kernel_initializer": start, **kwargs})
        self.gain = gain

    def convolution_op(self, inputs, kernel):
        """Returns the convolved images without bias and activation."""
        kernel = tf.convert_to_tensor(kernel)
        scale = self.gain / math.sqrt(math.prod(kernel.shape[:-1]))
        return super().convolution_op(inputs, kernel * tf.cast(scale, kernel.dtype))

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "gain": self.gain}


@keras.saving.register_keras_serializable(package="tfi2i")
class PixelNormalization(keras.layers.Layer):
    """Gives the channels of each pixel a mean square of one (Karras et al. 2018, section 4.2)."""

    def call(self, inputs):
        """Takes any shape with the channels last."""
        values = tf.cast(inputs, tf.float32)
        squares = tf.reduce_mean(tf.square(values), axis=-1, keepdims=True)
        return tf.cast(values * tf.math.rsqrt(squares + 1e-8), inputs.dtype)

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape
