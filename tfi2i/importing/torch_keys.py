"""The networks of the PyTorch reference implementation, recognised by the keys of a state dict.

Its files name a network's tensors by their place among nested lists of layers, and say nothing else
about it. Depth, width, channels, normalisation and dropout follow from the places that are taken
and from the shapes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tfi2i.errors import WeightsError

State = Mapping[str, np.ndarray]
# What wrappers put before every key: nn.DataParallel and DistributedDataParallel, torch.compile.
_WRAPPERS = ("module.", "_orig_mod.")
_DEEPEST = 16
# Strided layers of the PatchGAN (`--n_layers_D`) to the patch that a score sees, in pixels.
_RECEPTIVE_FIELDS = {1: 16, 2: 34, 3: 70, 4: 142, 5: 286}
_FIRST_BLOCK = 10


@dataclass(frozen=True)
class Place:
    """A layer of ours and where it is in the state dict.

    Attributes:
        layer: Its name in our network.
        key: The beginning of its keys in the state dict.
        norm: Whether it is a normalisation; else it is a convolution.
        normalised: Of a convolution: whether a normalisation follows, which takes a bias out again.
        skip_first: Of a convolution: whether its first input channels are those of the skip, which
            are the last ones here.
    """

    layer: str
    key: str
    norm: bool = False
    normalised: bool = False
    skip_first: bool = False


@dataclass(frozen=True)
class Found:
    """A network that was recognised.

    Attributes:
        kind: What it is.
        size: `depth`, `blocks` or `receptive_field`.
        channels: In and out.
        filters: Channels after the first convolution.
        places: Its layers.
        dropout: Whether it was trained with dropout, where its keys show that.
    """

    kind: Literal["unet", "resnet", "patchgan"]
    size: dict[str, int]
    channels: tuple[int, int]
    filters: int
    places: list[Place] = field(repr=False)
    dropout: bool = False

    @property
    def is_generator(self) -> bool:
        """Whether it makes images; else it judges them."""
        return self.kind != "patchgan"


def without_wrappers(state: State) -> dict[str, np.ndarray]:
    """The state dict of the network itself, where all keys have the prefix of a wrapper."""
    state = dict(state)
    for _ in _WRAPPERS:
        for wrapper in _WRAPPERS:
            if state and all(key.startswith(wrapper) for key in state):
                state = {key.removeprefix(wrapper): array for key, array in state.items()}
    return state


def recognise(state: State, path: Path) -> Found:
    """Says which network a state dict is of.

    Args:
        state: Without the prefixes of wrappers.
        path: Its file, for messages.

    Raises:
        WeightsError: It is none of those that are known.
    """
    kinds = {"model.model.0.weight": _unet, "net.0.weight": _pixels}
    known = next((kinds[key] for key in kinds if _is_kernel(state, key)), None)
    if known is None and _is_kernel(state, "model.0.weight"):
        known = _patches
    if known is None and _is_kernel(state, "model.1.weight"):
        known = _resnet
    if known is None:
        first = ", ".join(list(state)[:3]) or "nothing"
        raise WeightsError(
            f"{path} is none of the networks that are known: the U-Net (model.model.0.weight), the "
            "residual generator (model.1.weight) and the discriminators (model.0.weight, "
            f"net.0.weight) of pix2pix and CycleGAN. It holds {first[:200]}"
        )
    return known(state, path)


def norm_of(state: State, found: Found, path: Path) -> Literal["batch", "instance"]:
    """The normalisation that a network was trained with.

    Raises:
        WeightsError: It had none.
    """
    for place in found.places:
        if place.norm and f"{place.key}.weight" in state and f"{place.key}.running_mean" in state:
            return "batch"
    has_norm = any(key.startswith(f"{p.key}.") for p in found.places if p.norm for key in state)
    has_bias = any(f"{p.key}.bias" in state for p in found.places if p.normalised)
    if not has_norm and not has_bias and any(place.norm for place in found.places):
        raise WeightsError(
            f"{path} was trained without normalisation (--norm none): its convolutions have "
            "neither biases nor norms. pix2pix and CycleGAN have networks with batch or instance "
            "norm here"
        )
    return "instance"


def _is_kernel(state: State, key: str) -> bool:
    return key in state and state[key].ndim == 4


def _kernel(state: State, key: str, path: Path) -> tuple[int, ...]:
    """The shape of a convolution's kernel."""
    if not _is_kernel(state, key):
        raise WeightsError(f"{path} has no {key}, or not as the kernel of a convolution")
    return state[key].shape


def _unet(state: State, path: Path) -> Found:
    """Level by level: `3` is the level below, where there is one."""
    first, last = "model.model.0.weight", "model.model.3.weight"
    filters, channels = _kernel(state, first, path)[:2]
    places = [Place("down1_conv", "model.model.0")]
    level, prefix = 2, "model.model.1.model."
    while any(key.startswith(f"{prefix}3.model.") for key in state) and level < _DEEPEST:
        places += _unet_level(level, prefix, innermost=False)
        level, prefix = level + 1, f"{prefix}3.model."
    places += _unet_level(level, prefix, innermost=True)
    places.append(Place("up1_conv", "model.model.3", skip_first=True))
    outputs = _kernel(state, last, path)[1]
    return Found("unet", {"depth": level}, (channels, outputs), filters, places)


def _unet_level(level: int, prefix: str, *, innermost: bool) -> Iterator[Place]:
    up = 3 if innermost else 5
    yield Place(f"down{level}_conv", f"{prefix}1", normalised=not innermost)
    if not innermost:
        yield Place(f"down{level}_norm", f"{prefix}2", norm=True)
    yield Place(f"up{level}_conv", f"{prefix}{up}", normalised=True, skip_first=not innermost)
    yield Place(f"up{level}_norm", f"{prefix}{up + 1}", norm=True)


def _resnet(state: State, path: Path) -> Found:
    filters, channels, *sides = _kernel(state, "model.1.weight", path)
    blocks = 0
    while any(key.startswith(f"model.{_FIRST_BLOCK + blocks}.conv_block.") for key in state):
        blocks += 1
    first = f"model.{_FIRST_BLOCK}.conv_block"
    if not blocks or sides != [7, 7]:
        raise WeightsError(
            f"{path} has a first convolution as residual generators, but no blocks of residuals "
            f"from {first} on: it is another network"
        )
    if _is_kernel(state, f"{first}.0.weight"):
        raise WeightsError(
            f"{path} is a residual generator that pads with zeros; the one of CycleGAN mirrors "
            "images at the border, and so does ours"
        )
    # Dropout takes a place before the second convolution.
    dropout = _is_kernel(state, f"{first}.6.weight")
    places = [*_normalised("first", "model", 1)]
    places += [*_normalised("down1", "model", 4), *_normalised("down2", "model", 7)]
    for block in range(1, blocks + 1):
        key = f"model.{_FIRST_BLOCK + block - 1}.conv_block"
        second = 6 if dropout else 5
        places += [Place(f"block{block}_conv1", f"{key}.1", normalised=True)]
        places += [Place(f"block{block}_1_norm", f"{key}.2", norm=True)]
        places += [Place(f"block{block}_conv2", f"{key}.{second}", normalised=True)]
        places += [Place(f"block{block}_2_norm", f"{key}.{second + 1}", norm=True)]
    after = _FIRST_BLOCK + blocks
    places += [*_normalised("up2", "model", after), *_normalised("up1", "model", after + 3)]
    places.append(Place("last_conv", f"model.{after + 7}"))
    outputs = _kernel(state, f"model.{after + 7}.weight", path)[0]
    return Found("resnet", {"blocks": blocks}, (channels, outputs), filters, places, dropout)


def _normalised(name: str, key: str, number: int) -> Iterator[Place]:
    """A convolution and the normalisation behind it."""
    yield Place(f"{name}_conv", f"{key}.{number}", normalised=True)
    yield Place(f"{name}_norm", f"{key}.{number + 1}", norm=True)


def _patches(state: State, path: Path) -> Found:
    filters, channels = _kernel(state, "model.0.weight", path)[:2]
    strided = 0
    while _is_kernel(state, f"model.{2 + 3 * (strided + 1)}.weight"):
        strided += 1
    if strided not in _RECEPTIVE_FIELDS:
        raise WeightsError(
            f"{path} looks like a discriminator of {strided} strided layers (--n_layers_D); 1 to "
            f"{max(_RECEPTIVE_FIELDS)} are known"
        )
    places = [Place("block1_conv", "model.0")]
    for level in range(strided):
        places += _normalised(f"block{level + 2}", "model", 2 + 3 * level)
    places.append(Place("scores", f"model.{2 + 3 * strided}"))
    size = {"receptive_field": _RECEPTIVE_FIELDS[strided]}
    return Found("patchgan", size, (channels, 1), filters, places)


def _pixels(state: State, path: Path) -> Found:
    filters, channels = _kernel(state, "net.0.weight", path)[:2]
    places = [Place("block1_conv", "net.0"), *_normalised("block2", "net", 2)]
    places.append(Place("scores", "net.5"))
    return Found("patchgan", {"receptive_field": 1}, (channels, 1), filters, places)


def in_words(found: Found, norm: str, weights: int) -> str:
    """One line on a network, such as: U-Net of depth 8, batch norm, 64 filters, 3 to 3 channels."""
    names: dict[str, Any] = {"unet": "U-Net", "resnet": "ResNet", "patchgan": "PatchGAN"}
    ((what, number),) = found.size.items()
    words = [f"{names[found.kind]} with {what.replace('_', ' ')} {number}"]
    words += [f"{norm} norm", f"{found.filters} filters"]
    words.append(
        f"{found.channels[0]} to {found.channels[1]} channels"
        if found.is_generator
        else f"{found.channels[0]} channels"
    )
    words += ["dropout"] if found.dropout else []
    return f"{', '.join(words)}, {weights:,} weights"
