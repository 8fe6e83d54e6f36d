"""Virtual batch normalisation (Salimans et al. 2016, section 3.4): batch norm without the batch.

A reference batch goes through the network in front of every batch. Rows are normalised by its
statistics and their own, so that a sample no longer depends on those that are drawn with it:

    images = PrependReference(count)(latents)           # (count + B, ...)
    images = VirtualBatchNormalization(count)(...)
    images = DropReference(count)(images)               # (B, ...)
"""

from typing import Literal

import keras
import tensorflow as tf

from tfi2i.layers.moments import normalise_by


@keras.saving.register_keras_serializable(package="tfi2i")
class PrependReference(keras.layers.Layer):
    """Puts latents that are chosen once before those of a batch: (B, N) -> (count + B, N).

    They are a saved weight that nothing trains.

    Args:
        count: Latents of the reference batch.
        prior: Which they are drawn from, `normal` or `uniform` on [-1, 1].
        seed: Of the draw.
    """

    def __init__(
        self, count: int, prior: Literal["normal", "uniform"] = "normal", seed: int = 0, **kwargs
    ):
        super().__init__(**kwargs)
        self.count = count
        self.prior = prior
        self.seed = seed

    def build(self, input_shape):
        """Draws the reference batch, (count, N)."""
        start = (
            keras.initializers.RandomUniform(-1.0, 1.0, seed=self.seed)
            if self.prior == "uniform"
            else keras.initializers.RandomNormal(0.0, 1.0, seed=self.seed)
        )
        self.reference = self.add_weight(
            name="reference",
            shape=(self.count, input_shape[-1]),
            dtype="float32",
            initializer=start,
            trainable=False,
            aggregation="only_first_replica",
        )

    def call(self, inputs):
        """Returns the reference batch and the latents."""
        return tf.concat([tf.cast(self.reference, inputs.dtype), inputs], axis=0)

    def compute_output_shape(self, input_shape):
        """A batch of unknown size."""
        return (None, *input_shape[1:])

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "count": self.count,
            "prior": self.prior,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="tfi2i")
class VirtualBatchNormalization(keras.layers.Layer):
    """Normalises each image by the moments of the reference batch and of itself.

    "Each example x is normalized based on the statistics collected on a reference batch of examples
    that are chosen once and fixed at the start of training, and on x itself. The reference batch is
    normalized using only its own statistics." An image counts as much as one of the reference.
    Scale ~ N(1, 0.02) and offset 0 per channel, as `BatchNormalization` starts them, in float32.

    Args:
        count: Images of the reference batch, which come first.
        epsilon: Added to the variance.
    """

    def __init__(self, count: int, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        self.count = count
        self.epsilon = epsilon

    def build(self, input_shape):
        """Creates `gamma` and `beta`, both (C,)."""
        shape = {"shape": (input_shape[-1],), "dtype": "float32", "autocast": False}
        start = keras.initializers.RandomNormal(1.0, 0.02)
        self.gamma = self.add_weight(name="gamma", initializer=start, **shape)
        self.beta = self.add_weight(name="beta", initializer="zeros", **shape)

    def call(self, inputs):
        """Takes (count + B, H, W, C)."""
        values = tf.cast(inputs, tf.float32)
        means = tf.reduce_mean(values, axis=[1, 2], keepdims=True)
        squares = tf.reduce_mean(tf.square(values), axis=[1, 2], keepdims=True)
        # Of the reference alone for its own images, and joined with itself for each other one.
        own = tf.cast(tf.range(tf.shape(values)[0]) >= self.count, tf.float32)[:, None, None, None]
        share = own / (self.count + 1.0)

        def joined(moments: tf.Tensor) -> tf.Tensor:
            reference = tf.reduce_mean(moments[: self.count], axis=0, keepdims=True)
            return (1.0 - share) * reference + share * moments

        mean = joined(means)
        # Rounding can push the difference below zero where a channel is constant.
        variance = tf.maximum(joined(squares) - tf.square(mean), 0.0)
        return normalise_by(inputs, mean, variance, self.gamma, self.beta, self.epsilon)

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "count": self.count, "epsilon": self.epsilon}


@keras.saving.register_keras_serializable(package="tfi2i")
class DropReference(keras.layers.Layer):
    """Leaves the reference batch out again: (count + B, ...) -> (B, ...).

    Args:
        count: Rows of the reference batch, which come first.
    """

    def __init__(self, count: int, **kwargs):
        super().__init__(**kwargs)
        self.count = count

    def call(self, inputs):
        """Returns the rows behind the reference batch."""
        return inputs[self.count :]

    def compute_output_shape(self, input_shape):
        """A batch of unknown size."""
        return (None, *input_shape[1:])

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "count": self.count}
