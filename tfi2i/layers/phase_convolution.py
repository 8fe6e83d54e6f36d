"""A transposed convolution as a plain one, for inference."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

_STRIDE = 2
# Along an axis: the taps of the transposed kernel that make each output phase.
_TAPS = ((2, 0), (3, 1))
# What the configuration of such a transposed convolution contains.
_PUBLISHED = {
    "kernel_size": [4, 4],
    "strides": [_STRIDE, _STRIDE],
    "padding": "same",
    "output_padding": None,
    "dilation_rate": [1, 1],
    "data_format": "channels_last",
}


def doubles_as_published(config: dict[str, Any]) -> bool:
    """Whether a Conv2DTranspose of this configuration is the papers' 4x4 one of stride 2."""
    plain = {key: list(v) if isinstance(v, tuple) else v for key, v in config.items()}
    return all(plain[key] == value for key, value in _PUBLISHED.items())


@keras.saving.register_keras_serializable(package="tfi2i")
class PhaseConv2DTranspose(keras.layers.Layer):
    """The numbers of a Conv2DTranspose with a 4x4 kernel, stride 2 and padding "same".

    (B, H, W, C) -> (B, 2H, 2W, filters).

    Every output pixel sees 2x2 input pixels; its place in its block of four says which 2x2 of the
    kernel's weights it uses. So one 2x2 convolution gives the four phases as 4 * filters channels,
    which are laid side by side. Where TensorFlow knows that weights stay as they are
    (TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1), oneDNN reorders the kernel of a plain convolution once, for
    good. It reorders the kernel of a transposed one for every image.

    Args:
        filters: Channels out.
        use_bias: Whether there is a bias, one for each channel out.
        activation: Name or function.
        **kwargs: As for any Keras layer.
    """

    def __init__(self, filters: int, *, use_bias: bool = True, activation=None, **kwargs):
        """Sets the attributes; `build` makes the variables."""
        super().__init__(**kwargs)
        self.filters = filters
        self.use_bias = use_bias
        self.activation = keras.activations.get(activation)

    @staticmethod
    def phase_kernel(kernel: np.ndarray) -> np.ndarray:
        """Returns the 2x2 kernel (2, 2, C, 4 * filters) of a transposed one (4, 4, filters, C)."""
        by_phase = [
            np.asarray([[kernel[down, right].T for right in _TAPS[x]] for down in _TAPS[y]])
            for y in range(_STRIDE)
            for x in range(_STRIDE)
        ]
        return np.concatenate(by_phase, axis=-1)

    def build(self, input_shape) -> None:
        """Makes the variables."""
        shape = (_STRIDE, _STRIDE, input_shape[-1], _STRIDE**2 * self.filters)
        self.kernel = self.add_weight(shape=shape, name="kernel")
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), name="bias", initializer="zeros")

    def call(self, inputs):
        """Returns the convolved images."""
        # The phases of a place: the last row and column of the block before, and the first of its
        # own.
        around = [[0, 0], [1, 1], [1, 1], [0, 0]]
        phases = tf.nn.conv2d(inputs, tf.convert_to_tensor(self.kernel), 1, around)
        outputs = tf.nn.depth_to_space(phases, _STRIDE)[:, 1:-1, 1:-1]
        if self.use_bias:
            outputs += tf.convert_to_tensor(self.bias)
        return self.activation(outputs)

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "use_bias": self.use_bias,
            "activation": keras.activations.serialize(self.activation),
        }
