"""How a latent vector meets images inside a network."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from tfi2i.layers.labels import repeated


@keras.saving.register_keras_serializable(package="tfi2i")
class AppendLatent(keras.layers.Layer):
    """Writes a vector beside every pixel: (B, H, W, C) and (B, N) -> (B, H, W, C + N).

    The spatial replication of BicycleGAN (Zhu et al. 2017, figure 3).
    """

    def call(self, inputs):
        """Takes the list of images and vectors."""
        images, latent = inputs
        return tf.concat([images, repeated(latent, images)], axis=-1)

    def compute_output_shape(self, input_shape):
        """The images' shape with the channels of both."""
        images, latent = input_shape
        return (*images[:3], images[3] + latent[1])


@keras.saving.register_keras_serializable(package="tfi2i")
class VectorPart(keras.layers.Layer):
    """Some components of a vector: (B, N) -> (B, length).

    Args:
        start: The first of them.
        length: How many.
    """

    def __init__(self, start: int, length: int, **kwargs):
        super().__init__(**kwargs)
        self.start = start
        self.length = length

    def call(self, inputs):
        """Returns the components."""
        return inputs[:, self.start : self.start + self.length]

    def compute_output_shape(self, input_shape):
        """(B, length)."""
        return (input_shape[0], self.length)

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "start": self.start, "length": self.length}


@keras.saving.register_keras_serializable(package="tfi2i")
class DrawVector(keras.layers.Layer):
    """[mean, log_variance, noise] -> mean + exp(log_variance / 2) * noise, all of them (B, N).

    A draw from N(mean, variance) with gradients, where the noise is from N(0, I) (Kingma and
    Welling 2014, section 2.4).
    """

    def call(self, inputs):
        """Returns the draw."""
        mean, log_variance, noise = inputs
        return mean + tf.exp(0.5 * log_variance) * noise

    def compute_output_shape(self, input_shape):
        """That of the mean."""
        return input_shape[0]


@keras.saving.register_keras_serializable(package="tfi2i")
class FixedLatent(keras.layers.Layer):
    """The same vector for every image of a batch: (B, H, W, C) -> (B, N).

    Args:
        values: The N numbers.
    """

    def __init__(self, values: Sequence[float], **kwargs):
        super().__init__(**kwargs)
        self.values = tuple(float(value) for value in values)

    def call(self, inputs):
        """Returns the vector once for each image; of the images it uses only their number."""
        latent = tf.constant([self.values], self.compute_dtype)
        return tf.broadcast_to(latent, [tf.shape(inputs)[0], len(self.values)])

    def compute_output_shape(self, input_shape):
        """(B, N)."""
        return (input_shape[0], len(self.values))

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "values": list(self.values)}
