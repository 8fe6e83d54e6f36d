"""The networks of StackGAN (Zhang et al. 2017, section 3): captions to images in two stages.

Layers of one generator have other names than those of the other, for an exported one has both.
The paper's Stage I draws 64 px and Stage II 256 px. Here Stage I draws any size that can be halved
to about 4x4, and Stage II what its `enlargement` makes of it.
"""

import math

import keras

from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.layers import ConcatenateLabel
from tfi2i.networks.blocks import (
    convolution,
    double,
    halved_size,
    leaky_relu,
    normalisation,
)
from tfi2i.networks.dcgan import dcgan_depth

_WIDEST = 8
# The Stage-I image is halved so often before the caption meets it: 64 px become 16x16. Smaller ones
# keep a map of 8x8, for less would not hold them.
_HALVED, _SMALLEST_MAP = 2, 8


def sketch_size(image_size: Size, enlargement: int) -> Size:
    """Height and width of Stage I's images, where Stage II's are `enlargement` times as large.

    Raises:
        RecipeError: The enlargement is no power of two, or the size is no multiple of it.
    """
    if enlargement < 1 or enlargement & (enlargement - 1):
        raise RecipeError(f"model.enlargement is 1, 2, 4 or a higher power of two: {enlargement}")
    return halved_size(image_size, int(math.log2(enlargement)), "model.enlargement")


def caption_table(*, count: int, length: int, name: str) -> keras.Model:
    """Builds a table of embeddings: numbers (B,) of captions -> (B, length); it does not learn."""
    numbers = keras.Input((), dtype="int32", name="number")
    options = {"embeddings_initializer": "zeros", "trainable": False, "dtype": "float32"}
    embeddings = keras.layers.Embedding(count, length, name="table", **options)(numbers)
    return keras.Model(numbers, embeddings, name=name)


def conditioning(*, embedding_length: int, length: int = 128, name: str) -> keras.Model:
    """Builds conditioning augmentation: captions (B, embedding_length) -> [mean, log_variance].

    Both are float32 (B, length): the condition is drawn from N(mean, variance) (section 3.2).

    Args:
        embedding_length: Components of a caption's embedding.
        length: Components of the condition.
        name: The model's name.
    """
    captions = keras.Input((embedding_length,), name="caption")
    levelled = _levelled(captions, f"{name}_level")
    # In float32: the variance is the exponential of what comes out.
    moments = [
        leaky_relu(
            keras.layers.Dense(length, dtype="float32", name=f"{name}_{moment}_dense")(levelled),
            f"{name}_{moment}_relu",
        )
        for moment in ("mean", "log_variance")
    ]
    return keras.Model(captions, moments, name=name)


def stage_one_generator(
    *,
    noise_length: int = 100,
    condition_length: int = 128,
    image_size: Size = 64,
    channels: int = 3,
    filters: int = 128,
    name: str = "stage_one_generator",
) -> keras.Model:
    """Builds Stage I: [noise (B, N), condition (B, L)] -> images (B, H, W, channels) in [-1, 1].

    A small map is repeated to twice its size and convolved, until it is the image (section 3.3).

    Args:
        noise_length: Components of the noise.
        condition_length: Components of the condition.
        image_size: Height and width of the images.
        channels: Channels of the images.
        filters: Channels before the image.
        name: The model's name.
    """
    depth = dcgan_depth(image_size)
    noise = keras.Input((noise_length,), name="noise")
    condition = keras.Input((condition_length,), name="condition")
    joined = keras.layers.Concatenate(name="noise_and_condition")([noise, condition])
    points = keras.layers.Reshape((1, 1, noise_length + condition_length), name="points")(joined)
    # A transposed convolution of one point is one product.
    images = keras.layers.Conv2DTranspose(
        filters * min(2**depth, _WIDEST),
        halved_size(image_size, depth),
        use_bias=False,
        kernel_initializer=keras.initializers.RandomNormal(0.0, 0.02),
        name="sketch_project_conv",
    )(points)
    images = _normalised(images, "sketch_project")
    images = _doubled(images, depth, filters, "sketch_")
    return keras.Model([noise, condition], _drawn(images, channels, "sketch_"), name=name)


def stage_two_generator(
    *,
    condition_length: int = 128,
    image_size: Size = 64,
    enlargement: int = 4,
    channels: int = 3,
    filters: int = 128,
    blocks: int = 4,
    name: str = "stage_two_generator",
) -> keras.Model:
    """Builds Stage II: [Stage-I images, condition (B, L)] -> images `enlargement` times as large.

    The Stage-I image is halved twice (16 px only once), sees the condition at every pixel, passes
    residual blocks and is doubled until it is the larger image (section 3.4).

    Args:
        condition_length: Components of the condition.
        image_size: Height and width of the Stage-I images.
        enlargement: 2, 4, ...: how many times as large the result is.
        channels: Channels of the images.
        filters: Channels after the first convolution, and before the image.
        blocks: Residual blocks: 4 in the paper for 256 px, 2 for 128.
        name: The model's name.
    """
    halved = _halvings(image_size)
    sketch = keras.Input((*height_and_width(image_size), channels), name="sketch")
    condition = keras.Input((condition_length,), name="condition")
    images = convolution(sketch, filters, 3, name="first_conv")
    images = keras.layers.ReLU(name="first_relu")(images)
    for level in range(1, halved + 1):
        width = filters * 2**level
        images = convolution(images, width, 4, stride=2, name=f"down{level}_conv", use_bias=False)
        images = _normalised(images, f"down{level}")
    images = ConcatenateLabel(name="with_condition")([images, condition])
    width = filters * 2**halved
    images = _normalised(convolution(images, width, 3, name="join_conv", use_bias=False), "join")
    for number in range(1, blocks + 1):
        images = _residual_block(images, f"block{number}")
    images = _doubled(images, halved + int(math.log2(enlargement)), filters)
    return keras.Model([sketch, condition], _drawn(images, channels), name=name)


def matching_discriminator(
    *,
    embedding_length: int,
    image_size: Size = 64,
    channels: int = 3,
    filters: int = 64,
    compressed_length: int = 128,
    name: str,
) -> keras.Model:
    """Builds a discriminator: [images, captions (B, embedding_length)] -> scores (B, 1).

    It judges whether the image is real and shows what the caption says. The image is halved to a
    small map; the embedding is compressed, stands at every place of the map, and a 1x1 convolution
    looks at both (section 3.3).

    Args:
        embedding_length: Components of a caption's embedding.
        image_size: Height and width of the images.
        channels: Channels of the images.
        filters: Channels after the first convolution.
        compressed_length: Components of the compressed embedding, the paper's N_d.
        name: The model's name.
    """
    depth = dcgan_depth(image_size)
    inputs = keras.Input((*height_and_width(image_size), channels), name="image")
    captions = keras.Input((embedding_length,), name="caption")
    images = inputs
    for level in range(1, depth + 1):
        width = filters * min(2 ** (level - 1), _WIDEST)
        options = {"stride": 2, "name": f"down{level}_conv", "use_bias": level == 1}
        images = convolution(images, width, 4, **options)
        if level > 1:
            images = normalisation(images, "batch", name=f"down{level}_norm")
        images = leaky_relu(images, f"down{level}_relu")
    text = keras.layers.Dense(compressed_length, name="text_dense")(_levelled(captions, "level"))
    text = leaky_relu(text, "text_relu")
    images = ConcatenateLabel(name="with_text")([images, text])
    images = convolution(images, width, 1, name="match_conv", use_bias=False)
    images = normalisation(images, "batch", name="match_norm")
    images = leaky_relu(images, "match_relu")
    covered = halved_size(image_size, depth)
    scores = convolution(images, 1, covered, padding="valid", name="scores_conv", dtype="float32")
    scores = keras.layers.Flatten(dtype="float32", name="scores")(scores)
    return keras.Model([inputs, captions], scores, name=name)


def _halvings(image_size: Size) -> int:
    """How often Stage I's images are halved in Stage II."""
    sides, times = height_and_width(image_size), 0
    while times < _HALVED and not any(side % 2 for side in sides):
        sides = [side // 2 for side in sides]
        if min(sides) < _SMALLEST_MAP:
            break
        times += 1
    return times


def _levelled(captions, name: str):
    """Embeddings at one level: encoders differ in it, and those of length 1 hardly begin to tell.

    The weights start near 0, and the noise of conditioning augmentation has a variance of about 1.
    """
    return keras.layers.LayerNormalization(center=False, scale=False, dtype="float32", name=name)(
        captions
    )


def _normalised(images, block: str):
    images = normalisation(images, "batch", name=f"{block}_norm")
    return keras.layers.ReLU(name=f"{block}_relu")(images)


def _doubled(images, times: int, filters: int, prefix: str = ""):
    """Repeats and convolves as often; channels are halved to `filters` at the end."""
    for level in range(1, times + 1):
        width = filters * min(2 ** (times - level), _WIDEST)
        images = double(images, width, "nearest", name=f"{prefix}up{level}_conv", use_bias=False)
        images = _normalised(images, f"{prefix}up{level}")
    return images


def _residual_block(images, block: str):
    width = images.shape[-1]
    branch = convolution(images, width, 3, name=f"{block}_1_conv", use_bias=False)
    branch = _normalised(branch, f"{block}_1")
    branch = convolution(branch, width, 3, name=f"{block}_2_conv", use_bias=False)
    branch = normalisation(branch, "batch", name=f"{block}_2_norm")
    images = keras.layers.Add(name=f"{block}_add")([images, branch])
    return keras.layers.ReLU(name=f"{block}_relu")(images)


def _drawn(images, channels: int, prefix: str = ""):
    images = convolution(images, channels, 3, name=f"{prefix}image_conv")
    return keras.layers.Activation("tanh", dtype="float32", name=f"{prefix}output")(images)
