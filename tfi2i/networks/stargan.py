"""The networks of StarGAN (Choi et al. 2018, appendix 7.2, tables 4 and 5)."""

import keras

from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.layers import (
    ConcatenateLabel,
    FixedLabel,
    LeakyReLU,
    NearestUpsampling2D,
    ProductConv2D,
    ProductConv2DTranspose,
)
from tfi2i.networks.blocks import Upsampling, generator_model, halved_size, normalisation


def stargan_generator(
    *,
    domains: int,
    channels: int = 3,
    blocks: int = 6,
    filters: int = 64,
    upsampling: Upsampling = "transposed",
    input_skip: bool = False,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator: [images (B, H, W, C), labels (B, domains)] -> images in [-1, 1].

    H and W are multiples of 4. With the defaults and 5 domains it has 8,430,528 weights.

    Args:
        domains: Entries of a label.
        channels: Channels of the images, in and out.
        blocks: Residual blocks at a quarter of the size.
        filters: Channels after the first convolution.
        upsampling: "transposed" convolutions, or "nearest" and a 3x3 one, which draws no
            checkerboard.
        input_skip: Whether the last convolution sees the images too. Then what the label does not
            change need not pass through the features; the paper has no such skip.
        name: The model's name.
    """
    inputs, features = labelled_features(domains, channels, blocks, filters, upsampling)
    if input_skip:
        features = keras.layers.Concatenate(name="input_skip")([features, inputs[0]])
    images = stargan_convolution(features, channels, 7, name="last_conv", use_bias=False)
    return generator_model(inputs, images, size_multiple=4, name=name)


def labelled_features(
    domains: int, channels: int, blocks: int, filters: int, upsampling: Upsampling
):
    """All layers of the generator but the last: its two inputs, and features (B, H, W, filters)."""
    inputs = [
        keras.Input((None, None, channels), name="image"),
        keras.Input((domains,), name="label"),
    ]
    images = ConcatenateLabel(name="inputs")(inputs)
    images = _convolution_norm_relu(images, filters, 7, "first")
    for level in (1, 2):
        images = _convolution_norm_relu(images, filters * 2**level, 4, f"down{level}", stride=2)
    for block in range(1, blocks + 1):
        images = _residual(images, filters * 4, f"block{block}")
    for level in (2, 1):
        images = _double(images, filters * 2 ** (level - 1), upsampling, f"up{level}_conv")
        images = _norm_relu(images, f"up{level}")
    return inputs, images


def stargan_discriminator(
    *,
    domains: int,
    crop_size: Size,
    channels: int = 3,
    depth: int = 6,
    filters: int = 64,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator: images (B, H, W, C) -> [scores (B, h, w, 1), logits (B, domains)].

    The scores of patches have no sigmoid, and the logits no softmax; h = H / 2^depth, w = W /
    2^depth. There is no norm in it. With the defaults, 5 domains and 128 px it has 44,762,048
    weights.

    Args:
        domains: Classes of the auxiliary classifier.
        crop_size: H and W; the head covers the whole image, so the size is fixed.
        channels: Channels of the images.
        depth: Strided convolutions; the paper's 6 need at least 64 px.
        filters: Channels after the first convolution, doubled by every further one.
        name: The model's name.

    Raises:
        RecipeError: If the image cannot be halved so often.
    """
    covered = halved_size(crop_size, depth, "model.discriminator_depth")
    inputs = keras.Input((*height_and_width(crop_size), channels), name="image")
    images = inputs
    for level in range(1, depth + 1):
        images = stargan_convolution(
            images, filters * 2 ** (level - 1), 4, stride=2, name=f"block{level}_conv"
        )
        images = LeakyReLU(0.01, name=f"block{level}_relu")(images)
    # Both heads are in float32, as their losses are.
    scores = stargan_convolution(images, 1, 3, name="scores", use_bias=False, dtype="float32")
    logits = stargan_convolution(
        images, domains, covered, name="classes", padding="valid", use_bias=False, dtype="float32"
    )
    logits = keras.layers.Reshape((domains,), name="logits", dtype="float32")(logits)
    return keras.Model(inputs, [scores, logits], name=name)


def towards_domain(generator: keras.Model, domain: int, domains: int) -> keras.Model:
    """The generator with its label set to one domain: images -> images, with the same weights.

    Args:
        generator: From images and labels to images, or to several tensors, the first of which are
            images.
        domain: Number of the target domain.
        domains: Entries of a label.
    """
    images = keras.Input(generator.inputs[0].shape[1:], name="image")
    label = FixedLabel(domain, domains, name="label", dtype="float32")(images)
    outputs = generator([images, label])
    translated = outputs[0] if isinstance(outputs, list | tuple) else outputs
    model = keras.Model(images, translated, name=f"{generator.name}_to_{domain}")
    model.size_multiple = generator.size_multiple
    return model


def stargan_convolution(
    images, filters: int, kernel_size: int | tuple[int, int], *, name: str, **options
):
    """A convolution that pads with zeros and starts as the authors' Torch does.

    Only zeros will do: with reflection padding a constant label map would be taken out again by the
    instance norm, as its mean. The kernels start uniform within 1 / sqrt(inputs): the discriminator
    has no norm, and kernels ~ N(0, 0.02) would let the signal fade in a narrow one.

    Args:
        images: (B, H, W, C).
        filters: Channels out.
        kernel_size: Height and width of the kernel.
        name: The layer's name.
        **options: `stride`, and as `keras.layers.Conv2D` has them: `padding`, `use_bias`, `dtype`.
    """
    stride = options.pop("stride", 1)
    return ProductConv2D(
        filters,
        kernel_size,
        strides=stride,
        kernel_initializer=_start_values(),
        name=name,
        **{"padding": "same", **options},
    )(images)


def _double(images, filters: int, upsampling: Upsampling, name: str):
    options = {"name": name, "use_bias": False}
    if upsampling == "nearest":
        images = NearestUpsampling2D(name=f"{name}_up")(images)
        return stargan_convolution(images, filters, 3, **options)
    if upsampling == "transposed":
        options |= {"padding": "same", "kernel_initializer": _start_values()}
        return ProductConv2DTranspose(filters, 4, strides=2, **options)(images)
    raise RecipeError(f"upsampling is 'transposed' or 'nearest', got {upsampling!r}")


def _start_values() -> keras.initializers.Initializer:
    return keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")


def _convolution_norm_relu(images, filters: int, kernel_size: int, block: str, stride: int = 1):
    images = stargan_convolution(
        images, filters, kernel_size, stride=stride, name=f"{block}_conv", use_bias=False
    )
    return _norm_relu(images, block)


def _norm_relu(images, block: str):
    images = normalisation(images, "instance", name=f"{block}_norm")
    return keras.layers.ReLU(name=f"{block}_relu")(images)


def _residual(images, filters: int, block: str):
    """Adds two 3x3 convolutions, without activation after the sum."""
    branch = _convolution_norm_relu(images, filters, 3, f"{block}_1")
    branch = stargan_convolution(branch, filters, 3, name=f"{block}_2_conv", use_bias=False)
    branch = normalisation(branch, "instance", name=f"{block}_2_norm")
    return keras.layers.Add(name=f"{block}_add")([images, branch])
