"""New layers of a network that grows, which take over little by little."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfi2i")
class FadeIn(keras.layers.Layer):
    """`(1 - share) * older + share * newer`; the share goes from 0 to 1 as training goes on.

    (Karras et al. 2018, figure 2.) The weight `seen` counts the iterations; it is whole, so that no
    running average takes it for a weight that is learnt.

    Args:
        iterations: After how many the newer one is alone; 0 for at once.
    """

    def __init__(self, iterations: int, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})
        self.iterations = iterations

    def build(self, input_shape):
        """Starts to count."""
        self.seen = self.add_weight(
            name="seen",
            shape=(),
            dtype="int64",
            autocast=False,
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    @property
    def share(self) -> tf.Tensor:
        """Of the newer one, a float32 scalar."""
        if not self.iterations:
            return tf.ones(())
        seen = tf.cast(tf.convert_to_tensor(self.seen), tf.float32)
        return tf.minimum(seen / self.iterations, 1.0)

    def advance(self) -> None:
        """Counts an iteration."""
        self.seen.assign_add(1)

    def call(self, inputs):
        """Takes the older and the newer tensor."""
        older, newer = (tf.cast(one, tf.float32) for one in inputs)
        return older + self.share * (newer - older)

    def compute_output_shape(self, input_shape):
        """That of both."""
        return input_shape[1]

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "iterations": self.iterations}
