"""The networks of the progressive GAN (Karras et al. 2018, table 2), and their parts of each size.

Both are built at the full size. While a training has not come so far, `grown_generator` and
`grown_discriminator` give what belongs to a smaller size, made of the same layers.
"""

import math
from collections.abc import Callable
from typing import Any

import keras

from tfi2i.image_sizes import Size
from tfi2i.layers import (
    EqualizedConv2D,
    FadeIn,
    LeakyReLU,
    MinibatchDeviation,
    NearestUpsampling2D,
    PixelNormalization,
)
from tfi2i.networks.blocks import halved_size, leaky_relu
from tfi2i.networks.dcgan import dcgan_depth

_WIDEST = 512


def progressive_generator(
    *,
    latent_length: int = 512,
    image_size: Size = 64,
    channels: int = 3,
    depth: int | None = None,
    filters: int = 256,
    fade_iterations: int = 37_500,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator: latents (B, latent_length) -> images (B, H, W, channels), about [-1, 1].

    Each size has two 3x3 convolutions, each with LeakyReLU and a normalisation of pixels, and a 1x1
    convolution that makes an image. It is mixed with the enlarged image of the size before.

    Args:
        latent_length: Components of the latent.
        image_size: Height and width of the images, multiples of 2**depth.
        channels: Channels of the images.
        depth: How many times the first map is doubled; None: as often as the size allows.
        filters: Channels of the largest maps; each size below has twice as many, up to 512.
        fade_iterations: Over how many iterations each size takes over from the one before.
        name: The model's name.

    Raises:
        RecipeError: The size cannot be halved that often.
    """
    depth = dcgan_depth(image_size) if depth is None else depth
    height, width = halved_size(image_size, depth)
    widths = _widths(depth, filters)
    latents = keras.Input((latent_length,), name="latent")
    points = keras.layers.Reshape((1, 1, latent_length), name="latent_map")(latents)
    points = PixelNormalization(name="latent_norm")(points)
    # A quarter of He's scale, as in the authors' code.
    maps = EqualizedConv2D(
        height * width * widths[0], 1, gain=math.sqrt(2.0) / 4, name="project_conv"
    )(points)
    maps = keras.layers.Reshape((height, width, widths[0]), name="project_map")(maps)
    maps = _activated(maps, "project")
    maps = _drawn(maps, widths[0], "level0_conv")
    images = _image(maps, channels, "image0")
    for level in range(1, depth + 1):
        maps = NearestUpsampling2D(name=f"level{level}_up")(maps)
        maps = _drawn(maps, widths[level], f"level{level}_conv0")
        maps = _drawn(maps, widths[level], f"level{level}_conv1")
        larger = NearestUpsampling2D(name=f"image{level}_up")(images)
        newer = _image(maps, channels, f"image{level}_conv")
        images = FadeIn(fade_iterations, name=f"image{level}")([larger, newer])
    return keras.Model(latents, images, name=name)


def grown_generator(generator: keras.Model, level: int) -> keras.Model:
    """The part that draws images of the first map's size, doubled `level` times."""
    images = generator.get_layer(f"image{level}").output
    return keras.Model(generator.inputs[0], images, name=generator.name)


def progressive_discriminator(
    *,
    image_size: Size = 64,
    channels: int = 3,
    depth: int | None = None,
    filters: int = 256,
    group_size: int = 4,
    fade_iterations: int = 37_500,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a discriminator: images (B, H, W, channels) -> scores (B, 1), without a sigmoid.

    The generator's mirror image: two 3x3 convolutions and the mean of 2x2 pixels at each size.

    Args:
        image_size: Height and width of the images, multiples of 2**depth.
        channels: Channels of the images.
        depth: How many times the images are halved; None: as often as the size allows.
        filters: As of the generator.
        group_size: Images among which the last layers see differences (`MinibatchDeviation`).
        fade_iterations: As of the generator.
        name: The model's name.

    Raises:
        RecipeError: The size cannot be halved that often.
    """
    depth = dcgan_depth(image_size) if depth is None else depth
    first, widths = halved_size(image_size, depth), _widths(depth, filters)
    layers: dict[str, keras.layers.Layer] = {}
    for level, width in enumerate(widths):
        layers[f"from_image{level}"] = _block(f"from_image{level}", _rectified("point", width, 1))
        if level:
            parts = [
                *_rectified("first", width, 3),
                *_rectified("second", widths[level - 1], 3),
                keras.layers.AveragePooling2D(2, name="halve"),
            ]
            layers[f"down{level}"] = _block(f"down{level}", parts)
            layers[f"fade{level}"] = FadeIn(fade_iterations, name=f"fade{level}")
            layers[f"halve{level}"] = keras.layers.AveragePooling2D(2, name=f"halve{level}")
    judges = [
        MinibatchDeviation(group_size, name="deviation"),
        *_rectified("first", widths[0], 3),
        *_rectified("whole", widths[0], first, padding="valid"),
        EqualizedConv2D(1, 1, gain=1.0, dtype="float32", name="scores_conv"),
        keras.layers.Flatten(dtype="float32", name="scores"),
    ]
    layers["scores"] = _block("scores", judges)
    height, width = (side * 2**depth for side in first)
    images = keras.Input((height, width, channels), name="image")
    return keras.Model(images, _judged(images, layers.__getitem__, depth), name=name)


def grown_discriminator(discriminator: keras.Model, level: int) -> keras.Model:
    """The part that judges images of the last map's size, doubled `level` times.

    Args:
        discriminator: Of `progressive_discriminator`, perhaps `augmented`.
        level: From 0 to the depth.
    """
    height, width, channels = discriminator.input_shape[1:]
    inner, names = discriminator, [layer.name for layer in discriminator.layers]
    if augmented := "augmentation" in names:
        inner = discriminator.get_layer(discriminator.name)
    depth = sum(layer.name.startswith("fade") for layer in inner.layers)
    shape = (height >> (depth - level), width >> (depth - level), channels)
    images = keras.Input(shape, name="image")
    seen = discriminator.get_layer("augmentation")(images) if augmented else images
    return keras.Model(images, _judged(seen, inner.get_layer, level), name=discriminator.name)


def _judged(images, layer: Callable[[str], keras.layers.Layer], level: int):
    maps = layer(f"from_image{level}")(images)
    for below in range(level, 0, -1):
        maps = layer(f"down{below}")(maps)
        images = layer(f"halve{below}")(images)
        older = layer(f"from_image{below - 1}")(images)
        maps = layer(f"fade{below}")([older, maps])
    return layer("scores")(maps)


def _widths(depth: int, filters: int) -> list[int]:
    return [
        min(filters * 2 ** (depth - level), max(_WIDEST, filters)) for level in range(depth + 1)
    ]


def _activated(maps, name: str):
    return PixelNormalization(name=f"{name}_norm")(leaky_relu(maps, f"{name}_relu"))


def _drawn(maps, width: int, name: str):
    maps = EqualizedConv2D(width, 3, padding="same", name=name)(maps)
    return _activated(maps, name)


def _image(maps, channels: int, name: str):
    return EqualizedConv2D(channels, 1, gain=1.0, dtype="float32", name=name)(maps)


def _rectified(name: str, width: int, kernel_size, padding: str = "same") -> list[Any]:
    convolution = EqualizedConv2D(width, kernel_size, padding=padding, name=f"{name}_conv")
    return [convolution, LeakyReLU(negative_slope=0.2, name=f"{name}_relu")]


def _block(name: str, layers: list[keras.layers.Layer]) -> keras.Sequential:
    return keras.Sequential(layers, name=name)
