"""A convolution to few channels that gives the processor more to do at a time."""

from typing import Any

import keras
import tensorflow as tf

_BLOCK = 2


@keras.saving.register_keras_serializable(package="tfi2i")
class BlockConv2D(keras.layers.Conv2D):
    """The same numbers as a valid Conv2D, computed as blocks of 2x2 neighbouring outputs.

    (B, H + k - 1, W + k - 1, C) -> (B, H, W, filters), H and W even, k the kernel's side.

    Processors compute 16 or 32 output channels at once. The last convolution of a generator has 3,
    so that most of their work is thrown away. Here the kernel is one pixel larger and moves by two
    pixels at a time: it gives the four outputs of a block as 4 * filters channels, which are then
    laid side by side. Weights, their names and their gradients are those of the Conv2D.
    docs/speed.md says what it brings.

    Args:
        filters: Channels out.
        kernel_size: One number, for the kernel is square.
        **kwargs: As for Conv2D; there is no stride, dilation, group or padding.
    """

    def call(self, inputs):
        """Returns the convolved images.

        Raises:
            ValueError: Height or width of the result would be odd.
        """
        self._check_even(inputs.shape)
        side = self.kernel_size[0] + _BLOCK - 1
        kernel = tf.reshape(
            self._shifted_kernels(), (side, side, inputs.shape[-1], _BLOCK**2 * self.filters)
        )
        blocks = tf.nn.conv2d(inputs, kernel, strides=_BLOCK, padding="VALID")
        outputs = tf.nn.depth_to_space(blocks, _BLOCK)
        if self.use_bias:
            outputs += tf.convert_to_tensor(self.bias)
        return self.activation(outputs)

    def _shifted_kernels(self) -> tf.Tensor:
        """(k + 1, k + 1, C, 4, filters): the kernel where each output of a block needs it."""
        kernel = tf.convert_to_tensor(self.kernel)
        shifts = [(down, right) for down in range(_BLOCK) for right in range(_BLOCK)]
        shifted = [
            tf.pad(kernel, [[down, 1 - down], [right, 1 - right], [0, 0], [0, 0]])
            for down, right in shifts
        ]
        return tf.stack(shifted, axis=3)

    def _check_even(self, shape: Any) -> None:
        for size in shape[1:3]:
            if size is not None and (size - self.kernel_size[0] + 1) % _BLOCK:
                raise ValueError(
                    f"{self.name} computes images of even height and width; from {tuple(shape)} "
                    f"its {self.kernel_size[0]}x{self.kernel_size[0]} kernel would make odd ones."
                )
