"""At the border: mirroring the image beyond it, and cutting off what a layer added there."""

import keras
import tensorflow as tf

from tfi2i.errors import DataError


@keras.saving.register_keras_serializable(package="tfi2i")
class ReflectionPadding2D(keras.layers.Layer):
    """Pads height and width with the image mirrored at its border pixels, which are not repeated.

    (B, H, W, C) -> (B, H + 2p, W + 2p, C). H and W must exceed p. Johnson et al. 2016 and CycleGAN
    pad in this way before valid convolutions: zeros would draw a frame.

    In inference the image is cut and joined, because TensorFlow's own mirroring is slow there, and
    LiteRT's is slower still. In training TensorFlow's own is kept: joining asks for more memory and
    saves no time beside the other operators.

    Args:
        padding: p, pixels on each of the four sides.

    Raises:
        DataError: H or W is known, and at most p.
    """

    def __init__(self, padding: int, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding

    def call(self, inputs, training=False):
        """Returns the padded images."""
        self._check_size(*inputs.shape[1:3])
        if training:
            sides = [self.padding, self.padding]
            return tf.pad(inputs, [[0, 0], sides, sides, [0, 0]], mode="REFLECT")
        return self._joined(1, self._joined(2, inputs))

    def _joined(self, axis: int, images):
        """Returns the images and their lines near both ends of an axis, mirrored."""

        def line(begin: int):
            place = [slice(None)] * axis + [slice(begin, begin + 1)]
            return images[tuple(place)]

        # Counted from the end, so that a converted file can take images of another size.
        before = [line(index) for index in range(self.padding, 0, -1)]
        after = [line(-1 - index) for index in range(1, self.padding + 1)]
        return tf.concat([*before, images, *after], axis)

    def compute_output_shape(self, input_shape):
        """Adds the padding to the sizes that are known."""
        batch, height, width, channels = input_shape
        self._check_size(height, width)
        return (batch, self._padded(height), self._padded(width), channels)

    def _check_size(self, height: int | None, width: int | None) -> None:
        if any(size is not None and size <= self.padding for size in (height, width)):
            raise DataError(
                f"{self.name} mirrors {self.padding} pixels beyond the border; maps of "
                f"{height}x{width} (height x width) are too small for it."
            )

    def _padded(self, size: int | None) -> int | None:
        return None if size is None else size + 2 * self.padding

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "padding": self.padding}


@keras.saving.register_keras_serializable(package="tfi2i")
class CropFirst2D(keras.layers.Layer):
    """Takes away the first row and the first column: (B, H, W, C) -> (B, H - 1, W - 1, C).

    Keras' Cropping2D does the same by a strided slice, whose gradient is slow in bfloat16; the
    gradient of a plain slice is not.
    """

    def call(self, inputs):
        """Returns the cropped images."""
        return tf.slice(inputs, [0, 1, 1, 0], [-1, -1, -1, -1])

    def compute_output_shape(self, input_shape):
        """The known sizes, less one."""
        batch, height, width, channels = input_shape
        cropped = (None if size is None else size - 1 for size in (height, width))
        return (batch, *cropped, channels)
