"""The networks of the adversarial autoencoder (Makhzani et al. 2016, appendix A.1): dense layers.

A latent z is N(0, I) outside of them. Inside they work with the authors' code, `deviation * z`.
"""

import keras
import numpy as np

from tfi2i.image_sizes import Size, height_and_width


def perceptron_encoder(
    *,
    latent_length: int = 8,
    deviation: float = 5.0,
    image_size: Size = 28,
    channels: int = 1,
    units: int = 1000,
    name: str = "encoder",
) -> keras.Model:
    """Builds an encoder: images (B, H, W, channels) in [-1, 1] -> latents (B, latent_length).

    Pixels are brought to the authors' [0, 1]. Two layers with ReLU, and a linear one for the code.

    Args:
        latent_length: Components of the latent.
        deviation: Of the code, where that of the latent is 1.
        image_size: Height and width of the images.
        channels: Channels of the images.
        units: Of each hidden layer.
        name: The model's name.
    """
    images = keras.Input((*height_and_width(image_size), channels), name="image")
    values = keras.layers.Flatten(name="pixels")(images)
    values = keras.layers.Rescaling(0.5, 0.5, name="rescaled")(values)
    code = _dense(latent_length, "code", dtype="float32")(_hidden(values, units))
    latents = keras.layers.Rescaling(1.0 / deviation, dtype="float32", name="latent")(code)
    return keras.Model(images, latents, name=name)


def perceptron_decoder(
    *,
    latent_length: int = 8,
    deviation: float = 5.0,
    image_size: Size = 28,
    channels: int = 1,
    units: int = 1000,
    name: str = "generator",
) -> keras.Model:
    """Builds the way back: latents (B, latent_length) -> images (B, H, W, channels) in [-1, 1].

    Two layers with ReLU, and one that draws all pixels through a sigmoid, brought to [-1, 1].

    Args:
        latent_length: Components of the latent.
        deviation: Of the code, where that of the latent is 1.
        image_size: Height and width of the images.
        channels: Channels of the images.
        units: Of each hidden layer.
        name: The model's name.
    """
    shape = (*height_and_width(image_size), channels)
    latents = keras.Input((latent_length,), name="latent")
    code = keras.layers.Rescaling(deviation, name="code")(latents)
    pixels = _dense(int(np.prod(shape)), "pixels", activation="sigmoid", dtype="float32")
    values = keras.layers.Rescaling(2.0, -1.0, dtype="float32", name="rescaled")(
        pixels(_hidden(code, units))
    )
    images = keras.layers.Reshape(shape, dtype="float32", name="output")(values)
    return keras.Model(latents, images, name=name)


def latent_discriminator(
    *,
    latent_length: int = 8,
    deviation: float = 5.0,
    units: int = 1000,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a judge of latents: (B, latent_length) -> scores (B, 1), without a sigmoid.

    Args:
        latent_length: Components of the latent.
        deviation: Of the code, where that of the latent is 1.
        units: Of each of the two hidden layers.
        name: The model's name.
    """
    latents = keras.Input((latent_length,), name="latent")
    code = keras.layers.Rescaling(deviation, name="code")(latents)
    scores = _dense(1, "scores", dtype="float32")(_hidden(code, units))
    return keras.Model(latents, scores, name=name)


def _hidden(values, units: int):
    for number in (1, 2):
        values = _dense(units, f"hidden{number}", activation="relu")(values)
    return values


def _dense(units: int, name: str, **options) -> keras.layers.Dense:
    """A dense layer that starts ~ N(0, 0.01), as the authors start theirs."""
    start = keras.initializers.RandomNormal(0.0, 0.01)
    return keras.layers.Dense(units, kernel_initializer=start, name=name, **options)
