"""The decoder of AdaIN: the encoder's mirror image (Huang and Belongie 2017, section 6)."""

import keras

from tfi2i.layers import NearestUpsampling2D, ReflectionPadding2D
from tfi2i.networks.vgg import vgg_channels

# The convolutions of VGG-19's blocks.
_CONVOLUTIONS = {1: 2, 2: 2, 3: 4}


def adain_decoder(*, level: int = 4, filters: int = 64, name: str = "decoder") -> keras.Model:
    """Builds the mirror image of VGG-19 as far as relu<level>_1.

    (B, h, w, C) -> (B, 2^(level-1) h, 2^(level-1) w, 3), float32, trained towards [-1, 1] without a
    squashing function. Pooling becomes nearest upsampling, padding is by reflection, and nothing is
    normalised: norms would pull every image towards one style. 3,505,219 weights with the defaults,
    the paper's. The third block has VGG-19's four convolutions, one more than the encoder here.

    Args:
        level: Block of the encoder whose first activation is decoded, 2 to 4.
        filters: Channels before the image; they double with every level, as the encoder's do.
        name: The model's name.
    """
    inputs = keras.Input((None, None, vgg_channels(f"relu{level}_1")), name="features")
    x = inputs
    for block in range(level, 0, -1):
        # Only the first convolution of the innermost block was used on the way in.
        for index in range(_CONVOLUTIONS[block] if block < level else 1, 1, -1):
            x = _convolution(x, filters * 2 ** (block - 1), f"decode{block}_{index}")
        if block > 1:
            x = _convolution(x, filters * 2 ** (block - 2), f"decode{block}_1")
            x = NearestUpsampling2D(name=f"up{block - 1}")(x)
    x = ReflectionPadding2D(1, name="pad_last")(x)
    x = keras.layers.Conv2D(3, 3, name="decode_last")(x)
    outputs = keras.layers.Activation("linear", dtype="float32", name="image")(x)
    return keras.Model(inputs, outputs, name=name)


def _convolution(x, filters: int, name: str):
    """Reflection-padded 3x3 convolution and ReLU; kernels start as in He et al. 2015."""
    x = ReflectionPadding2D(1, name=f"{name}_pad")(x)
    kernel = keras.initializers.HeNormal()
    return keras.layers.Conv2D(filters, 3, activation="relu", kernel_initializer=kernel, name=name)(
        x
    )
