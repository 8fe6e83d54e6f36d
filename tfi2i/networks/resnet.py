"""The residual generator of CycleGAN (Zhu et al. 2017, section 7.2; after Johnson et al. 2016)."""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import keras

from tfi2i.image_sizes import Size, shorter_side
from tfi2i.layers import ReflectionPadding2D, SelfAttention
from tfi2i.networks.blocks import (
    Norm,
    Upsampling,
    convolution,
    double,
    generator_model,
    normalisation,
    transposed_convolution,
)


def resnet_blocks(crop_size: Size) -> int:
    """The paper's residual blocks: 9 from 256 pixels on (of the shorter side), 6 below."""
    return 9 if shorter_side(crop_size) >= 256 else 6


def resnet(
    *,
    input_channels: int = 3,
    output_channels: int = 3,
    blocks: int = 9,
    filters: int = 64,
    kernel_size: int = 7,
    norm: Norm = "instance",
    statistics_at_inference: Literal["moving", "image"] = "moving",
    upsampling: Upsampling = "transposed",
    attention: bool = False,
    spectral: bool = False,
    name: str = "generator",
) -> keras.Model:
    """Builds c7s1-64, d128, d256, R256 x blocks, u128, u64, c7s1-3 in the paper's notation.

    (B, H, W, input_channels) -> (B, H, W, output_channels) in [-1, 1]; H and W are multiples of 4,
    at least 8. The paper has 9 blocks for 256 px (11,383,427 weights: the norms have scale and
    offset, and the convolutions before them no bias) and 6 blocks for 128 px.

    Args:
        input_channels: Channels of the source images.
        output_channels: Channels of the translated images.
        blocks: Residual blocks at a quarter of the size.
        filters: Channels after the first convolution.
        kernel_size: Kernel of the first and the last convolution; 9 in Johnson et al. 2016.
        norm: "batch", "instance" or "none".
        statistics_at_inference: For batch normalisation: see `tfi2i.layers.BatchNormalization`.
        upsampling: "transposed" convolutions, or "nearest" and a convolution, which draws no
            checkerboard.
        attention: Self-attention in the middle of the residual blocks.
        spectral: Normalise every convolution kernel spectrally.
        name: The model's name.
    """
    options: dict[str, Any] = {"use_bias": norm == "none", "spectral": spectral}
    normalised = partial(normalisation, norm=norm, statistics_at_inference=statistics_at_inference)
    inputs = keras.Input((None, None, input_channels), name="image")
    images = ReflectionPadding2D(kernel_size // 2, name="first_pad")(inputs)
    images = convolution(
        images, filters, kernel_size, padding="valid", name="first_conv", **options
    )
    images = _norm_relu(images, normalised, "first")
    for level in (1, 2):
        # "same" would pad only right and below with a 3x3 kernel and stride 2.
        images = keras.layers.ZeroPadding2D(1, name=f"down{level}_pad")(images)
        images = convolution(
            images,
            filters * 2**level,
            3,
            stride=2,
            padding="valid",
            name=f"down{level}_conv",
            **options,
        )
        images = _norm_relu(images, normalised, f"down{level}")
    for block in range(1, blocks + 1):
        images = _residual(images, filters * 4, normalised, f"block{block}", options)
        if attention and block == (blocks + 1) // 2:
            images = SelfAttention(spectral=spectral, name="attention")(images)
    for level in (2, 1):
        channels, place = filters * 2 ** (level - 1), f"up{level}_conv"
        if upsampling == "transposed":
            images = transposed_convolution(images, channels, 3, name=place, **options)
        else:
            images = double(images, channels, upsampling, name=place, **options)
        images = _norm_relu(images, normalised, f"up{level}")
    images = ReflectionPadding2D(kernel_size // 2, name="last_pad")(images)
    images = convolution(
        images,
        output_channels,
        kernel_size,
        padding="valid",
        name="last_conv",
        spectral=spectral,
        blockwise=True,
    )
    return generator_model(inputs, images, size_multiple=4, name=name)


def _norm_relu(images, normalised: Callable, block: str):
    images = normalised(images, name=f"{block}_norm")
    return keras.layers.ReLU(name=f"{block}_relu")(images)


def _residual(images, filters: int, normalised: Callable, block: str, options: dict):
    """Adds two reflection-padded 3x3 convolutions, without activation after the sum."""
    branch = ReflectionPadding2D(1, name=f"{block}_pad1")(images)
    branch = convolution(branch, filters, 3, padding="valid", name=f"{block}_conv1", **options)
    branch = _norm_relu(branch, normalised, f"{block}_1")
    branch = ReflectionPadding2D(1, name=f"{block}_pad2")(branch)
    branch = convolution(branch, filters, 3, padding="valid", name=f"{block}_conv2", **options)
    branch = normalised(branch, name=f"{block}_2_norm")
    return keras.layers.Add(name=f"{block}_add")([images, branch])
