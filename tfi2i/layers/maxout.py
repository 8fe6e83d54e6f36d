"""The maxout unit (Goodfellow et al. 2013), of which the first GAN's discriminator is made."""

import keras


@keras.saving.register_keras_serializable(package="tfi2i")
class Maxout(keras.layers.Layer):
    """The largest of every `pieces` components: (B, units * pieces) -> (B, units).

    Behind a dense layer each unit is the maximum of that many linear functions, which is a convex
    function that is learnt.

    Args:
        pieces: Components that a unit is the maximum of.
    """

    def __init__(self, pieces: int, **kwargs):
        super().__init__(**kwargs)
        self.pieces = pieces

    def call(self, inputs):
        """Takes (B, units * pieces)."""
        grouped = keras.ops.reshape(inputs, (-1, inputs.shape[-1] // self.pieces, self.pieces))
        return keras.ops.max(grouped, axis=-1)

    def compute_output_shape(self, input_shape):
        """(B, units)."""
        return (*input_shape[:-1], input_shape[-1] // self.pieces)

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "pieces": self.pieces}
