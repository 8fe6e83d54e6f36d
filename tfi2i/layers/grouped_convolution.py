"""Convolutions in groups of channels, with gradients of any order on every device."""

import keras
import tensorflow as tf

from tfi2i.machine import has_gpu

# Channels of one convolution on a GPU: what a tile of its matrix products spans.
_TILE = 128


@keras.saving.register_keras_serializable(package="tfi2i")
class GroupedConv2D(keras.layers.Conv2D):
    """The numbers of a Conv2D with `groups`: each group of channels sees only itself.

    It is one convolution for each group, or for several of them: see `groups_together`. Keras has
    XLA compile TensorFlow's own grouped convolution, which takes a second on a processor and is
    slow on a GPU where a penalty needs second gradients; without XLA it has no gradient on
    processors without oneDNN. Arguments, weights and their names are Conv2D's.
    """

    def convolution_op(self, inputs, kernel):
        """Returns the convolved images without bias and activation."""
        kernel = tf.convert_to_tensor(kernel)
        together = min(groups_together(kernel.shape[-2]), self.groups)
        rest = self.groups % together
        sets = [together] * (self.groups // together) + [rest] * bool(rest)
        maps, kernels = (_split(whole, sets, self.groups) for whole in (inputs, kernel))
        convolve = super().convolution_op
        parts = [
            convolve(images, block_diagonal(part, groups))
            for images, part, groups in zip(maps, kernels, sets, strict=True)
        ]
        return tf.concat(parts, axis=-1)


def groups_together(channels: int) -> int:
    """How many groups are one convolution, its kernel filled up with zeros between the groups.

    A processor computes each group by itself. A GPU's tensor cores multiply tiles of matrices: with
    groups of 16 channels most of a tile would be empty, and many small kernels would have to be
    started. There as many groups are taken together as a tile spans. The products with zeros are
    for nothing, and still faster.

    Args:
        channels: Channels in of one group.
    """
    return max(1, _TILE // channels) if has_gpu() else 1


def block_diagonal(kernel: tf.Tensor, groups: int) -> tf.Tensor:
    """Returns the kernel (H, W, groups * C, F) of the plain convolution with the same numbers.

    Args:
        kernel: (H, W, C, F) of a convolution in groups.
        groups: By which F can be divided.
    """
    if groups == 1:
        return kernel
    height, width, channels, filters = kernel.shape
    mask = tf.eye(groups, dtype=kernel.dtype)[:, tf.newaxis, :, tf.newaxis]
    blocks = tf.reshape(kernel, (height, width, 1, channels, groups, filters // groups)) * mask
    return tf.reshape(blocks, (height, width, groups * channels, filters))


def _split(tensor: tf.Tensor, sets: list[int], groups: int) -> list[tf.Tensor]:
    """The channels (the last axis) of sets of groups."""
    size = tensor.shape[-1] // groups
    return tf.split(tensor, [number * size for number in sets], axis=-1)
