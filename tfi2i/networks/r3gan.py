"""The networks of R3GAN (Huang et al. 2024, section 4 and figure 3): residual, and without norms.

A ResNet as later work made it: bottlenecks turned inside out with grouped convolutions, nothing
that normalises, no strided or transposed convolutions. What keeps it stable is how it starts: every
residual block begins as the identity, by the rules of Fixup (Zhang et al. 2019).
"""

from collections.abc import Sequence

import keras

from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.layers import GroupedConv2D, LearnedBasis, LinearUpsampling2D
from tfi2i.networks.blocks import halved_size, leaky_relu
from tfi2i.networks.dcgan import dcgan_depth

# Of all published networks: channels of a group, how much wider a block is inside, and how many
# convolutions it has.
_GROUP = 16
_EXPANSION = 2
_LAYERS = 3


def r3gan_generator(
    *,
    latent_length: int = 64,
    image_size: Size = 64,
    channels: int = 3,
    depth: int | None = None,
    filters: int = 768,
    blocks: int = 2,
    widest_map: int = 32,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator: latents (B, latent_length) -> images (B, H, W, channels), about [-1, 1].

    Learned 4x4 maps, weighted by a linear function of the latent, go through residual blocks.
    Between the stages they are doubled by linear interpolation; a 1x1 convolution makes the image.
    The paper has no tanh there.

    Args:
        latent_length: Components of the latent.
        image_size: Height and width of the images, multiples of 2**depth.
        channels: Channels of the images.
        depth: How many times the first map is doubled; None: as often as the size allows.
        filters: Channels of small maps, a multiple of 8.
        blocks: Residual blocks of a stage.
        widest_map: Maps up to this side have all channels, those of twice the side half as many,
            and so on; 32 px in all published networks.
        name: The model's name.

    Raises:
        RecipeError: The size cannot be halved that often, or the channels cannot be divided.
    """
    depth = dcgan_depth(image_size) if depth is None else depth
    first = halved_size(image_size, depth)
    total = blocks * (depth + 1)
    latents = keras.Input((latent_length,), name="latent")
    width = _width(first, filters, widest_map)
    weights = keras.layers.Dense(
        width, use_bias=False, kernel_initializer=_start(1.0), name="project"
    )(latents)
    images = LearnedBasis(first, name="basis")(weights)
    for level in range(depth + 1):
        if level:
            width = _width([2 * side for side in images.shape[1:3]], filters, widest_map)
            # The convolution of points and the interpolation commute; it is faster on small maps.
            images = _with_channels(images, width, f"up{level}_conv")
            images = LinearUpsampling2D(name=f"up{level}")(images)
        for number in range(blocks):
            images = _residual_block(images, total, f"stage{level}_block{number}")
    images = _pointwise(images, channels, f"{name}_image", dtype="float32")
    return keras.Model(latents, images, name=name)


def r3gan_discriminator(
    *,
    image_size: Size = 64,
    channels: int = 3,
    depth: int | None = None,
    filters: int = 768,
    blocks: int = 2,
    widest_map: int = 32,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a discriminator: images (B, H, W, channels) -> scores (B, 1), without a sigmoid.

    The generator's mirror image. Maps are halved by the mean of 2x2 pixels, which is what linear
    interpolation is there; last, each channel is weighted by a learned 4x4 map, and a linear
    function of the sums is the score.

    Args:
        image_size: Height and width of the images, multiples of 2**depth.
        channels: Channels of the images.
        depth: How many times the images are halved; None: as often as the size allows.
        filters: As of the generator.
        blocks: Residual blocks of a stage.
        widest_map: As of the generator.
        name: The model's name.

    Raises:
        RecipeError: The size cannot be halved that often, or the channels cannot be divided.
    """
    depth = dcgan_depth(image_size) if depth is None else depth
    covered = halved_size(image_size, depth)
    total = blocks * (depth + 1)
    inputs = keras.Input((*height_and_width(image_size), channels), name="image")
    width = _width(inputs.shape[1:3], filters, widest_map)
    images = _pointwise(inputs, width, "from_image")
    for level in range(depth + 1):
        for number in range(blocks):
            images = _residual_block(images, total, f"stage{level}_block{number}")
        if level < depth:
            images = keras.layers.AveragePooling2D(2, name=f"down{level + 1}")(images)
            width = _width(images.shape[1:3], filters, widest_map)
            images = _with_channels(images, width, f"down{level + 1}_conv")
    scale = keras.initializers.RandomNormal(0.0, (covered[0] * covered[1]) ** -0.5)
    sums = keras.layers.DepthwiseConv2D(
        covered, use_bias=False, depthwise_initializer=scale, name="basis_conv"
    )(images)
    sums = keras.layers.Flatten(name="sums")(sums)
    scores = keras.layers.Dense(
        1, use_bias=False, kernel_initializer=_start(1.0), dtype="float32", name="scores"
    )(sums)
    return keras.Model(inputs, scores, name=name)


def _width(map_size: Sequence[int], filters: int, widest_map: int) -> int:
    width = filters * widest_map // max(widest_map, *map_size)
    if not width or (_EXPANSION * width) % _GROUP:
        raise RecipeError(
            f"maps of {map_size[0]}x{map_size[1]} would have {width} channels, which must be a "
            f"multiple of {_GROUP // _EXPANSION}: change the filters or model.widest_map"
        )
    return width


def _residual_block(images, total: int, name: str):
    """Adds 1x1(a(3x3 in groups(a(1x1(x))))) to x; the last convolution starts at zero.

    The first two start at He's values for LeakyReLU, times total^(-1 / (2 * 3 - 2)) (Fixup).
    """
    width = images.shape[-1]
    inner = _EXPANSION * width
    scale = 2.0 / (1.0 + 0.2**2) * total ** (-1.0 / (_LAYERS - 1))
    inside = keras.layers.Conv2D(
        inner, 1, kernel_initializer=_start(scale), name=f"{name}_expand_conv"
    )(images)
    inside = leaky_relu(inside, f"{name}_expand_relu")
    inside = GroupedConv2D(
        inner, 3, padding="same", groups=inner // _GROUP,
        kernel_initializer=_start(scale), name=f"{name}_grouped_conv",
    )(inside)  # fmt: skip
    inside = leaky_relu(inside, f"{name}_grouped_relu")
    inside = keras.layers.Conv2D(
        width, 1, use_bias=False, kernel_initializer="zeros", name=f"{name}_reduce_conv"
    )(inside)
    return keras.layers.Add(name=f"{name}_sum")([images, inside])


def _with_channels(images, width: int, name: str):
    return images if images.shape[-1] == width else _pointwise(images, width, name)


def _pointwise(images, width: int, name: str, dtype: str | None = None):
    return keras.layers.Conv2D(
        width, 1, use_bias=False, kernel_initializer=_start(1.0), dtype=dtype, name=name
    )(images)


def _start(scale: float) -> keras.initializers.Initializer:
    """N(0, scale / inputs), new for every kernel: one object would give equal ones equal values."""
    return keras.initializers.VarianceScaling(scale, "fan_in", "untruncated_normal")
