"""Doubling an image without a pattern of its own."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfi2i")
class NearestUpsampling2D(keras.layers.Layer):
    """Repeats every pixel twice in height and width: (B, H, W, C) -> (B, 2H, 2W, C).

    Followed by a convolution it takes the place of a transposed one, whose kernel covers some
    pixels more often than others: the checkerboard (Odena et al. 2016, "Deconvolution and
    Checkerboard Artifacts"). Keras' own layer repeats through rank 5, which phones' GPUs refuse;
    this one is RESIZE_NEAREST_NEIGHBOR in TFLite.
    """

    def call(self, inputs):
        """Returns the doubled images."""
        return _doubled(inputs)

    def compute_output_shape(self, input_shape):
        """Doubles the sizes that are known."""
        batch, height, width, channels = input_shape
        doubled = (None if size is None else 2 * size for size in (height, width))
        return (batch, *doubled, channels)


@tf.custom_gradient
def _doubled(images: tf.Tensor):
    """Gives the sum over the four copies as the gradient: TensorFlow's own has no form for XLA."""

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return 4 * tf.nn.avg_pool2d(upstream, 2, 2, "VALID")

    return tf.image.resize(images, 2 * tf.shape(images)[1:3], method="nearest"), gradient
