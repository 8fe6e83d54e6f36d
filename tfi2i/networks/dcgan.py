"""The networks of DCGAN (Radford et al. 2016, section 3): convolutions from a latent to an image.

They have 64 px and 100 components of the latent in the paper, and any size here that can be halved:
28 px begin at 7x7, 32, 64 and 128 px at 4x4.
"""

from typing import Literal

import keras

from tfi2i.image_sizes import Size, height_and_width
from tfi2i.layers import (
    ConcatenateLabel,
    DropReference,
    MinibatchDiscrimination,
    PrependReference,
    VirtualBatchNormalization,
)
from tfi2i.networks.blocks import (
    Norm,
    convolution,
    halved_size,
    leaky_relu,
    normalisation,
    transposed_convolution,
)

_WIDEST = 8
_SMALLEST_MAP = 4


def dcgan_depth(image_size: Size) -> int:
    """How often images of this size are halved: until a side is odd or would be less than 4."""
    depth, (height, width) = 0, height_and_width(image_size)
    while not (height % 2 or width % 2) and min(height, width) >= 2 * _SMALLEST_MAP:
        depth, height, width = depth + 1, height // 2, width // 2
    return depth


def dcgan_generator(
    *,
    latent_length: int = 100,
    label_length: int = 0,
    image_size: Size = 64,
    channels: int = 3,
    depth: int | None = None,
    filters: int = 64,
    norm: Norm = "batch",
    reference: int = 0,
    reference_prior: Literal["normal", "uniform"] = "normal",
    reference_seed: int = 0,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator: latents (B, latent_length) -> images (B, H, W, channels) in [-1, 1].

    The latent is projected to a small map of many channels. Each transposed 4x4 convolution doubles
    the map and halves the channels, down to `filters`; the last one draws the image. All but the
    last are normalised, and ReLU follows. With labels it takes [latents, labels (B, label_length)],
    one behind the other. 3,576,704 weights by default, as in the authors' code, which has no biases
    and 4x4 kernels where the paper has 5x5.

    Args:
        latent_length: Components of the latent.
        label_length: Components of a label; 0 for none.
        image_size: Height and width of the images, multiples of 2**depth.
        channels: Channels of the images.
        depth: How many times the first map is doubled; None takes `dcgan_depth`.
        filters: Channels before the image.
        norm: "batch" in the paper, "instance" or "none".
        reference: Latents of a reference batch, with which virtual batch normalisation takes the
            place of `norm` (Salimans et al. 2016); 0 for none.
        reference_prior: Distribution of these latents.
        reference_seed: Of their draw.
        name: The model's name.

    Raises:
        RecipeError: The size cannot be halved that often.
    """
    depth = dcgan_depth(image_size) if depth is None else depth
    height, width = halved_size(image_size, depth)
    widths = _widths(depth, filters)[::-1]
    inputs = points = keras.Input((latent_length,), name="latent")
    if label_length:
        inputs = [inputs, keras.Input((label_length,), name="label")]
        points = keras.layers.Concatenate(name="latent_and_label")(inputs)
    if reference:
        points = PrependReference(reference, reference_prior, reference_seed, name="reference")(
            points
        )
    points = keras.layers.Reshape((1, 1, latent_length + label_length), name="latent_map")(points)
    # A transposed convolution of one point is one product: "project and reshape" (figure 1).
    images = keras.layers.Conv2DTranspose(
        widths[0],
        (height, width),
        use_bias=norm == "none",
        kernel_initializer=keras.initializers.RandomNormal(0.0, 0.02),
        name="project_conv",
    )(points)
    for level, channels_out in enumerate([*widths[1:], None], start=1):
        if reference:
            images = VirtualBatchNormalization(reference, name=f"up{level}_norm")(images)
        else:
            images = normalisation(images, norm, name=f"up{level}_norm")
        images = keras.layers.ReLU(name=f"up{level}_relu")(images)
        if channels_out is None:
            break
        images = transposed_convolution(
            images, channels_out, 4, name=f"up{level}_conv", use_bias=norm == "none"
        )
    if reference:
        images = DropReference(reference, name="without_reference")(images)
    images = transposed_convolution(images, channels, 4, name="image_conv", use_bias=norm == "none")
    images = keras.layers.Activation("tanh", dtype="float32", name="output")(images)
    return keras.Model(inputs, images, name=name)


def dcgan_discriminator(
    *,
    image_size: Size = 64,
    channels: int = 3,
    depth: int | None = None,
    filters: int = 64,
    norm: Norm = "batch",
    spectral: bool = False,
    label_length: int = 0,
    outputs: int = 1,
    minibatch_kernels: int = 0,
    with_features: bool = False,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a discriminator: images (B, H, W, channels) -> scores (B, outputs), without a sigmoid.

    Strided 4x4 convolutions with LeakyReLU 0.2 halve the map and double the channels, up to eight
    times `filters`; one convolution over what is left gives the score. All but the first and the
    last are normalised. With labels it takes [images, labels (B, label_length)]; every convolution
    sees each component as a map beside the image's channels, as in the authors' code for MNIST.
    2,765,568 weights by default, none of them a bias.

    Args:
        image_size: Height and width of the images, multiples of 2**depth.
        channels: Channels of the images.
        depth: How many times the images are halved; None takes `dcgan_depth`.
        filters: Channels after the first convolution.
        norm: "batch" in the paper, "instance" or "none".
        spectral: Divide every kernel by its largest singular value (Miyato et al. 2018).
        label_length: Components of a label; 0 for none.
        outputs: Components of the result, one score in the paper.
        minibatch_kernels: Numbers that minibatch discrimination (Salimans et al. 2016) writes
            beside the last map, before the scores; 0 for none.
        with_features: Also give the last map, (B, h, w, C): the result is a list of both.
        name: The model's name.

    Raises:
        RecipeError: The size cannot be halved that often.
    """
    depth = dcgan_depth(image_size) if depth is None else depth
    covered = halved_size(image_size, depth)
    inputs = images = keras.Input((*height_and_width(image_size), channels), name="image")
    labels = keras.Input((label_length,), name="label") if label_length else None
    for level, channels_out in enumerate(_widths(depth, filters), start=1):
        if labels is not None:
            images = ConcatenateLabel(name=f"down{level}_label")([images, labels])
        images = convolution(
            images, channels_out, 4, stride=2, name=f"down{level}_conv",
            use_bias=norm == "none", spectral=spectral,
        )  # fmt: skip
        if level > 1:
            images = normalisation(images, norm, name=f"down{level}_norm")
        images = leaky_relu(images, f"down{level}_relu")
    if labels is not None:
        inputs, images = [inputs, labels], ConcatenateLabel(name="scores_label")([images, labels])
    features = images
    if minibatch_kernels:
        # As one point of many channels, over which the last convolution is a dense layer.
        rows = keras.layers.Flatten(name="rows")(images)
        rows = MinibatchDiscrimination(minibatch_kernels, name="minibatch")(rows)
        images = keras.layers.Reshape((1, 1, rows.shape[-1]), name="point")(rows)
        covered = (1, 1)
    scores = convolution(
        images, outputs, covered, padding="valid", name="scores_conv",
        use_bias=norm == "none", spectral=spectral, dtype="float32",
    )  # fmt: skip
    scores = keras.layers.Flatten(dtype="float32", name="scores")(scores)
    return keras.Model(inputs, [scores, features] if with_features else scores, name=name)


def _widths(depth: int, filters: int) -> list[int]:
    return [filters * min(2**level, _WIDEST) for level in range(depth)]
