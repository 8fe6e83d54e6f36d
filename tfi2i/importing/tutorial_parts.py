"""The generators of TensorFlow's tutorials on pix2pix and CycleGAN, from their checkpoints.

The tutorials save `tf.train.Checkpoint(generator=...)` for pix2pix, and for CycleGAN
`tf.train.Checkpoint(generator_g=..., generator_f=...)`, beside discriminators and optimizers. A
SavedModel of one generator has its variables in the same form. Discriminators are not read: those
of the tutorials have another slope than ours.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np

from tfi2i.errors import WeightsError
from tfi2i.importing.checkpoints import Checkpoint, Layer
from tfi2i.importing.parts import Part, Role

_GENERATORS: dict[str, Role] = {"generator": "G", "generator_g": "G_A", "generator_f": "G_B"}
# Names of variables there to ours.
_BATCH = {
    "gamma": "gamma",
    "beta": "beta",
    "moving_mean": "moving_mean",
    "moving_variance": "moving_variance",
}
_INSTANCE = {"scale": "gamma", "offset": "beta"}


def tutorial_parts(prefix: Path) -> list[Part]:
    """The generators of a checkpoint.

    Args:
        prefix: Of its files.

    Raises:
        WeightsError: It is damaged, or holds no generator of the tutorials.
    """
    checkpoint = Checkpoint(prefix)
    names = [name for name in _GENERATORS if name in checkpoint.names()]
    if names:
        return [_part(prefix, name, checkpoint.layers(name), _GENERATORS[name]) for name in names]
    layers = checkpoint.layers()
    if not any("kernel" in layer for layer in layers):
        known = ", ".join(_GENERATORS)
        raise WeightsError(
            f"{prefix} holds none of {known}, as the checkpoints of TensorFlow's tutorials do; it "
            f"holds {', '.join(checkpoint.names())[:200] or 'nothing'}"
        )
    return [_part(prefix, "", layers, "G")]


def _part(prefix: Path, name: str, layers: Sequence[Layer], role: Role) -> Part:
    what = f"{name} in {prefix}" if name else str(prefix)
    convolutions = [layer["kernel"].shape for layer in layers if "kernel" in layer]
    depth, rest = divmod(len(convolutions), 2)
    if rest or depth < 2 or any(len(shape) != 4 for shape in convolutions):
        raise WeightsError(
            f"{what} has {len(convolutions)} convolutions, and is not the U-Net of TensorFlow's "
            "tutorials, which halves an image as often as it doubles it"
        )
    is_instance = any("scale" in layer for layer in layers)
    norm = "instance" if is_instance else "batch"
    channels = (convolutions[0][2], convolutions[-1][2])
    filters = convolutions[0][3]
    count = sum(array.size for layer in layers for array in layer.values())
    return Part(
        role,
        prefix,
        "tutorial_unet",
        {"depth": depth},
        channels,
        filters,
        norm,
        f"{name or 'generator'}, tutorial U-Net with depth {depth}, {norm} norm, {filters} "
        f"filters, {channels[0]} to {channels[1]} channels, {count:,} weights",
        partial(_arrays, layers=layers, what=what, norms=_INSTANCE if is_instance else _BATCH),
    )


def _arrays(
    network: keras.Model, layers: Sequence[Layer], what: str, norms: dict[str, str]
) -> dict[str, np.ndarray]:
    """The arrays of a generator: its layers with weights stand in the order of ours."""
    ours = [
        (layer, {variable.name: tuple(variable.shape) for variable in layer.weights})
        for layer in network.layers
        if any(keras.backend.is_float_dtype(variable.dtype) for variable in layer.weights)
    ]
    if len(ours) != len(layers):
        raise WeightsError(
            f"{what} has {len(layers)} layers with weights, and the tutorials' U-Net {len(ours)} "
            "at this depth"
        )
    arrays = {}
    for (layer, shapes), theirs in zip(ours, layers, strict=True):
        names = {"kernel": "kernel", "bias": "bias"} if "kernel" in shapes else norms
        given = {names.get(name, name): array for name, array in theirs.items()}
        # With the statistics of each image, the averages are of no use.
        found = {name: one for name, one in given.items() if name in shapes or "moving" not in name}
        if {name: one.shape for name, one in found.items()} != shapes:
            raise WeightsError(
                f"{what}: the layer that should be {layer.name} has "
                f"{_shown({n: a.shape for n, a in given.items()})}, and {_shown(shapes)} here"
            )
        for name, array in found.items():
            if not np.isfinite(array).all():
                raise WeightsError(f"{what}: {name} of {layer.name} has values that are not finite")
            arrays[f"{layer.name}/{name}"] = array
    return arrays


def _shown(shapes: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "nothing"
