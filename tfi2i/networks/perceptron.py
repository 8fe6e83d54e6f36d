"""The networks of the first GAN (Goodfellow et al. 2014, section 5): dense layers alone."""

import keras
import numpy as np

from tfi2i.image_sizes import Size, height_and_width
from tfi2i.layers import Dropout, Maxout

_PIECES = 5


def perceptron_generator(
    *,
    latent_length: int = 100,
    image_size: Size = 28,
    channels: int = 1,
    units: int = 1200,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator: latents (B, latent_length) -> images (B, H, W, channels) in [-1, 1].

    Two dense layers with ReLU, and one that draws all pixels through a sigmoid, as values in [0, 1]
    like the authors'; these are brought to [-1, 1]. 2,503,984 weights by default.

    Args:
        latent_length: Components of the latent.
        image_size: Height and width of the images.
        channels: Channels of the images.
        units: Of each hidden layer.
        name: The model's name.
    """
    shape = (*height_and_width(image_size), channels)
    latents = hidden = keras.Input((latent_length,), name="latent")
    for number in (1, 2):
        hidden = _dense(units, 0.05, f"hidden{number}", activation="relu")(hidden)
    size = int(np.prod(shape))
    pixels = _dense(size, 0.05, "pixels", activation="sigmoid", dtype="float32")(hidden)
    pixels = keras.layers.Rescaling(2.0, -1.0, dtype="float32", name="rescaled")(pixels)
    images = keras.layers.Reshape(shape, dtype="float32", name="output")(pixels)
    return keras.Model(latents, images, name=name)


def maxout_discriminator(
    *,
    image_size: Size = 28,
    channels: int = 1,
    units: int = 240,
    dropout: float = 0.5,
    input_dropout: float = 0.2,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a discriminator: images (B, H, W, channels) -> scores (B, 1), without a sigmoid.

    Two layers of maxout units, each the maximum of five linear functions, with dropout before every
    layer. Pixels are brought to the authors' [0, 1]: where most are black, as in digits, gradient
    descent at their rates would diverge with -1 for black. 1,231,441 weights by default.

    Args:
        image_size: Height and width of the images.
        channels: Channels of the images.
        units: Of each hidden layer.
        dropout: Share of a hidden layer's values that training zeroes.
        input_dropout: Share of pixels that training zeroes.
        name: The model's name.
    """
    images = keras.Input((*height_and_width(image_size), channels), name="image")
    hidden = keras.layers.Flatten(name="pixels")(images)
    hidden = keras.layers.Rescaling(0.5, 0.5, name="rescaled")(hidden)
    hidden = Dropout(input_dropout, name="image_dropout")(hidden)
    for number in (1, 2):
        hidden = _dense(units * _PIECES, 0.005, f"hidden{number}")(hidden)
        hidden = Maxout(_PIECES, name=f"hidden{number}_maxout")(hidden)
        hidden = Dropout(dropout, name=f"hidden{number}_dropout")(hidden)
    scores = _dense(1, 0.005, "scores", dtype="float32")(hidden)
    return keras.Model(images, scores, name=name)


def _dense(units: int, reach: float, name: str, **options) -> keras.layers.Dense:
    """A dense layer that starts uniform in [-reach, reach], as the authors start theirs."""
    start = keras.initializers.RandomUniform(-reach, reach)
    return keras.layers.Dense(units, kernel_initializer=start, name=name, **options)
