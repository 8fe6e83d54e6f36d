"""Minibatch discrimination (Salimans et al. 2016, section 3.2): samples are judged side by side."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfi2i")
class MinibatchDiscrimination(keras.layers.Layer):
    """Writes beside each row how near the other rows of the batch are: (B, A) -> (B, A + kernels).

    With a learnt tensor T each row f(x) becomes a matrix M of `kernels` rows, and

        c_b(x_i, x_j) = exp(-|M_i,b - M_j,b|_1),    o(x_i)_b = sum over j of c_b(x_i, x_j)

    A generator that draws one image for all latents gives large numbers, which a discriminator
    learns to reject. The sum has j = i, a constant 1, as the paper's has. On several replicas the
    batch is the global one.

    Args:
        kernels: The paper's B, the numbers that are written.
        kernel_length: The paper's C, components of what is compared for each of them.
    """

    def __init__(self, kernels: int, kernel_length: int = 5, **kwargs):
        super().__init__(**kwargs)
        self.kernels = kernels
        self.kernel_length = kernel_length

    def build(self, input_shape):
        """Creates T as a matrix (A, kernels * kernel_length)."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.kernels * self.kernel_length),
            initializer=keras.initializers.RandomNormal(0.0, 0.02),
        )

    def call(self, inputs):
        """Returns the rows with their nearness beside them."""
        values = tf.cast(tf.matmul(inputs, tf.cast(self.kernel, inputs.dtype)), tf.float32)
        values = tf.reshape(values, (-1, self.kernels, self.kernel_length))
        distances = tf.reduce_sum(tf.abs(values[:, None] - _of_all(values)[None]), axis=-1)
        nearness = tf.reduce_sum(tf.exp(-distances), axis=1)
        return tf.concat([inputs, tf.cast(nearness, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        """As many more components as there are kernels."""
        return (*input_shape[:-1], input_shape[-1] + self.kernels)

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "kernels": self.kernels,
            "kernel_length": self.kernel_length,
        }


def _of_all(values: tf.Tensor) -> tf.Tensor:
    """The rows of all replicas; gradients flow back to the replica that each came from."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    return context.all_gather(values, axis=0)
