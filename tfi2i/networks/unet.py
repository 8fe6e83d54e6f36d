"""The U-Net generator of pix2pix (Isola et al. 2017, section 6.1.1), with or without skips.

With a latent vector it is the generator of BicycleGAN (Zhu et al. 2017, section 4).
"""

from typing import Literal

import keras

from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size, shorter_side
from tfi2i.layers import AppendLatent, Dropout, SelfAttention
from tfi2i.networks.blocks import (
    Norm,
    Padding,
    Upsampling,
    convolution,
    double,
    generator_model,
    leaky_relu,
    normalisation,
)

_DROPOUT_BLOCKS = 3


def unet_depth(crop_size: Size) -> int:
    """How many halvings bring the shorter side of images to one pixel; at most the paper's 8."""
    return min(8, shorter_side(crop_size).bit_length() - 1)


def unet(
    *,
    input_channels: int = 3,
    output_channels: int = 3,
    depth: int = 8,
    filters: int = 64,
    max_filters: int = 512,
    norm: Norm = "batch",
    bias_without_norm: bool = False,
    dropout: float = 0.5,
    dropout_at_inference: bool = False,
    statistics_at_inference: Literal["moving", "image"] = "moving",
    skips: bool = True,
    upsampling: Upsampling = "transposed",
    input_skip: bool = False,
    attention_at: tuple[int, ...] = (),
    spectral: bool = False,
    padding: Padding = "same",
    latent_length: int = 0,
    latent_at: Literal["input", "all"] = "all",
    name: str = "generator",
) -> keras.Model:
    """Builds a U-Net: (B, H, W, input_channels) -> (B, H, W, output_channels) in [-1, 1].

    With a `latent_length` its input is a list of two: the images and vectors (B, latent_length).

    Depth 8 is the paper's network for 256 px (54,413,955 weights), depth 7 the one for 128 px. The
    first and the innermost encoder block are not normalised: the innermost map of a 256 px image is
    one pixel, whose normalised value would always be zero. Convolutions before a norm have no bias.

    Args:
        input_channels: Channels of the source images.
        output_channels: Channels of the translated images.
        depth: How many times the image is halved; H and W must be multiples of 2**depth.
        filters: Channels after the first block; they double from level to level.
        max_filters: Where the doubling ends.
        norm: "batch", "instance" or "none".
        bias_without_norm: Whether the first and the innermost convolution of the encoder, which no
            norm follows, have a bias. They have one in the authors' PyTorch code with "instance".
        dropout: Rate in the three innermost decoder blocks.
        dropout_at_inference: Keep dropout on in inference, as the paper does.
        statistics_at_inference: For batch normalisation; "image" is the paper's protocol.
        skips: False gives the encoder-decoder of the paper's section 4.3.
        upsampling: "transposed" convolutions, as the paper, or "nearest" and a convolution.
        input_skip: Whether the last convolution sees the source image too, a skip at full size. The
            paper has none, and its transposed convolution needs none; without it "nearest" cannot
            draw detail of single pixels.
        attention_at: Encoder levels (1 = after the first halving) whose maps go through
            self-attention. The result goes on to the next level and to the skip connection, through
            which the decoder gets it.
        spectral: Normalise every convolution kernel spectrally.
        padding: "same", with zeros as in the paper, or "reflect", which draws no frame. Transposed
            convolutions have no "reflect".
        latent_length: Components of a vector that stands beside every pixel; 0 for none.
        latent_at: Where the vector enters: at the "input" alone, or before "all" encoder blocks
            (Zhu et al. 2017, figure 3; the skips carry the maps without it).
        name: The model's name.
    """
    if depth < 2:
        raise RecipeError(f"A U-Net needs a depth of at least 2, got {depth}.")
    if not set(attention_at) <= set(range(1, depth + 1)):
        raise RecipeError(f"attention_at must name levels 1 to {depth}, got {attention_at}.")
    if latent_at not in ("input", "all"):
        raise RecipeError(f"latent_at is 'input' or 'all', got {latent_at!r}.")
    widths = [min(filters * 2**level, max_filters) for level in range(depth)]
    inputs = keras.Input((None, None, input_channels), name="image")
    latent = keras.Input((latent_length,), name="latent") if latent_length else None
    latent_levels = range(1, depth + 1 if latent_at == "all" else 2) if latent_length else ()

    def with_latent(images, level: int):
        if level not in latent_levels:
            return images
        return AppendLatent(name=f"down{level}_latent")([images, latent])

    no_norm = (1, depth) if bias_without_norm else ()
    biased = range(1, depth + 1) if norm == "none" else no_norm
    levels = _encoder(
        inputs,
        widths,
        norm,
        biased,
        statistics_at_inference,
        attention_at,
        spectral,
        padding,
        with_latent,
    )
    images = levels[-1]
    for level in range(depth, 1, -1):
        block = f"up{level}"
        images = keras.layers.ReLU(name=f"{block}_relu")(images)
        images = double(
            images,
            widths[level - 2],
            upsampling,
            name=f"{block}_conv",
            use_bias=norm == "none",
            spectral=spectral,
            padding=padding,
        )
        images = normalisation(
            images,
            norm,
            name=f"{block}_norm",
            statistics_at_inference=statistics_at_inference,
        )
        if dropout and level > depth - _DROPOUT_BLOCKS:
            images = Dropout(dropout, dropout_at_inference, name=f"{block}_dropout")(images)
        if skips:
            pair = [images, levels[level - 2]]
            images = keras.layers.Concatenate(name=f"{block}_skip")(pair)
    images = keras.layers.ReLU(name="up1_relu")(images)
    images = double(
        images,
        output_channels,
        upsampling,
        name="up1_conv",
        spectral=spectral,
        padding=padding,
        beside=inputs if input_skip else None,
    )
    taken = inputs if latent is None else [inputs, latent]
    return generator_model(taken, images, size_multiple=2**depth, name=name)


def _encoder(
    images,
    widths,
    norm,
    biased,
    statistics_at_inference,
    attention_at,
    spectral,
    padding,
    with_latent,
) -> list:
    """Maps of all levels before their activation, from the outermost to the innermost."""
    levels = []
    for level, width in enumerate(widths, start=1):
        block = f"down{level}"
        if level > 1:
            images = leaky_relu(images, f"{block}_relu")
        images = convolution(
            with_latent(images, level),
            width,
            4,
            stride=2,
            name=f"{block}_conv",
            use_bias=level in biased,
            spectral=spectral,
            padding=padding,
        )
        if 1 < level < len(widths):
            images = normalisation(
                images,
                norm,
                name=f"{block}_norm",
                statistics_at_inference=statistics_at_inference,
            )
        if level in attention_at:
            images = SelfAttention(spectral=spectral, name=f"{block}_attention")(images)
        levels.append(images)
    return levels
