"""The networks of BiGAN for digits (Donahue et al. 2017, appendix C): dense layers alone."""

import keras
import numpy as np

from tfi2i.image_sizes import Size, height_and_width
from tfi2i.layers import BatchNormalization


def bigan_generator(
    *,
    latent_length: int = 50,
    image_size: Size = 28,
    channels: int = 1,
    units: int = 1024,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator: latents (B, latent_length) -> images (B, H, W, channels) in [-1, 1].

    Args:
        latent_length: Components of the latent.
        image_size: Height and width of the images.
        channels: Channels of the images.
        units: Of each of the two hidden layers, with ReLU.
        name: The model's name.
    """
    shape = (*height_and_width(image_size), channels)
    latents = keras.Input((latent_length,), name="latent")
    pixels = _dense(int(np.prod(shape)), "pixels", activation="tanh", dtype="float32")
    values = pixels(_hidden(latents, units, slope=0.0))
    images = keras.layers.Reshape(shape, dtype="float32", name="output")(values)
    return keras.Model(latents, images, name=name)


def bigan_encoder(
    *,
    latent_length: int = 50,
    image_size: Size = 28,
    channels: int = 1,
    units: int = 1024,
    bounded: bool = False,
    name: str = "encoder",
) -> keras.Model:
    """Builds an encoder: images (B, H, W, channels) -> latents (B, latent_length).

    Args:
        latent_length: Components of the latent.
        image_size: Height and width of the images.
        channels: Channels of the images.
        units: Of each of the two hidden layers, with LeakyReLU 0.2.
        bounded: Whether latents are in [-1, 1]: 2 sigmoid(l) - 1, and the network gives the logits
            l too, [latents, l]; else they are unbounded.
        name: The model's name.
    """
    images = keras.Input((*height_and_width(image_size), channels), name="image")
    hidden = _hidden(keras.layers.Flatten(name="pixels")(images), units, slope=0.2)
    latents = _dense(latent_length, "latent", dtype="float32")(hidden)
    if not bounded:
        return keras.Model(images, latents, name=name)
    # 2 sigmoid(l) - 1 = tanh(l / 2)
    halved = keras.layers.Rescaling(0.5, dtype="float32", name="half")(latents)
    within = keras.layers.Activation("tanh", dtype="float32", name="bounded")(halved)
    return keras.Model(images, [within, latents], name=name)


def joint_discriminator(
    *,
    latent_length: int = 50,
    image_size: Size = 28,
    channels: int = 1,
    units: int = 1024,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a judge of pairs: [images, latents] -> scores (B, 1), without a sigmoid.

    Args:
        latent_length: Components of the latent; 0 for a judge of images alone.
        image_size: Height and width of the images.
        channels: Channels of the images.
        units: Of each of the two hidden layers, with LeakyReLU 0.2.
        name: The model's name.
    """
    images = keras.Input((*height_and_width(image_size), channels), name="image")
    inputs, judged = [images], keras.layers.Flatten(name="pixels")(images)
    if latent_length:
        inputs.append(keras.Input((latent_length,), name="latent"))
        judged = keras.layers.Concatenate(name="pair")([judged, inputs[1]])
    scores = _dense(1, "scores", dtype="float32")(_hidden(judged, units, slope=0.2))
    return keras.Model(inputs if latent_length else images, scores, name=name)


def _hidden(values, units: int, *, slope: float):
    """Two layers; the second is normalised, as the authors have it."""
    values = _dense(units, "hidden1")(values)
    values = keras.layers.LeakyReLU(negative_slope=slope, name="hidden1_relu")(values)
    values = _dense(units, "hidden2", use_bias=False)(values)
    # Batch norm of the project is for maps: one of a single pixel.
    points = keras.layers.Reshape((1, 1, units), name="hidden2_map")(values)
    points = BatchNormalization(name="hidden2_norm")(points)
    values = keras.layers.Flatten(name="hidden2_flat")(points)
    return keras.layers.LeakyReLU(negative_slope=slope, name="hidden2_relu")(values)


def _dense(units: int, name: str, **options) -> keras.layers.Dense:
    """A dense layer that starts ~ N(0, 0.02), as the authors start theirs."""
    start = keras.initializers.RandomNormal(0.0, 0.02)
    return keras.layers.Dense(units, kernel_initializer=start, name=name, **options)
