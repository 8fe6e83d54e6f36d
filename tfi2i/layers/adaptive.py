"""Adaptive instance normalisation: one image's features get the statistics of another's."""

import keras
import tensorflow as tf

# The epsilon is under the root, as in the authors' code.
_EPSILON = 1e-5


def channel_statistics(features) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and standard deviation of every channel over positions, both float32 (B, 1, 1, C).

    AdaIN (Huang and Belongie 2017), equations 5 and 6.

    Args:
        features: (B, h, w, C).
    """
    features = tf.cast(features, tf.float32)
    mean = tf.reduce_mean(features, axis=(1, 2), keepdims=True)
    variance = tf.reduce_mean(tf.square(features - mean), axis=(1, 2), keepdims=True)
    return mean, tf.sqrt(variance + _EPSILON)


@keras.saving.register_keras_serializable(package="tfi2i")
class AdaptiveInstanceNormalization(keras.layers.Layer):
    """Gives features the mean and the standard deviation of a style, channel by channel.

    AdaIN (Huang and Belongie 2017), equation 8. The style is given as features, or it is one that
    the layer stores, so that the layer can be part of a network from one image to one image. (B, h,
    w, C) keeps its shape and type; the computation is in float32.

    Attributes:
        mean: Means of the stored style, float32 (C,).
        deviation: Standard deviations of the stored style, float32 (C,).
        strength: How much of the stored style is applied, float32 scalar: 0 leaves the features as
            they are, 1 applies the whole style (equation 14).
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})

    def build(self, input_shape):
        """Creates the stored style: mean 0, deviation 1, strength 1."""

        def stored(name: str, shape: tuple[int, ...], initializer: str):
            return self.add_weight(
                name=name,
                shape=shape,
                dtype="float32",
                autocast=False,
                initializer=initializer,
                trainable=False,
                aggregation="only_first_replica",
            )

        self.mean = stored("mean", (input_shape[-1],), "zeros")
        self.deviation = stored("deviation", (input_shape[-1],), "ones")
        self.strength = stored("strength", (), "ones")

    def call(self, inputs, style=None):
        """Normalises content features.

        Args:
            inputs: Content features, (B, h, w, C).
            style: Style features, (B, h', w', C), taken with full strength; None for the stored
                style.
        """
        content_mean, content_deviation = channel_statistics(inputs)
        features = tf.cast(inputs, tf.float32)
        normalised = (features - content_mean) / content_deviation
        if style is not None:
            mean, deviation = channel_statistics(style)
            styled = normalised * deviation + mean
        else:
            styled = normalised * self.deviation + self.mean
            styled = features + self.strength * (styled - features)
        return tf.cast(styled, inputs.dtype)

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape
