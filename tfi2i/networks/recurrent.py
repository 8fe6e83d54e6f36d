"""The networks of GRAN (Im et al. 2016, section 4): a generator that draws in several steps."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from tfi2i.image_sizes import Size
from tfi2i.layers import BatchNormalization, ProductConv2D, ProductConv2DTranspose
from tfi2i.networks.blocks import halved_size, leaky_relu
from tfi2i.networks.dcgan import dcgan_depth

_WIDEST = 8


def recurrent_generator(
    *,
    latent_length: int = 100,
    image_size: Size = 32,
    channels: int = 3,
    depth: int | None = None,
    filters: int = 256,
    steps: int = 5,
    name: str = "generator",
) -> keras.Model:
    """Builds a generator: latents (B, latent_length) -> images (B, H, W, channels) in [-1, 1].

    In each step an encoder of convolutions sees what the step before has added to the canvas, and a
    decoder of transposed convolutions, its mirror image, adds to it again. Both are the same in all
    steps; so is the latent. The image is the sigmoid of all that was added, brought to [-1, 1].

    Args:
        latent_length: Components of the latent.
        image_size: Height and width of the images, multiples of 2**depth.
        channels: Channels of the images.
        depth: How many times the decoder's first map is doubled; None: as often as the size allows.
        filters: Channels of the decoder's largest maps and the encoder's first; each size below has
            twice as many, up to eight times.
        steps: The paper's T; with one there is no encoder.
        name: The model's name.

    Raises:
        RecipeError: The size cannot be halved that often.
    """
    depth = dcgan_depth(image_size) if depth is None else depth
    first = halved_size(image_size, depth)
    widths = [filters * min(2**level, _WIDEST) for level in range(depth)]
    latents = keras.Input((latent_length,), name="latent")
    code = _dense(latent_length, "latent_dense", activation="tanh")(latents)
    decode = _decoder(first, widths[::-1], channels)
    encode = _encoder(widths, latent_length)
    # There is nothing on the canvas yet.
    seen = keras.layers.Rescaling(0.0, name="nothing_seen")(code)
    added = decode(keras.layers.Concatenate(name="codes1")([code, seen]), 1)
    canvas = [added]
    for step in range(2, steps + 1):
        seen = encode(added, step)
        added = decode(keras.layers.Concatenate(name=f"codes{step}")([code, seen]), step)
        canvas.append(added)
    total = keras.layers.Add(dtype="float32", name="canvas")(canvas) if steps > 1 else added
    # 2 sigmoid(c) - 1.
    total = keras.layers.Rescaling(0.5, dtype="float32", name="halved_canvas")(total)
    images = keras.layers.Activation("tanh", dtype="float32", name="output")(total)
    return keras.Model(latents, images, name=name)


# The layers with weights are made once. Each step normalises by statistics of its own: moving
# averages over all steps would be those of none.


def _decoder(first: tuple[int, int], widths: Sequence[int], channels: int) -> Callable[..., Any]:
    """Codes (B, N) and the number of the step -> what is added to the canvas."""
    height, width = first
    project = _dense(height * width * widths[0], "decoder_dense", use_bias=False)
    kernels = [
        ProductConv2DTranspose(
            one, 4, strides=2, padding="same", use_bias=False, kernel_initializer=_start(),
            name=f"decoder_up{level}_conv",
        )
        for level, one in enumerate([*widths[1:], channels], 1)
    ]  # fmt: skip

    def decode(codes, step: int):
        maps = keras.layers.Reshape((height, width, widths[0]), name=f"step{step}_map")(
            project(codes)
        )
        for level, convolve in enumerate(kernels, 1):
            maps = BatchNormalization(name=f"step{step}_up{level}_norm")(maps)
            maps = convolve(keras.layers.ReLU(name=f"step{step}_up{level}_relu")(maps))
        return maps

    return decode


def _encoder(widths: Sequence[int], code_length: int) -> Callable[..., Any]:
    """What was added to the canvas and the number of the step -> a code (B, code_length)."""
    kernels = [
        ProductConv2D(
            one, 4, strides=2, padding="same", use_bias=False, kernel_initializer=_start(),
            name=f"encoder_down{level}_conv",
        )
        for level, one in enumerate(widths, 1)
    ]  # fmt: skip
    dense = _dense(code_length, "encoder_dense", activation="tanh")

    def encode(maps, step: int):
        for level, convolve in enumerate(kernels, 1):
            maps = convolve(maps)
            if level > 1:
                maps = BatchNormalization(name=f"step{step}_down{level}_norm")(maps)
            maps = leaky_relu(maps, f"step{step}_down{level}_relu")
        return dense(keras.layers.Flatten(name=f"step{step}_seen")(maps))

    return encode


def _dense(units: int, name: str, **options) -> keras.layers.Dense:
    # Glorot's start for what goes through tanh: from N(0, 0.02) the latent's code drowns in the
    # encoder's, and samples hardly differ.
    return keras.layers.Dense(units, kernel_initializer="glorot_normal", name=name, **options)


def _start() -> keras.initializers.Initializer:
    """N(0, 0.02), new for every kernel: one object would give equal kernels equal values."""
    return keras.initializers.RandomNormal(0.0, 0.02)
