"""Instance and batch normalisation as the translation papers use them."""

from typing import Literal

import keras
import tensorflow as tf

from tfi2i.layers.moments import (
    joined_moments,
    normalise_across_replicas,
    normalise_batch,
    normalise_by,
    normalise_each,
    normalise_image,
    strip_moments,
)
from tfi2i.layers.whole_image import WholeImageLayer

# Above this batch size a graph of one fused kernel per image costs more to build than it saves.
_LARGEST_SPLIT = 16


class _ScaledNormalization(WholeImageLayer):
    """Scale ~ N(1, 0.02) and offset 0 per channel, as pix2pix starts them, in float32."""

    def __init__(self, epsilon: float, fused_at_inference: bool, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.fused_at_inference = fused_at_inference

    def build(self, input_shape):
        """Creates `gamma` and `beta`, both (C,)."""
        channels = input_shape[-1]
        self.gamma = self.add_weight(
            name="gamma",
            shape=(channels,),
            dtype="float32",
            autocast=False,
            initializer=keras.initializers.RandomNormal(1.0, 0.02),
        )
        self.beta = self.add_weight(
            name="beta", shape=(channels,), dtype="float32", autocast=False, initializer="zeros"
        )

    def compute_output_shape(self, input_shape):
        """The input's shape."""
        return input_shape

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "fused_at_inference": self.fused_at_inference,
        }

    def _normalise_image(self, images, training):
        """Normalises each image by its own moments; in small batches by a fused kernel for each."""
        batch = images.shape[0]
        fused = training or self.fused_at_inference
        if not fused or batch is None or batch > _LARGEST_SPLIT:
            return normalise_image(images, self.gamma, self.beta, self.epsilon)
        return normalise_each(images, self.gamma, self.beta, self.epsilon)

    def facts_of(self, strip):
        """Places, mean and variance."""
        return strip_moments(strip)

    def joined_facts(self, parts):
        """Those of all strips together."""
        return joined_moments(parts)

    def with_facts(self, strip, facts):
        """The strip normalised by the moments of the image."""
        _, mean, variance = facts
        return normalise_by(strip, mean, variance, self.gamma, self.beta, self.epsilon)


@keras.saving.register_keras_serializable(package="tfi2i")
class InstanceNormalization(_ScaledNormalization):
    """Normalises every channel of every image by its own mean and variance.

    Ulyanov et al. 2016, equation 4, with learned scale and offset. (B, H, W, C) keeps shape and
    type. An image of one pixel has no variance: its normalised value is the offset.

    Args:
        epsilon: Added to the variance.
        fused_at_inference: Use the fused kernel in inference too, where the batch has a known size
            of at most 16. It is faster; LiteRT does not convert it.
    """

    def __init__(self, epsilon: float = 1e-5, fused_at_inference: bool = False, **kwargs):
        super().__init__(epsilon, fused_at_inference, **kwargs)

    def call(self, inputs, training=False):
        """Returns the normalised images, in training by the fused kernel."""
        return self._normalise_image(inputs, training)


@keras.saving.register_keras_serializable(package="tfi2i")
class BatchNormalization(_ScaledNormalization):
    """Normalises every channel by its mean and variance over the batch (Ioffe and Szegedy 2015).

    With several replicas the moments are those of the global batch, so that N replicas train as one
    does. (B, H, W, C) keeps shape and type.

    Args:
        momentum: Share of the old moving statistics that a training step keeps.
        statistics_at_inference: "moving" takes averages that were gathered in training. "image"
            normalises each image by its own moments, which are the batch statistics of a test batch
            of one (pix2pix, section 6.2); it keeps no moving averages.
        fused_at_inference: As for `InstanceNormalization`, with statistics of "image".
    """

    def __init__(
        self,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        statistics_at_inference: Literal["moving", "image"] = "moving",
        fused_at_inference: bool = False,
        **kwargs,
    ):
        super().__init__(epsilon, fused_at_inference, **kwargs)
        if statistics_at_inference not in ("moving", "image"):
            raise ValueError(
                "statistics_at_inference must be 'moving' or 'image', got "
                f"{statistics_at_inference!r}."
            )
        self.momentum = momentum
        self.statistics_at_inference = statistics_at_inference

    @property
    def looks_at_whole(self) -> bool:
        """Only with statistics of the image; moving averages are constants."""
        return self.statistics_at_inference == "image"

    def build(self, input_shape):
        """Creates `gamma`, `beta` and, for "moving", `moving_mean` and `moving_variance`."""
        super().build(input_shape)
        if self.statistics_at_inference == "moving":
            self.moving_mean = self._add_moving("moving_mean", input_shape[-1], "zeros")
            self.moving_variance = self._add_moving("moving_variance", input_shape[-1], "ones")

    def _add_moving(self, name: str, channels: int, initializer: str):
        return self.add_weight(
            name=name,
            shape=(channels,),
            dtype="float32",
            autocast=False,
            initializer=initializer,
            trainable=False,
            aggregation="only_first_replica",
        )

    def call(self, inputs, training=False):
        """Returns the normalised images; in training also moves the moving averages."""
        if training:
            return self._normalise_in_training(inputs)
        if self.statistics_at_inference == "image":
            return self._normalise_image(inputs, training)
        factor = self.gamma * tf.math.rsqrt(self.moving_variance + self.epsilon)
        shifted = tf.cast(inputs, tf.float32) * factor + (self.beta - self.moving_mean * factor)
        return tf.cast(shifted, inputs.dtype)

    def _normalise_in_training(self, inputs):
        context = tf.distribute.get_replica_context()
        if context is None or context.num_replicas_in_sync == 1:
            normalised, mean, variance = normalise_batch(
                inputs, self.gamma, self.beta, self.epsilon
            )
        else:
            normalised, mean, variance = normalise_across_replicas(
                inputs, self.gamma, self.beta, self.epsilon, context
            )
        if self.statistics_at_inference == "moving":
            self._move(self.moving_mean, mean)
            self._move(self.moving_variance, variance)
        return normalised

    def _move(self, average, value):
        average.assign(self.momentum * average + (1.0 - self.momentum) * tf.stop_gradient(value))

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "statistics_at_inference": self.statistics_at_inference,
        }
