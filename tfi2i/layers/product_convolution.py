"""Convolutions as one matrix product where the map is small and the kernel large.

A convolution with many channels over few pixels has a large kernel. The kernel is read and brought
into the order in which the processor's convolutions compute, and its gradient is brought back: in
the inner levels of a U-Net that takes longer than the products themselves. A matrix product takes
the kernel as it lies in memory. docs/speed.md says what it brings.
"""

import math

import keras
import tensorflow as tf

from tfi2i.layers.kernel_gradient import KernelProduct
from tfi2i.layers.kernel_gradient import product_is_faster as kernel_gradient_is_faster
from tfi2i.layers.patches import patches, same_padding
from tfi2i.layers.phase_convolution import doubles_as_published
from tfi2i.machine import has_gpu

# Weights per pixel of the smaller map, from which on the product is faster. It was found by timing
# the layers of U-Nets, forwards and backwards, on a processor with AVX-512 and bfloat16.
_WEIGHTS_A_PIXEL = {"bfloat16": 8192, "float32": 131072}


def _product_is_faster(kernel, pixels: list[int | None]) -> bool:
    """Whether to multiply matrices, for a kernel and the size (B, H, W) of the smaller map."""
    smallest = _WEIGHTS_A_PIXEL.get(tf.as_dtype(kernel.dtype).name)
    known = [size for size in pixels if size is not None]
    if smallest is None or len(known) < len(pixels):
        return False
    return math.prod(kernel.shape) >= smallest * math.prod(known) and not has_gpu()


def _has_patches(layer: keras.layers.Conv2D) -> bool:
    """Whether `patches` can cut them: square kernels, whole strides, nothing unusual."""
    (side, width), (stride, stride_right) = layer.kernel_size, layer.strides
    plain = layer.data_format == "channels_last" and layer.groups == 1
    plain = plain and set(layer.dilation_rate) == {1} and layer.padding in ("valid", "same")
    return plain and side == width and stride == stride_right and side % stride == 0


@keras.saving.register_keras_serializable(package="tfi2i")
class ProductConv2D(keras.layers.Conv2D):
    """The numbers of a Conv2D, by a matrix product where that is faster.

    It is faster where batch, height and width are known, there is no GPU, and the kernel is large
    beside the map that it makes. Of batches of narrow maps the gradient of the kernel alone is a
    product (`tfi2i.layers.kernel_gradient`). Arguments, weights and their names are Conv2D's.
    """

    def convolution_op(self, inputs, kernel):
        """Returns the convolved images without bias and activation."""
        batch, height, width, _ = self.compute_output_shape(inputs.shape)
        kernel = tf.convert_to_tensor(kernel)
        (side, _), (stride, _) = self.kernel_size, self.strides
        if not _has_patches(self):
            return super().convolution_op(inputs, kernel)
        if not _product_is_faster(kernel, [batch, height, width]):
            if self.padding == "same" and kernel_gradient_is_faster(kernel, [batch, height, width]):
                return KernelProduct(inputs.shape, stride).convolve(inputs, kernel)
            return super().convolution_op(inputs, kernel)
        if self.padding == "same":
            around = [same_padding(size, side, stride) for size in inputs.shape[1:3]]
            inputs = tf.pad(inputs, [[0, 0], *around, [0, 0]])
        outputs = tf.matmul(
            patches(inputs, side, stride, height, width),
            tf.reshape(kernel, (-1, kernel.shape[-1])),
        )
        return tf.reshape(outputs, (batch, height, width, -1))


@keras.saving.register_keras_serializable(package="tfi2i")
class ProductConv2DTranspose(keras.layers.Conv2DTranspose):
    """The numbers of a Conv2DTranspose, by a matrix product where that is faster.

    It is faster under the conditions of `ProductConv2D`, applied to the map that comes in, with a
    4x4 kernel, stride 2 and padding "same". Arguments, weights and their names are
    Conv2DTranspose's.
    """

    def call(self, inputs):
        """Returns the convolved images, twice as high and wide."""
        kernel = tf.convert_to_tensor(self.kernel)
        batch, height, width, _ = inputs.shape
        if not doubles_as_published(self.get_config()):
            return super().call(inputs)
        if _product_is_faster(kernel, [batch, height, width]):
            outputs = self._product(inputs, kernel)
        elif kernel_gradient_is_faster(kernel, [batch, height, width]):
            shape = (batch, 2 * height, 2 * width, self.filters)
            outputs = KernelProduct(shape, 2).transpose(inputs, kernel)
        else:
            return super().call(inputs)
        if self.use_bias:
            outputs += tf.convert_to_tensor(self.bias)
        return self.activation(outputs)

    def _product(self, inputs, kernel):
        batch, height, width, _ = inputs.shape
        rows = tf.matmul(
            tf.reshape(inputs, (-1, inputs.shape[-1])),
            tf.reshape(kernel, (-1, kernel.shape[-1])),
            transpose_b=True,
        )
        rows = tf.reshape(rows, (batch * height, width, 4, 4 * self.filters))
        return _laid_together(rows, batch, height, width)


def _laid_together(rows, batch: int, height: int, width: int):
    """Sums patches (B * H, W, 4, 4 * C) where they overlap: (B, 2H, 2W, C), their rim cut off."""
    left, right = tf.split(tf.transpose(rows, (0, 2, 1, 3)), 2, axis=3)
    before, after = [[0, 0], [0, 0], [1, 0], [0, 0]], [[0, 0], [0, 0], [0, 1], [0, 0]]
    lines = tf.pad(left, after) + tf.pad(right, before)
    upper, lower = tf.split(tf.reshape(lines, (batch, height, -1)), 2, axis=2)
    images = tf.pad(upper, [[0, 0], [0, 1], [0, 0]]) + tf.pad(lower, [[0, 0], [1, 0], [0, 0]])
    images = tf.reshape(images, (batch, 2 * height + 2, 2 * width + 2, -1))
    return tf.slice(images, (0, 1, 1, 0), (batch, 2 * height, 2 * width, images.shape[-1]))
