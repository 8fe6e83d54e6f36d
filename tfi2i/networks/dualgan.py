"""The generator of DualGAN (Yi et al. 2017, section 3.3): a U-Net with odd kernels."""

import keras

from tfi2i.errors import RecipeError
from tfi2i.layers import Dropout
from tfi2i.networks.blocks import (
    convolution,
    generator_model,
    leaky_relu,
    normalisation,
    transposed_convolution,
)

_OUTER_KERNEL, _INNER_KERNEL = 5, 3
_DROPOUT_BLOCKS = 3


def dual_unet(
    *,
    input_channels: int = 3,
    output_channels: int = 3,
    depth: int = 8,
    filters: int = 64,
    max_filters: int = 512,
    dropout: float = 0.5,
    dropout_at_inference: bool = True,
    name: str = "generator",
) -> keras.Model:
    """Builds a U-Net: (B, H, W, input_channels) -> (B, H, W, output_channels) in [-1, 1].

    The first and the last convolution have 5x5 kernels, all others 3x3, with instance
    normalisation. The first and the innermost encoder block are not normalised: the innermost map
    of a 256 px image is one pixel. Convolutions before a norm have no bias. All pad as many pixels
    on each side.

    Args:
        input_channels: Channels of the source images.
        output_channels: Channels of the translated images.
        depth: How many times the image is halved; H and W must be multiples of 2**depth.
        filters: Channels after the first block; they double from level to level.
        max_filters: Where the doubling ends.
        dropout: Rate in the three innermost decoder blocks.
        dropout_at_inference: Keep dropout on in inference, the paper's noise z.
        name: The model's name.

    Raises:
        RecipeError: If the depth is below 2.
    """
    if depth < 2:
        raise RecipeError(f"a U-Net needs a depth of at least 2, got {depth}")
    widths = [min(filters * 2**level, max_filters) for level in range(depth)]
    inputs = keras.Input((None, None, input_channels), name="image")
    levels = _encoder(inputs, widths)
    images = levels[-1]
    for level in range(depth, 1, -1):
        block = f"up{level}"
        images = keras.layers.ReLU(name=f"{block}_relu")(images)
        images = transposed_convolution(
            images, widths[level - 2], _INNER_KERNEL, name=f"{block}_conv", use_bias=False
        )
        images = normalisation(images, "instance", name=f"{block}_norm")
        if dropout and level > depth - _DROPOUT_BLOCKS:
            images = Dropout(dropout, dropout_at_inference, name=f"{block}_dropout")(images)
        images = keras.layers.Concatenate(name=f"{block}_skip")([images, levels[level - 2]])
    images = keras.layers.ReLU(name="up1_relu")(images)
    images = transposed_convolution(images, output_channels, _OUTER_KERNEL, name="up1_conv")
    return generator_model(inputs, images, size_multiple=2**depth, name=name)


def _encoder(images, widths: list[int]) -> list:
    """Maps of all levels before their activation, from the outermost to the innermost."""
    levels = []
    for level, width in enumerate(widths, start=1):
        block = f"down{level}"
        if level > 1:
            images = leaky_relu(images, f"{block}_relu")
        normalised = 1 < level < len(widths)
        kernel = _OUTER_KERNEL if level == 1 else _INNER_KERNEL
        images = keras.layers.ZeroPadding2D(kernel // 2, name=f"{block}_pad")(images)
        images = convolution(
            images,
            width,
            kernel,
            stride=2,
            padding="valid",
            name=f"{block}_conv",
            use_bias=not normalised,
        )
        if normalised:
            images = normalisation(images, "instance", name=f"{block}_norm")
        levels.append(images)
    return levels
