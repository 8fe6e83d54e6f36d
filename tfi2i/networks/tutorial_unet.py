"""The U-Net of TensorFlow's tutorials on pix2pix and CycleGAN, in which their weights are used.

It is the U-Net of the paper (`tfi2i.networks.unet`) but for four things: activations end a block
instead of beginning the next one, so that a skip carries what the activation left of negative
values; the innermost map is normalised too; LeakyReLU has Keras' slope of 0.3; and batch
normalisation has Keras' own constants.
"""

from typing import Literal

import keras

from tfi2i.errors import RecipeError
from tfi2i.layers import BatchNormalization, Dropout, InstanceNormalization
from tfi2i.networks.blocks import convolution, generator_model, transposed_convolution

_SLOPE = 0.3
_MOMENTUM, _EPSILON = 0.99, 1e-3
_DROPOUT_BLOCKS = 3


def tutorial_unet(
    *,
    input_channels: int = 3,
    output_channels: int = 3,
    depth: int = 8,
    filters: int = 64,
    norm: Literal["batch", "instance"] = "batch",
    dropout: float = 0.5,
    dropout_at_inference: bool = False,
    statistics_at_inference: Literal["moving", "image"] = "moving",
    name: str = "generator",
) -> keras.Model:
    """Builds the U-Net: (B, H, W, input_channels) -> (B, H, W, output_channels) in [-1, 1].

    H and W are multiples of 2**depth. Layers have the names of `unet`'s.

    Args:
        input_channels: Channels of the source images.
        output_channels: Channels of the translated images.
        depth: How many times the image is halved; the tutorials have 8.
        filters: Channels after the first block; they double up to 8 times as many.
        norm: "batch", as for pix2pix, or "instance", as for CycleGAN.
        dropout: Rate in the three innermost decoder blocks.
        dropout_at_inference: Keep dropout on in inference, as the tutorial on pix2pix does.
        statistics_at_inference: For batch normalisation; "image" is the tutorial's way.
        name: The model's name.

    Raises:
        RecipeError: There is no such norm, or the depth is less than 2.
    """
    if depth < 2:
        raise RecipeError(f"A U-Net needs a depth of at least 2, got {depth}.")
    widths = [min(filters * 2**level, 8 * filters) for level in range(depth)]

    def normalised(images, block: str):
        if norm == "instance":
            return InstanceNormalization(name=f"{block}_norm")(images)
        if norm != "batch":
            raise RecipeError(f"norm must be 'batch' or 'instance', got {norm!r}.")
        return BatchNormalization(
            _MOMENTUM,
            _EPSILON,
            statistics_at_inference=statistics_at_inference,
            name=f"{block}_norm",
        )(images)

    inputs = images = keras.Input((None, None, input_channels), name="image")
    levels = []
    for level, width in enumerate(widths, start=1):
        block = f"down{level}"
        images = convolution(images, width, 4, stride=2, name=f"{block}_conv", use_bias=False)
        if level > 1:
            images = normalised(images, block)
        images = keras.layers.LeakyReLU(negative_slope=_SLOPE, name=f"{block}_relu")(images)
        levels.append(images)
    for level in range(depth, 1, -1):
        block = f"up{level}"
        images = transposed_convolution(
            images, widths[level - 2], 4, name=f"{block}_conv", use_bias=False
        )
        images = normalised(images, block)
        if dropout and level > depth - _DROPOUT_BLOCKS:
            images = Dropout(dropout, dropout_at_inference, name=f"{block}_dropout")(images)
        images = keras.layers.ReLU(name=f"{block}_relu")(images)
        images = keras.layers.Concatenate(name=f"{block}_skip")([images, levels[level - 2]])
    images = transposed_convolution(images, output_channels, 4, name="up1_conv")
    return generator_model(inputs, images, size_multiple=2**depth, name=name)
