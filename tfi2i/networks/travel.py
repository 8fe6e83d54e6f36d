"""The Siamese network of TraVeLGAN (Amodio and Krishnaswamy 2019, section 3.2), for two domains."""

import keras

from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size
from tfi2i.networks.blocks import Norm, convolution, halved_size, leaky_relu, normalisation


def siamese_stem(
    *, input_channels: int = 3, filters: int = 64, name: str = "siamese_stem"
) -> keras.Model:
    """The first layer of the Siamese network, one for each domain.

    (B, H, W, input_channels) -> (B, H / 2, W / 2, filters). Domains that look different get filters
    of their own before the layers that they share.

    Args:
        input_channels: Channels of the domain's images.
        filters: Channels out.
        name: The model's name.
    """
    inputs = keras.Input((None, None, input_channels), name="image")
    images = convolution(inputs, filters, 4, stride=2, name="block1_conv")
    return keras.Model(inputs, leaky_relu(images, "block1_relu"), name=name)


def siamese_trunk(
    *,
    image_size: Size,
    depth: int = 5,
    filters: int = 64,
    max_filters: int = 512,
    vector_length: int = 1000,
    norm: Norm = "batch",
    name: str = "siamese_trunk",
) -> keras.Model:
    """The layers that both domains share: a stem's output -> (B, vector_length), unbounded.

    Strided 4x4 blocks, which halve the images `depth` times, then one dense layer. With the
    defaults and 128 px the channels are 64-128-256-512-512 (the first are the stem's), the map is
    4x4 and the vectors have 1000 components.

    Args:
        image_size: Height and width of the images that the stem sees, multiples of 2**depth.
        depth: How many times the image is halved, the stem included.
        filters: Channels of the stem; they double from block to block.
        max_filters: Where the doubling ends.
        vector_length: Components of the vector.
        norm: "batch", "instance" or "none".
        name: The model's name.

    Raises:
        RecipeError: If the size cannot be halved that often, or nothing would be shared.
    """
    if depth < 2:
        raise RecipeError(f"depth must be 2 or more, for a block to share, got {depth}")
    covered = halved_size(image_size, depth)
    inputs = keras.Input((*halved_size(image_size, 1), filters), name="features")
    images = inputs
    for level in range(2, depth + 1):
        block = f"block{level}"
        images = convolution(
            images,
            min(filters * 2 ** (level - 1), max_filters),
            4,
            stride=2,
            name=f"{block}_conv",
            use_bias=norm == "none",
        )
        images = normalisation(images, norm, name=f"{block}_norm")
        images = leaky_relu(images, f"{block}_relu")
    # A convolution over the whole map is the dense layer. It has no bias: vectors enter the losses
    # as differences, in which a bias cancels.
    images = convolution(
        images,
        vector_length,
        covered,
        padding="valid",
        name="vector_conv",
        use_bias=False,
        dtype="float32",
    )
    vector = keras.layers.Flatten(dtype="float32", name="vector")(images)
    return keras.Model(inputs, vector, name=name)
