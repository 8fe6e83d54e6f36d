"""The networks of DiscoGAN (Kim et al. 2017, section 3.4): no skips, and D shows its features."""

import keras

from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.networks.blocks import (
    convolution,
    generator_model,
    halved_size,
    leaky_relu,
    normalisation,
    transposed_convolution,
)

_WIDEST = 8


def encoder_decoder(
    *,
    input_channels: int = 3,
    output_channels: int = 3,
    depth: int = 4,
    filters: int = 64,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator: (B, H, W, input_channels) -> (B, H, W, output_channels) in [-1, 1].

    Down through 64-128-256-512 channels by strided 4x4 convolutions with LeakyReLU 0.2, and back up
    with ReLU. All but the outermost two are batch-normalised, and none has a bias. 5,513,856
    weights by default.

    Args:
        input_channels: Channels of the source images.
        output_channels: Channels of the translated images.
        depth: How many times the image is halved; H and W must be multiples of 2**depth.
        filters: Channels after the first block; they double up to 8 times as many.
        name: The model's name.
    """
    widths = _widths(depth, filters)
    inputs = keras.Input((None, None, input_channels), name="image")
    images = _encoder(inputs, widths)[-1]
    for level in range(depth, 1, -1):
        images = transposed_convolution(
            images, widths[level - 2], 4, name=f"up{level}_conv", use_bias=False
        )
        images = normalisation(images, "batch", name=f"up{level}_norm")
        images = keras.layers.ReLU(name=f"up{level}_relu")(images)
    images = transposed_convolution(images, output_channels, 4, name="up1_conv", use_bias=False)
    return generator_model(inputs, images, size_multiple=2**depth, name=name)


def feature_discriminator(
    *,
    input_channels: int = 3,
    image_size: Size = 64,
    depth: int = 4,
    filters: int = 64,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a discriminator: images -> [scores (B, 1), features of all blocks but the first].

    64-128-256-512 channels by strided 4x4 convolutions with LeakyReLU 0.2, all but the first
    batch-normalised; then one convolution over the whole map. There is no bias and no sigmoid.
    2,765,568 weights by default. The features, (B, h, w, channels), are for the feature-matching
    loss.

    Args:
        input_channels: Channels of the images.
        image_size: Height and width of the images, multiples of 2**depth.
        depth: How many times the image is halved, at least twice.
        filters: Channels after the first block; they double up to 8 times as many.
        name: The model's name.

    Raises:
        RecipeError: If the size cannot be halved that often, or there would be no features.
    """
    if depth < 2:
        raise RecipeError(f"features come from the second block on: depth must be 2, got {depth}")
    covered = halved_size(image_size, depth)
    inputs = keras.Input((*height_and_width(image_size), input_channels), name="image")
    blocks = _encoder(inputs, _widths(depth, filters))
    scores = convolution(
        blocks[-1],
        1,
        covered,
        padding="valid",
        name="scores_conv",
        use_bias=False,
        dtype="float32",
    )
    scores = keras.layers.Flatten(dtype="float32", name="scores")(scores)
    return keras.Model(inputs, [scores, *blocks[1:]], name=name)


def _widths(depth: int, filters: int) -> list[int]:
    return [filters * min(2**level, _WIDEST) for level in range(depth)]


def _encoder(images, widths: list[int]) -> list:
    """The activated maps of all blocks, from the outermost to the innermost."""
    blocks = []
    for level, width in enumerate(widths, start=1):
        images = convolution(images, width, 4, stride=2, name=f"down{level}_conv", use_bias=False)
        if level > 1:
            images = normalisation(images, "batch", name=f"down{level}_norm")
        images = leaky_relu(images, f"down{level}_relu")
        blocks.append(images)
    return blocks
