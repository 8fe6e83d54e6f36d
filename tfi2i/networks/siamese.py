"""The Siamese discriminator: the place of a vector says how real an image is and what it shows."""

import keras

from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.layers import SelfAttention
from tfi2i.networks.blocks import (
    Norm,
    Padding,
    convolution,
    halved_size,
    leaky_relu,
    normalisation,
)


def siamese_encoder(
    *,
    input_channels: int = 3,
    vector_length: int = 128,
    image_size: Size | None = None,
    depth: int = 4,
    filters: int = 64,
    max_filters: int = 512,
    norm: Norm = "none",
    attention_at: tuple[int, ...] = (),
    spectral: bool = True,
    padding: Padding = "same",
    pooled: bool = True,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a convolutional encoder: (B, H, W, input_channels) -> (B, vector_length), unbounded.

    Without `pooled` it gives one such vector for each patch: (B, h, w, vector_length).

    `depth` strided 4x4 blocks with LeakyReLU 0.2, then one convolution to the vector. That last one
    is never normalised spectrally, so that the length of the vector is free: margins are measured
    in this length.

    Args:
        input_channels: Channels of the images.
        vector_length: Components of the vector.
        image_size: Height and width of the images, multiples of 2**depth: the last convolution
            covers the whole grid, so that the vector knows where things are. None: every place
            gives a vector, and the mean of them is returned, for images of any size.
        depth: How many times the image is halved.
        filters: Channels after the first block; they double from block to block.
        max_filters: Where the doubling ends.
        norm: "batch", "instance" or "none"; the first block is never normalised.
        attention_at: Levels (1 = after the first halving) whose maps go through self-attention.
        spectral: Normalise the kernels of the strided convolutions and of the attention spectrally.
        padding: Padding of the strided convolutions: "same", with zeros, or "reflect".
        pooled: Whether the vectors of all places become one, their mean.
        name: The model's name.
    """
    if not set(attention_at) <= set(range(1, depth + 1)):
        raise RecipeError(f"attention_at must name levels 1 to {depth}, got {attention_at}.")
    sides, covered = (None, None), (1, 1)
    if image_size is not None:
        sides = height_and_width(image_size)
        covered = halved_size(image_size, depth, "model.discriminator_depth")
    inputs = keras.Input((*sides, input_channels), name="image")
    images = inputs
    for level in range(1, depth + 1):
        block = f"block{level}"
        normalised = norm != "none" and level > 1
        images = convolution(
            images,
            min(filters * 2 ** (level - 1), max_filters),
            4,
            stride=2,
            name=f"{block}_conv",
            use_bias=not normalised,
            spectral=spectral,
            padding=padding,
        )
        if normalised:
            images = normalisation(images, norm, name=f"{block}_norm")
        images = leaky_relu(images, f"{block}_relu")
        if level in attention_at:
            images = SelfAttention(spectral=spectral, name=f"{block}_attention")(images)
    places = convolution(
        images, vector_length, covered, padding="valid", name="vector_conv", dtype="float32"
    )
    if not pooled:
        return keras.Model(inputs, places, name=name)
    vector = keras.layers.GlobalAveragePooling2D(dtype="float32", name="vector")(places)
    return keras.Model(inputs, vector, name=name)
