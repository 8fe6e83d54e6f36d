"""Spectral normalisation that keeps the kernel it divides."""

from typing import Any

import keras
import tensorflow as tf

_WRAPPED = (keras.layers.Conv2D, keras.layers.Conv2DTranspose, keras.layers.Dense)


@keras.saving.register_keras_serializable(package="tfi2i")
class SpectralNormalization(keras.layers.Layer):
    """Runs a layer with its kernel over the kernel's largest singular value (Miyato et al. 2018).

    The kernel is read as a matrix of (all inputs of an output) x (outputs). The raw kernel stays
    the trainable weight: it does not change however often the layer runs, and gradients flow
    through the singular value (their equation 12). One vector `u` is remembered. Every call with
    training=True, and no other, moves it towards the singular vector by `power_iterations` steps.

    Args:
        layer: A fresh Conv2D, Conv2DTranspose or Dense in channels-last form.
        power_iterations: Steps of the power method per training call, 1 in the paper.
    """

    def __init__(self, layer: keras.layers.Layer, power_iterations: int = 1, **kwargs):
        # The wrapper reads the kernel in float32 (sigma in bfloat16 would have two digits); the
        # wrapped layer's own policy sets the type in which it computes.
        super().__init__(autocast=False, **{**kwargs, "dtype": "float32"})
        if not isinstance(layer, _WRAPPED):
            raise TypeError(
                "SpectralNormalization wraps Conv2D, Conv2DTranspose or Dense, "
                f"got {type(layer).__name__}."
            )
        if power_iterations < 1:
            raise ValueError(f"power_iterations must be at least 1, got {power_iterations}.")
        self.layer = layer
        self.power_iterations = power_iterations

    def build(self, input_shape):
        """Builds the wrapped layer and creates `u`, (1, outputs)."""
        if not self.layer.built:
            self.layer.build(input_shape)
        self.u = self.add_weight(
            name="u",
            shape=(1, self._as_matrix(self.layer.kernel).shape[-1]),
            dtype="float32",
            autocast=False,
            initializer=keras.initializers.RandomNormal(),
            trainable=False,
            aggregation="only_first_replica",
        )

    def call(self, inputs, training=False):
        """Returns what the wrapped layer gives with the divided kernel."""
        dtype = self.layer.compute_dtype
        # In float32 even where the kernel is stored in less, as in files for inference.
        kernel = tf.cast(tf.convert_to_tensor(self.layer.kernel), tf.float32)
        kernel = kernel / self._sigma(self._as_matrix(kernel), training)
        outputs = self._apply(tf.cast(inputs, dtype), tf.cast(kernel, dtype))
        if self.layer.use_bias:
            outputs += tf.cast(self.layer.bias, dtype)
        return self.layer.activation(outputs)

    def compute_output_shape(self, input_shape):
        """The wrapped layer's."""
        return self.layer.compute_output_shape(input_shape)

    def compute_output_spec(self, inputs, training=False):
        """Shape and type of the wrapped layer's result."""
        shape = self.compute_output_shape(inputs.shape)
        return keras.KerasTensor(shape, dtype=self.layer.compute_dtype)

    def get_config(self):
        """Constructor arguments."""
        layer: Any = keras.saving.serialize_keras_object(self.layer)
        # Built by this layer and not before it, so that its weights get the same paths again.
        layer.pop("build_config", None)
        return {
            **super().get_config(),
            "layer": layer,
            "power_iterations": self.power_iterations,
        }

    @classmethod
    def from_config(cls, config):
        """Makes the wrapped layer first."""
        layer = keras.saving.deserialize_keras_object(config.pop("layer"))
        return cls(layer, **config)

    def _as_matrix(self, kernel) -> tf.Tensor:
        """Kernel as (inputs, outputs); a transposed convolution keeps outputs before inputs."""
        kernel = tf.convert_to_tensor(kernel)
        if isinstance(self.layer, keras.layers.Conv2DTranspose):
            kernel = tf.transpose(kernel, [0, 1, 3, 2])
        return tf.reshape(kernel, [-1, kernel.shape[-1]])

    def _sigma(self, matrix, training: bool) -> tf.Tensor:
        """Largest singular value by the power method, differentiable in the matrix alone."""
        # A call in inference runs the same steps from the remembered u, and forgets their result.
        fixed = tf.stop_gradient(matrix)
        u = tf.convert_to_tensor(self.u)
        for _ in range(self.power_iterations):
            v = _unit(tf.matmul(u, fixed, transpose_b=True))
            u = _unit(tf.matmul(v, fixed))
        if training:
            self.u.assign(u)
        return tf.reduce_sum(tf.matmul(v, matrix) * u)

    def _apply(self, inputs, kernel) -> Any:
        """The wrapped layer's linear part with another kernel."""
        layer: Any = self.layer
        if isinstance(layer, keras.layers.Dense):
            return tf.matmul(inputs, kernel)
        if isinstance(layer, keras.layers.Conv2DTranspose):
            geometry: Any = {
                "strides": layer.strides,
                "padding": layer.padding,
                "output_padding": layer.output_padding,
                "dilation_rate": layer.dilation_rate,
            }
            return keras.ops.conv_transpose(inputs, kernel, **geometry)
        return layer.convolution_op(inputs, kernel)


def _unit(vector) -> tf.Tensor:
    """(1, n) of length one."""
    return vector * tf.math.rsqrt(tf.maximum(tf.reduce_sum(tf.square(vector)), 1e-12))
