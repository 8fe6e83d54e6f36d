"""Convolutions in groups of channels, with gradients of any order on every device."""

import keras
import tensorflow as tf

from tfi2i.machine import has_gpu


@keras.saving.register_keras_serializable(package="tfi2i")
class GroupedConv2D(keras.layers.Conv2D):
    """The numbers of a Conv2D with `groups`: each group of channels sees only itself.

    Without a GPU it is one convolution for each group. TensorFlow's own has no gradient on
    processors without oneDNN, and takes a second where XLA compiles it for a processor. Arguments,
    weights and their names are Conv2D's.
    """

    def convolution_op(self, inputs, kernel):
        """Returns the convolved images without bias and activation."""
        if has_gpu():
            return super().convolution_op(inputs, kernel)
        parts = zip(
            tf.split(inputs, self.groups, axis=-1),
            tf.split(tf.convert_to_tensor(kernel), self.groups, axis=-1),
            strict=True,
        )
        convolve = super().convolution_op
        return tf.concat([convolve(images, part) for images, part in parts], axis=-1)
