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

    def call(self, inputs, training=False):
        """Returns the doubled images: by joins in training, else by one operator that ships."""
        if training:
            return _joined(inputs)
        return tf.image.resize(inputs, 2 * tf.shape(inputs)[1:3], method="nearest")

    def compute_output_shape(self, input_shape):
        """Doubles the sizes that are known."""
        batch, height, width, channels = input_shape
        doubled = (None if size is None else 2 * size for size in (height, width))
        return (batch, *doubled, channels)


def _joined(images: tf.Tensor) -> tf.Tensor:
    """Doubles by joining images with themselves.

    TensorFlow's gradient of the operator has no form for XLA. A custom one is not the way round it:
    TensorFlow registers each that is traced for ever, and with it the graph.
    """
    sizes = tf.shape(images)
    batch, height, width, channels = (
        sizes[axis] if known is None else known for axis, known in enumerate(images.shape)
    )
    # A pixel's channels twice in a row are the pixel twice, and a row twice as long two rows.
    wide = tf.reshape(tf.concat([images, images], 3), [batch, height, 2 * width, channels])
    return tf.reshape(tf.concat([wide, wide], 2), [batch, 2 * height, 2 * width, channels])
