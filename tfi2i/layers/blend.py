"""A picture laid over another one through a mask."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfi2i")
class Blend(keras.layers.Layer):
    """`mask * content + (1 - mask) * original`, exactly the original where the mask is 0.

    [(B, H, W, C), (B, H, W, C), (B, H, W, 1)] -> (B, H, W, C), in float32.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})

    def call(self, inputs):
        """Takes original, content and mask."""
        original, content, mask = (tf.cast(one, tf.float32) for one in inputs)
        return original + mask * (content - original)

    def compute_output_shape(self, input_shape):
        """The original's shape."""
        return input_shape[0]
