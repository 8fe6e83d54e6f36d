"""At the border: mirroring the image beyond it, and cutting off what a layer put there."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfi2i")
class ReflectionPadding2D(keras.layers.Layer):
    """Pads height and width with the image mirrored at its border pixels, which are not repeated.

    (B, H, W, C) -> (B, H + 2p, W + 2p, C). H and W must exceed p. Johnson et al. 2016 and CycleGAN
    pad so before valid convolutions: zeros would draw a frame.

    Args:
        padding: p, pixels on each of the four sides.
    """

    def __init__(self, padding: int, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, inputs):
        """Returns the padded images."""
        sides = [self.padding, self.padding]
        return tf.pad(inputs, [[0, 0], sides, sides, [0, 0]], mode="REFLECT")

    def compute_output_shape(self, input_shape):
        """Adds the padding to the sizes that are known."""
        batch, height, width, channels = input_shape
        return (batch, self._padded(height), self._padded(width), channels)

    def _padded(self, size: int | None) -> int | None:
        return None if size is None else size + 2 * self.padding

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "padding": self.padding}


@keras.saving.register_keras_serializable(package="tfi2i")
class CropFirst2D(keras.layers.Layer):
    """Takes away the first row and the first column: (B, H, W, C) -> (B, H - 1, W - 1, C).

    Keras' Cropping2D does the same by a strided slice, whose gradient is slow in bfloat16; that of
    a plain slice is not.
    """

    def call(self, inputs):
        """Returns the cropped images."""
        return tf.slice(inputs, [0, 1, 1, 0], [-1, -1, -1, -1])

    def compute_output_shape(self, input_shape):
        """One less of the sizes that are known."""
        batch, height, width, channels = input_shape
        cropped = (None if size is None else size - 1 for size in (height, width))
        return (batch, *cropped, channels)
