"""Doubling and halving maps by linear interpolation."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="tfi2i")
class LinearUpsampling2D(keras.layers.Layer):
    """Doubles height and width by linear interpolation: (B, H, W, C) -> (B, 2H, 2W, C).

    The numbers of `tf.image.resize`: a new pixel is three quarters of the nearest old one and a
    quarter of the next, and the border repeats itself. It is made of splits and sums, which have
    gradients under XLA, and no tensor has more than four axes, as phones' GPUs want it.
    """

    def call(self, inputs):
        """Returns the doubled maps."""
        height, width, channels = inputs.shape[1:]
        # A line becomes two, which are written side by side and then laid out by a reshape.
        rows = tf.reshape(_with_neighbours(inputs, 1, 2), (-1, 2 * height, width, channels))
        return tf.reshape(_with_neighbours(rows, 2, 3), (-1, 2 * height, 2 * width, channels))

    def compute_output_shape(self, input_shape):
        """Twice the height and width, which must be known."""
        batch, height, width, channels = input_shape
        return (batch, 2 * height, 2 * width, channels)


def _with_neighbours(maps, axis: int, beside: int):
    """Each line mixed with the one before, and with the one after it, joined along `beside`."""
    # Splits and joins, for the gradient of a strided slice takes longer.
    rest = maps.shape[axis] - 1
    first, all_but_first = tf.split(maps, [1, rest], axis=axis)
    all_but_last, last = tf.split(maps, [rest, 1], axis=axis)
    before = tf.concat([first, all_but_last], axis=axis)
    after = tf.concat([all_but_first, last], axis=axis)
    near = 0.75 * maps
    return tf.concat([near + 0.25 * before, near + 0.25 * after], axis=beside)
