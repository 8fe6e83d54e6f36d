"""A rectifier whose second derivative costs nothing."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfi2i")
class LeakyReLU(keras.layers.LeakyReLU):
    """The numbers of Keras' LeakyReLU, and all its derivatives.

    Its second derivative is zero. TensorFlow does not leave it out: behind a gradient penalty it
    carries those zeros back through every layer below, a second backward pass for nothing. Here
    gradients flow only through the values that are scaled, not through the choice of their slopes.
    """

    def call(self, inputs, training=None):
        """Returns the rectified values; exported files have TensorFlow's own operator."""
        if not training:
            return super().call(inputs)
        # This gradient is linear in what it scales: it is the rectifier where it scales its input.
        return tf.raw_ops.LeakyReluGrad(
            gradients=inputs, features=tf.stop_gradient(inputs), alpha=self.negative_slope
        )
