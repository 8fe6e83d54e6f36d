"""What CUT compares (Park et al. 2020): maps of a generator's first half, and their projections."""

from collections.abc import Sequence

import keras

# Of the residual blocks, counted from one.
_COMPARED_BLOCKS = (1, 5)


def resnet_encoder_maps(generator: keras.Model) -> list:
    """The symbolic maps of `networks.resnet` that CUT compares (appendix C.1 of the paper).

    They are the image itself, what both halving convolutions give, and the sums after the first and
    the fifth residual block, or the last where there are fewer: five maps, or four with one block.

    Args:
        generator: What `networks.resnet` built.
    """
    names = [layer.name for layer in generator.layers]
    blocks = sum(name.startswith("block") and name.endswith("_add") for name in names)
    compared = sorted({min(block, blocks) for block in _COMPARED_BLOCKS})
    layers = ["down1_conv", "down2_conv", *(f"block{block}_add" for block in compared)]
    return [generator.input, *(generator.get_layer(name).output for name in layers)]


def patch_projector(
    channels: Sequence[int], *, filters: int = 256, name: str = "projector"
) -> keras.Model:
    """Builds H, two dense layers for each map.

    A list of (B, N, channels), one for each map, -> a list of (B, N, filters), vectors of length 1
    (section 3.2 and appendix C.1).

    Args:
        channels: Channels of the maps.
        filters: Of both layers.
        name: The model's name.
    """
    inputs, outputs = [], []
    for number, count in enumerate(channels):
        patches = keras.Input((None, count), name=f"map{number}")
        start = keras.initializers.RandomNormal(stddev=0.02)
        hidden = keras.layers.Dense(
            filters, activation="relu", kernel_initializer=start, name=f"map{number}_hidden"
        )(patches)
        vectors = keras.layers.Dense(filters, kernel_initializer=start, name=f"map{number}_vector")(
            hidden
        )
        # In float32, as the sum of squares.
        unit = keras.layers.UnitNormalization(axis=-1, dtype="float32", name=f"map{number}_unit")
        inputs.append(patches)
        outputs.append(unit(vectors))
    return keras.Model(inputs, outputs, name=name)
