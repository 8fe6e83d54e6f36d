"""The networks of LAPGAN (Denton et al. 2015, section 4.1): small ones, one pair for each size.

Layers of generators carry the network's name, for all of them become parts of one network.
"""

from collections.abc import Sequence

import keras
import numpy as np

from tfi2i.image_sizes import Size, height_and_width
from tfi2i.layers import Dropout, LinearUpsampling2D
from tfi2i.networks.dcgan import dcgan_depth


def pyramid_depth(image_size: Size) -> int:
    """How often images of this size are halved until the smallest has 8 pixels or near."""
    return max(1, dcgan_depth(image_size) - 1)


def coarse_generator(
    *, latent_length: int, map_size: Size, channels: int, units: int, name: str
) -> keras.Model:
    """Builds the generator of the smallest images: noise (B, latent_length) -> (B, H, W, channels).

    Two dense layers with ReLU, and one for the pixels, which lie in [-1, 1].

    Args:
        latent_length: Components of the noise.
        map_size: H and W.
        channels: Channels of the images.
        units: Of each hidden layer.
        name: The model's name.
    """
    shape = (*height_and_width(map_size), channels)
    noise = hidden = keras.Input((latent_length,), name="noise")
    for number in (1, 2):
        hidden = keras.layers.Dense(units, activation="relu", name=f"{name}_hidden{number}")(hidden)
    size = int(np.prod(shape))
    pixels = keras.layers.Dense(size, activation="tanh", dtype="float32", name=f"{name}_pixels")(
        hidden
    )
    images = keras.layers.Reshape(shape, dtype="float32", name="image")(pixels)
    return keras.Model(noise, images, name=name)


def coarse_discriminator(
    *, map_size: Size, channels: int, units: int, dropout: float, name: str
) -> keras.Model:
    """Builds the discriminator of the smallest images: (B, H, W, channels) -> scores (B, 1).

    Two dense layers with ReLU and dropout, without a sigmoid.

    Args:
        map_size: H and W.
        channels: Channels of the images.
        units: Of each hidden layer.
        dropout: Share of a hidden layer's values that training zeroes.
        name: The model's name.
    """
    images = keras.Input((*height_and_width(map_size), channels), name="image")
    hidden = keras.layers.Flatten(name="pixels")(images)
    for number in (1, 2):
        hidden = keras.layers.Dense(units, activation="relu", name=f"hidden{number}")(hidden)
        hidden = Dropout(dropout, name=f"hidden{number}_dropout")(hidden)
    scores = keras.layers.Dense(1, dtype="float32", name="scores")(hidden)
    return keras.Model(images, scores, name=name)


def band_generator(*, map_size: Size, channels: int, filters: int, name: str) -> keras.Model:
    """Builds the generator of a size: an enlarged smaller image and noise -> what it lacks.

    [(B, H, W, channels), (B, H * W)] -> (B, H, W, channels). The noise is one more channel beside
    the image. Three convolutions of 7, 7 and 5 pixels, with ReLU between them.

    Args:
        map_size: H and W.
        channels: Channels of the images.
        filters: Channels of both hidden maps.
        name: The model's name.
    """
    height, width = height_and_width(map_size)
    low = keras.Input((height, width, channels), name="low")
    noise = keras.Input((height * width,), name="noise")
    noise_map = keras.layers.Reshape((height, width, 1), name="noise_map")(noise)
    maps = keras.layers.Concatenate(name="low_and_noise")([low, noise_map])
    for number in (1, 2):
        maps = _convolution(filters, 7, f"{name}_conv{number}", activation="relu")(maps)
    band = _convolution(channels, 5, f"{name}_band_conv", dtype="float32")(maps)
    return keras.Model([low, noise], band, name=name)


def band_discriminator(
    *, map_size: Size, channels: int, filters: int, dropout: float, name: str
) -> keras.Model:
    """Builds the discriminator of a size: images (B, H, W, channels) -> scores (B, 1).

    The images are sums of an enlarged smaller image and of what it lacks: so does the paper let it
    see the condition. Two 5x5 convolutions, the second in steps of two, and dropout.

    Args:
        map_size: H and W.
        channels: Channels of the images.
        filters: Channels of both hidden maps.
        dropout: Share of the last values that training zeroes.
        name: The model's name.
    """
    images = keras.Input((*height_and_width(map_size), channels), name="image")
    maps = _convolution(filters, 5, "conv1", activation="relu")(images)
    maps = _convolution(filters, 5, "conv2", activation="relu", strides=2)(maps)
    values = keras.layers.Flatten(name="values")(maps)
    values = Dropout(dropout, name="values_dropout")(values)
    scores = keras.layers.Dense(1, dtype="float32", name="scores")(values)
    return keras.Model(images, scores, name=name)


def pyramid_generator(generators: Sequence[keras.Model], *, name: str = "generator") -> keras.Model:
    """Joins the generators of all sizes: latents (B, N) -> the largest image (B, H, W, channels).

    (Section 3.2, equation 3.) A latent is the noises of all sizes, one after the other. Each size
    adds its band to the enlarged image of the size before.

    Args:
        generators: One `coarse_generator`, then a `band_generator` for each doubled size.
        name: The model's name.
    """
    lengths = noise_lengths(generators)
    latents = keras.Input((sum(lengths),), name="latent")
    noises = keras.ops.split(latents, np.cumsum(lengths)[:-1].tolist(), axis=1)
    images = generators[0](noises[0])
    for level, (generator, noise) in enumerate(zip(generators[1:], noises[1:], strict=True), 1):
        low = LinearUpsampling2D(dtype="float32", name=f"low{level}")(images)
        band = generator([low, noise])
        images = keras.layers.Add(dtype="float32", name=f"image{level}")([low, band])
    return keras.Model(latents, images, name=name)


def noise_lengths(generators: Sequence[keras.Model]) -> list[int]:
    """Components of the noise of each size."""
    return [generator.inputs[-1].shape[-1] for generator in generators]


def _convolution(filters: int, kernel_size: int, name: str, **options) -> keras.layers.Conv2D:
    return keras.layers.Conv2D(filters, kernel_size, padding="same", name=name, **options)
