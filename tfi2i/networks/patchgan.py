"""The PatchGAN discriminator of pix2pix (Isola et al. 2017, section 6.1.2)."""

import keras

from tfi2i.errors import RecipeError
from tfi2i.layers import SelfAttention
from tfi2i.networks.blocks import Norm, convolution, leaky_relu, normalisation

# Receptive field in pixels -> strided blocks. 142 follows the paper's pattern, but is not in the
# paper.
_STRIDED_BLOCKS = {16: 1, 34: 2, 70: 3, 142: 4, 286: 5}
_WIDEST = 8


def patchgan(
    *,
    channels: tuple[int, ...] = (3,),
    receptive_field: int = 70,
    filters: int = 64,
    norm: Norm = "batch",
    attention: bool = False,
    spectral: bool = False,
    scales: int = 1,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a discriminator of patches: images -> scores (B, h, w, 1), without a sigmoid.

    With several `scales` it is that many networks. Each sees the images at half the size of the one
    before and has half as many filters (BicycleGAN, Zhu et al. 2017, section 4: 70 and 140 pixels).
    The result is the list of their scores.

    A 256 px image gives 30 x 30 scores at the paper's receptive field of 70 (2,768,705 weights when
    it sees image and condition). The first and the last convolution are not normalised.

    Args:
        channels: Channels of each input; several inputs, passed as a list, are concatenated: (3, 3)
            judges an image together with its source.
        receptive_field: Side of the patch a score depends on: 1, 16, 34, 70, 142 or 286 pixels.
        filters: Channels after the first convolution; they double up to 8 times as many.
        norm: "batch", "instance" or "none".
        attention: Self-attention after the last strided block.
        spectral: Normalise every convolution kernel spectrally.
        scales: How many sizes of the images are judged.
        name: The model's name.
    """
    inputs = [
        keras.Input((None, None, count), name=f"image{number}")
        for number, count in enumerate(channels, start=1)
    ]
    images = keras.layers.Concatenate(name="inputs")(inputs) if len(inputs) > 1 else inputs[0]
    if receptive_field not in (1, *_STRIDED_BLOCKS):
        raise RecipeError(
            f"receptive_field must be one of 1, {', '.join(map(str, _STRIDED_BLOCKS))}, "
            f"got {receptive_field}."
        )
    if receptive_field == 1 and attention:
        raise RecipeError("Attention would end the receptive field of one pixel: leave one out.")
    scores = []
    for scale in range(scales):
        prefix = f"scale{scale + 1}_" if scale else ""
        if scale:
            # Of an even side, "same" pads on the right alone, where the authors pad both sides: the
            # coarse scale sees the image moved by one pixel.
            images = keras.layers.AveragePooling2D(3, 2, padding="same", name=f"{prefix}half")(
                images
            )
        width = max(1, filters // 2**scale)
        if receptive_field == 1:
            scores.append(_pixels(images, width, norm, spectral, prefix))
        else:
            strided = _STRIDED_BLOCKS[receptive_field]
            scores.append(_patches(images, strided, width, norm, attention, spectral, prefix))
    outputs = scores if scales > 1 else scores[0]
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs, name=name)


def _pixels(images, filters: int, norm: Norm, spectral: bool, prefix: str):
    """C64-C128 and the score with 1x1 kernels: it judges colours alone."""
    images = convolution(images, filters, 1, name=f"{prefix}block1_conv", spectral=spectral)
    images = leaky_relu(images, f"{prefix}block1_relu")
    images = convolution(
        images,
        filters * 2,
        1,
        name=f"{prefix}block2_conv",
        use_bias=norm == "none",
        spectral=spectral,
    )
    images = normalisation(images, norm, name=f"{prefix}block2_norm")
    images = leaky_relu(images, f"{prefix}block2_relu")
    return convolution(images, 1, 1, name=f"{prefix}scores", spectral=spectral, dtype="float32")


def _patches(
    images, strided: int, filters: int, norm: Norm, attention: bool, spectral: bool, prefix: str
):
    """Strided 4x4 blocks, one of stride 1, and the score, padded by one pixel on each side."""
    for block in range(1, strided + 2):
        padding, stride = "same", 2
        if block > strided:
            images = keras.layers.ZeroPadding2D(1, name=f"{prefix}block{block}_pad")(images)
            padding, stride = "valid", 1
        normalised = block > 1
        images = convolution(
            images,
            filters * min(2 ** (block - 1), _WIDEST),
            4,
            stride=stride,
            padding=padding,
            name=f"{prefix}block{block}_conv",
            use_bias=norm == "none" or not normalised,
            spectral=spectral,
        )
        if normalised:
            images = normalisation(images, norm, name=f"{prefix}block{block}_norm")
        images = leaky_relu(images, f"{prefix}block{block}_relu")
        if attention and block == strided:
            images = SelfAttention(spectral=spectral, name=f"{prefix}attention")(images)
    images = keras.layers.ZeroPadding2D(1, name=f"{prefix}scores_pad")(images)
    return convolution(
        images, 1, 4, padding="valid", name=f"{prefix}scores", spectral=spectral, dtype="float32"
    )
