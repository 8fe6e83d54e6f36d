"""Convolutions of which the gradient of the kernel is a matrix product: batches of narrow maps.

oneDNN computes this gradient along the rows of a map. In bfloat16, where rows have few pixels, it
takes longer than the convolution itself, and longer than one product of all patches of the batch
with the gradients of their places.
"""

import math
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfi2i.layers.patches import patches, same_padding
from tfi2i.machine import has_gpu

# The longest rows for which the product is faster, and from how many multiplications on it counts:
# found by timing DCGAN's layers on a processor with AVX-512 and bfloat16.
_LONGEST_ROW = 8
_MULTIPLICATIONS = 2**27


def product_is_faster(kernel: tf.Tensor, narrow: list[int | None]) -> bool:
    """Whether the gradient of a kernel is better a product.

    Args:
        kernel: (side, side, C, F) or (side, side, F, C).
        narrow: Batch, height and width of the smaller map, where they are known.
    """
    known = [size for size in narrow if size is not None]
    if kernel.dtype != tf.bfloat16 or len(known) < len(narrow) or known[-1] > _LONGEST_ROW:
        return False
    return math.prod(known) * math.prod(kernel.shape) >= _MULTIPLICATIONS and not has_gpu()


@dataclass(frozen=True)
class KernelProduct:
    """A convolution with padding "same", its transpose, and the gradient of their kernel.

    Each is linear in both of its arguments, and the gradients of each are the other two: so
    gradients of every order are made of these three.

    Attributes:
        shape: Of the larger map, (B, H, W, C), all known.
        stride: Step of the convolution.
    """

    shape: tuple[int, int, int, int]
    stride: int

    def convolve(self, images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The larger map and a kernel (side, side, C, F) give the smaller map."""

        @tf.custom_gradient
        def convolved(images, kernel):
            def gradients(upstream):
                return self.transpose(upstream, kernel), self.kernel(images, upstream, kernel.shape)

            return tf.nn.conv2d(images, kernel, self.stride, "SAME"), gradients

        return convolved(images, kernel)

    def transpose(self, maps: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The smaller map and a kernel give the larger one."""

        @tf.custom_gradient
        def transposed(maps, kernel):
            def gradients(upstream):
                return self.convolve(upstream, kernel), self.kernel(upstream, maps, kernel.shape)

            images = tf.nn.conv2d_transpose(maps, kernel, self.shape, self.stride, "SAME")
            return images, gradients

        return transposed(maps, kernel)

    def kernel(self, images: tf.Tensor, maps: tf.Tensor, shape: Any) -> tf.Tensor:
        """Both maps give what has a kernel's shape: the gradient of one for the other."""

        @tf.custom_gradient
        def summed(images, maps):
            def gradients(upstream):
                return self.transpose(maps, upstream), self.convolve(images, upstream)

            height, width = maps.shape[1:3]
            around = [same_padding(size, shape[0], self.stride) for size in self.shape[1:3]]
            padded = tf.pad(images, [[0, 0], *around, [0, 0]])
            rows = patches(padded, shape[0], self.stride, height, width)
            product = tf.matmul(rows, tf.reshape(maps, (-1, shape[-1])), transpose_a=True)
            return tf.reshape(product, shape), gradients

        return summed(images, maps)
