"""The generators among which pix2pix and CycleGAN let their users choose, by name."""

import inspect
from collections.abc import Mapping
from typing import Any, Literal

import keras

from tfi2i.errors import RecipeError
from tfi2i.networks.resnet import resnet
from tfi2i.networks.tutorial_unet import tutorial_unet
from tfi2i.networks.unet import unet

Translator = Literal["unet", "resnet", "tutorial_unet"]


def translator(
    network: Translator,
    *,
    filters: int,
    norm: Literal["batch", "instance"],
    depth: int | None,
    blocks: int | None,
    dropout: float,
    dropout_at_inference: bool = False,
    unet_alone: Mapping[str, Any] | None = None,
    **shared: Any,
) -> keras.Model:
    """Builds a generator, as the papers and their authors' code have it for this norm.

    Args:
        network: "unet", "resnet" or "tutorial_unet"; each is a function of this package.
        filters: Channels after the first convolution.
        norm: "batch" or "instance".
        depth: Down-samplings of a U-Net.
        blocks: Residual blocks of a ResNet.
        dropout: Rate in the three innermost decoder blocks of a U-Net; a ResNet has none.
        dropout_at_inference: Keep dropout on in inference.
        unet_alone: Arguments that "unet" alone has; of others they must be that one's defaults.
        **shared: Arguments that all have.

    Raises:
        RecipeError: There is no such network, or it does not take what `unet_alone` asks for.
    """
    shared |= {"filters": filters, "norm": norm}
    noise: dict[str, Any] = {"dropout": dropout, "dropout_at_inference": dropout_at_inference}
    if network == "unet":
        # The authors' PyTorch code ties the biases to the norm.
        biased = norm == "instance"
        widest = {"max_filters": 8 * filters, "bias_without_norm": biased}
        return unet(depth=depth or 8, **widest, **noise, **(unet_alone or {}), **shared)
    defaults = inspect.signature(unet).parameters
    given = (unet_alone or {}).items()
    changed = [name for name, value in given if value != defaults[name].default]
    if changed:
        raise RecipeError(f"{changed[0]} is for network='unet'; {network!r} has none")
    if network == "tutorial_unet":
        return tutorial_unet(depth=depth or 8, **noise, **shared)
    if network == "resnet":
        return resnet(blocks=blocks or 9, **shared)
    raise RecipeError(f"network must be 'unet', 'resnet' or 'tutorial_unet', got {network!r}")
