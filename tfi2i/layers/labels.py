"""Labels beside images: as maps that are concatenated, and as a constant of one target."""

import keras
import tensorflow as tf

# Far above the values of any image or map, and with its inverse exact in half precision too.
_BEYOND = 2.0**14


def repeated(vectors: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """Vectors at every pixel of images: (B, N) for (B, H, W, C) -> (B, H, W, N).

    The ones that they are multiplied with come from the images: converters cannot know it, so that
    an exported file holds no constant of the images' size, which one of `tf.ones_like` would.
    """
    ones = tf.maximum(images[..., :1], _BEYOND) * (1.0 / _BEYOND)
    return ones * vectors[:, None, None, :]


@keras.saving.register_keras_serializable(package="tfi2i")
class ConcatenateLabel(keras.layers.Layer):
    """Repeats a label vector at every pixel and concatenates it to the image's channels.

    [(B, H, W, C), (B, D)] -> (B, H, W, C + D), of the images' type. StarGAN (Choi et al. 2018,
    section 3.1): "we spatially replicate the label and concatenate it with the input image".
    """

    def call(self, inputs):
        """Returns the images with their label maps."""
        images, labels = inputs
        return tf.concat([images, repeated(tf.cast(labels, images.dtype), images)], axis=-1)

    def compute_output_shape(self, input_shape):
        """The images' shape with as many more channels as labels have entries."""
        images, labels = input_shape
        return (*images[:-1], images[-1] + labels[-1])


@keras.saving.register_keras_serializable(package="tfi2i")
class FixedLabel(keras.layers.Layer):
    """The same one-hot label for every image of a batch: (B, H, W, C) -> (B, count) float32.

    Args:
        label: The number of the class, below `count`.
        count: Classes in all.
    """

    def __init__(self, label: int, count: int, **kwargs):
        super().__init__(**kwargs)
        self.label = label
        self.count = count

    def call(self, inputs):
        """Returns the labels."""
        return tf.one_hot(tf.fill(tf.shape(inputs)[:1], self.label), self.count)

    def compute_output_shape(self, input_shape):
        """As many labels as images."""
        return (input_shape[0], self.count)

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "label": self.label, "count": self.count}
