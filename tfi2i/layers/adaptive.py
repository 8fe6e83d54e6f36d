"""Adaptive instance normalisation: one image's features get the statistics of another's."""

import keras
import tensorflow as tf

from tfi2i.layers.moments import image_moments, joined_moments, strip_moments
from tfi2i.layers.whole_image import WholeImageLayer

# The epsilon is under the root, as in the authors' code.
_EPSILON = 1e-5


def channel_statistics(features) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and standard deviation of every channel over positions, both float32 (B, 1, 1, C).

    AdaIN (Huang and Belongie 2017), equations 5 and 6.

    Args:
        features: (B, h, w, C).
    """
    mean, variance = image_moments(features)
    return mean, tf.sqrt(variance + _EPSILON)


@keras.saving.register_keras_serializable(package="tfi2i")
class AdaptiveInstanceNormalization(WholeImageLayer):
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
        if style is None:
            return self._in_stored_style(inputs, content_mean, content_deviation)
        mean, deviation = channel_statistics(style)
        normalised = (tf.cast(inputs, tf.float32) - content_mean) / content_deviation
        return tf.cast(normalised * deviation + mean, inputs.dtype)

    def _in_stored_style(self, inputs, content_mean, content_deviation):
        features = tf.cast(inputs, tf.float32)
        normalised = (features - content_mean) / content_deviation
        styled = normalised * self.deviation + self.mean
        return tf.cast(features + self.strength * (styled - features), inputs.dtype)

    def facts_of(self, strip):
        """Places, mean and variance of the content."""
        return strip_moments(strip)

    def joined_facts(self, parts):
        """Those of all strips together."""
        return joined_moments(parts)

    def with_facts(self, strip, facts):
        """The strip in the stored style, by the statistics of the content image."""
        _, mean, variance = facts
        return self._in_stored_style(strip, mean, tf.sqrt(variance + _EPSILON))

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape
