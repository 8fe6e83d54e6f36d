"""The encoders of BicycleGAN (Zhu et al. 2017, section 4): from an image to its latent."""

from typing import Literal

import keras

from tfi2i.errors import RecipeError
from tfi2i.networks.blocks import Norm, convolution, leaky_relu, normalisation

_WIDEST = 4


def latent_encoder(
    *,
    kind: Literal["resnet", "cnn"] = "resnet",
    input_channels: int = 3,
    latent_length: int = 8,
    depth: int = 5,
    filters: int = 64,
    norm: Norm = "instance",
    variance: bool = True,
    name: str = "encoder",
) -> keras.Model:
    """Builds an encoder: images (B, H, W, input_channels) -> [mean, log_variance] of a latent.

    Both are (B, latent_length), unbounded, float32. The first convolution halves the image. Then
    come residual blocks that halve it (the paper's E_ResNet) or more such convolutions (its E_CNN),
    and the mean over what is left. H and W are multiples of 2**depth.

    Args:
        kind: "resnet" or "cnn".
        input_channels: Channels of the images.
        latent_length: Components of the latent.
        depth: How many times the image is halved; 5 for 256 px leaves a map of 8x8.
        filters: Channels of the first convolution; they double up to four times as many.
        norm: "batch", "instance" or "none"; the first convolution is not normalised.
        variance: Whether there is a log_variance; without it the mean comes out alone, not in a
            list.
        name: The model's name.
    """
    if kind not in ("resnet", "cnn"):
        raise RecipeError(f"An encoder is of the kind 'resnet' or 'cnn', got {kind!r}.")
    inputs = keras.Input((None, None, input_channels), name="image")
    images = convolution(inputs, filters, 4, stride=2, name="down1_conv")
    for level in range(2, depth + 1):
        width = filters * min(2 ** (level - 1), _WIDEST)
        block = _residual_block if kind == "resnet" else _strided_block
        images = block(images, width, norm, f"down{level}")
    images = leaky_relu(images, "last_relu")
    vector = keras.layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(images)
    mean = _head(vector, latent_length, "mean")
    outputs = [mean, _head(vector, latent_length, "log_variance")] if variance else mean
    return keras.Model(inputs, outputs, name=name)


def _residual_block(images, width: int, norm: Norm, block: str):
    """Norms come before convolutions (He et al. 2016): the shortcut keeps the mean colours."""
    branch = normalisation(images, norm, name=f"{block}_1_norm")
    branch = leaky_relu(branch, f"{block}_1_relu")
    branch = convolution(
        branch, images.shape[-1], 3, name=f"{block}_1_conv", use_bias=norm == "none"
    )
    branch = normalisation(branch, norm, name=f"{block}_2_norm")
    branch = leaky_relu(branch, f"{block}_2_relu")
    branch = convolution(branch, width, 3, name=f"{block}_2_conv")
    branch = keras.layers.AveragePooling2D(2, name=f"{block}_half")(branch)
    shortcut = keras.layers.AveragePooling2D(2, name=f"{block}_shortcut_half")(images)
    shortcut = convolution(shortcut, width, 1, name=f"{block}_shortcut_conv", use_bias=False)
    return keras.layers.Add(name=f"{block}_add")([branch, shortcut])


def _strided_block(images, width: int, norm: Norm, block: str):
    images = leaky_relu(images, f"{block}_relu")
    images = convolution(images, width, 4, stride=2, name=f"{block}_conv", use_bias=norm == "none")
    return normalisation(images, norm, name=f"{block}_norm")


def _head(vector, latent_length: int, name: str):
    """In float32: the variance is the exponential of what comes out."""
    layer = keras.layers.Dense(
        latent_length,
        kernel_initializer=keras.initializers.RandomNormal(0.0, 0.02),
        dtype="float32",
        name=name,
    )
    return layer(vector)
