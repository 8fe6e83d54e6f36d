"""What each output pixel of a convolution sees, as the rows of a matrix.

Patches are cut and joined along one axis after the other, by operators whose gradients are
copies: the gradients of strided slices and of extract_patches take longer than the product.
"""

import tensorflow as tf


def same_padding(size: int, side: int, stride: int) -> list[int]:
    """Zeros before and after an axis for TensorFlow's "same"."""
    total = max((-(-size // stride) - 1) * stride + side - size, 0)
    return [total // 2, total - total // 2]


def patches(images, side: int, stride: int, height: int, width: int):
    """(B, H', W', C) -> (B * height * width, side * side * C): what each output pixel sees."""
    batch, channels, times = images.shape[0], images.shape[-1], side // stride
    rows, columns = stride * (height + times - 1), stride * (width + times - 1)
    images = tf.slice(images, (0, 0, 0, 0), (batch, rows, columns, channels))
    row = columns * channels
    images = tf.reshape(images, (batch, -1, stride * row))
    starts = range(times)
    images = tf.concat(
        [tf.slice(images, (0, at, 0), (batch, height, stride * row)) for at in starts], axis=2
    )
    images = tf.reshape(images, (batch * height, side, -1, stride * channels))
    size = (batch * height, side, width, stride * channels)
    images = tf.concat([tf.slice(images, (0, 0, at, 0), size) for at in starts], axis=3)
    return tf.reshape(tf.transpose(images, (0, 2, 1, 3)), (batch * height * width, -1))
