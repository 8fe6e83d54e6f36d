"""The first map of a generator, as a sum of learned maps."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfi2i")
class LearnedBasis(keras.layers.Layer):
    """A learned map of each channel, times the channel's weight: (B, C) -> (B, H, W, C).

    Args:
        map_size: H and W.
    """

    def __init__(self, map_size: tuple[int, int], **kwargs):
        super().__init__(**kwargs)
        self.map_size = tuple(map_size)

    def build(self, input_shape):
        """Draws the maps from N(0, 1)."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.map_size, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(0.0, 1.0),
        )

    def call(self, inputs):
        """Takes the weights."""
        return inputs[:, None, None, :] * tf.convert_to_tensor(self.kernel)[None]

    def compute_output_shape(self, input_shape):
        """(B, H, W, C)."""
        return (input_shape[0], *self.map_size, input_shape[-1])

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "map_size": list(self.map_size)}
