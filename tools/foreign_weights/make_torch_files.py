"""Writes weight files as the PyTorch reference implementation does, and what its networks make.

Runs beside PyTorch (benchmarks/peers/requirements.txt), without tfi2i:

    python make_torch_files.py OUTPUT IMAGE [--full-size]

Every case is a folder with the `.pth` files of a training and `expected.npz`: the image, and what
the networks make of it in float32.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch_networks import (
    Norm,
    Patches,
    Pixels,
    ResNet,
    UNet,
    as_if_trained,
    at_test,
    batch_norm,
    instance_norm,
    old_instance_norm,
    settle,
)

Files = dict[str, tuple[nn.Module, str]]


def small_cases() -> dict[str, Callable[[], Files]]:
    """Networks of one or two channels at the first layer: a few KB, stored with the tests."""

    def unet(norm: Norm, channels=(3, 3), dropout=True) -> nn.Module:
        return UNet(depth=5, filters=1, norm=norm, dropout=dropout, channels=channels)

    def resnet(norm: Norm, dropout: bool, channels=(3, 3)) -> nn.Module:
        return ResNet(blocks=2, filters=1, norm=norm, dropout=dropout, channels=channels)

    def patches(channels: int, norm: Norm, strided: int = 3) -> nn.Module:
        return Patches(channels, filters=1, norm=norm, strided=strided)

    return {
        "pix2pix": lambda: {
            "latest_net_G": (unet(batch_norm), "legacy"),
            "latest_net_D": (patches(6, batch_norm), "legacy"),
        },
        "pix2pix_instance": lambda: {
            "latest_net_G": (unet(instance_norm, (1, 3), dropout=False), "zip"),
            "latest_net_D": (patches(4, instance_norm, strided=1), "legacy"),
        },
        "pix2pix_resnet": lambda: {
            "latest_net_G": (resnet(batch_norm, dropout=True), "legacy, parallel"),
            "latest_net_D": (Pixels(6, filters=2, norm=batch_norm), "legacy, parallel"),
        },
        "cyclegan": lambda: {
            "latest_net_G_A": (resnet(instance_norm, dropout=False), "zip"),
            "latest_net_G_B": (resnet(old_instance_norm, dropout=True), "legacy"),
            "latest_net_D_A": (patches(3, instance_norm, strided=2), "zip"),
            "latest_net_D_B": (patches(3, instance_norm, strided=2), "legacy"),
        },
    }


def full_size_cases() -> dict[str, Callable[[], Files]]:
    """The published networks, of 64 channels at the first layer."""

    def unet(depth: int, norm: Norm) -> Files:
        made = UNet(depth=depth, filters=64, norm=norm, dropout=True, channels=(3, 3))
        return {"latest_net_G": (made, "zip")}

    def resnet(blocks: int, norm: Norm, *, dropout: bool) -> Files:
        made = ResNet(blocks=blocks, filters=64, norm=norm, dropout=dropout, channels=(3, 3))
        return {"latest_net_G": (made, "legacy")}

    return {
        "unet_256_batch": lambda: unet(8, batch_norm),
        "unet_256_instance": lambda: unet(8, instance_norm),
        "unet_128_batch": lambda: unet(7, batch_norm),
        "resnet_9blocks_instance": lambda: resnet(9, instance_norm, dropout=False),
        "resnet_9blocks_batch_dropout": lambda: resnet(9, batch_norm, dropout=True),
        "resnet_6blocks_instance": lambda: resnet(6, instance_norm, dropout=False),
    }


def write_case(folder: Path, files: Files, picture: Image.Image, every: int) -> None:
    """Writes the files of one training, and what its networks make of a picture.

    Args:
        folder: Of the case.
        files: The networks.
        picture: What they see: grey its red channel, and a pair the picture beside itself turned
            upside down.
        every: One for all of a generator's output, or which rows and columns are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.asarray(picture)
    expected: dict[str, np.ndarray] = {"image": pixels}
    for seed, (name, (network, form)) in enumerate(files.items()):
        as_if_trained(network, seed)
        role = name.removeprefix("latest_net_")
        seen = next(one for one in network.parameters() if one.ndim == 4).shape[1]
        images = pixels[..., : 1 if seen % 3 else 3]
        if seen > 3:
            images = np.concatenate([images, pixels[::-1]], axis=-1)
        settle(network, as_tensor(255 - images[:, ::-1]))
        save(folder / f"{name}.pth", network, form)
        kept = slice(None, None, every if role.startswith("G") else 1)
        # In this order: with the image's own statistics the running ones move.
        if any(isinstance(module, nn.BatchNorm2d) for module in network.modules()):
            made = translated(at_test(network, evaluating=True), images)
            expected[f"{role}/eval"] = made[kept, kept]
        made = translated(at_test(network, evaluating=False), images)
        expected[f"{role}/made"] = made[kept, kept]
        if every == 1:
            exact = translated(at_test(network.double(), evaluating=False), images)
            expected[f"{role}/exact"] = exact
    np.savez_compressed(folder / "expected.npz", **expected)  # type: ignore[arg-type]


def save(path: Path, network: nn.Module, form: str) -> None:
    """Saves a state dict: in the format before 1.6, in the present one, or of DataParallel."""
    if "parallel" in form:
        network = nn.DataParallel(network)
    torch.save(network.state_dict(), path, _use_new_zipfile_serialization="legacy" not in form)


def as_tensor(pixels: np.ndarray) -> torch.Tensor:
    """uint8 (H, W, C) as (1, C, H, W) in [-1, 1]."""
    return torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]


def translated(network: nn.Module, pixels: np.ndarray) -> np.ndarray:
    """What a network makes of pixels, (H, W, C) in its own precision."""
    dtype = next(network.parameters()).dtype
    with torch.no_grad():
        return network(as_tensor(pixels).to(dtype))[0].permute(1, 2, 0).contiguous().numpy()


def side_of(case: str) -> int:
    """The published size of images, in pixels."""
    return 128 if case.startswith(("unet_128", "resnet_6blocks")) else 256


def main() -> None:
    """Writes all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("image", type=Path)
    parser.add_argument("--full-size", action="store_true")
    arguments = parser.parse_args()
    cases = full_size_cases() if arguments.full_size else small_cases()
    with Image.open(arguments.image) as opened:
        whole = opened.convert("RGB")
    for name, files in cases.items():
        side, every = (side_of(name), 1) if arguments.full_size else (32, 3)
        picture = whole.resize((side, side), Image.Resampling.LANCZOS)
        write_case(arguments.output / name, files(), picture, every)
        print(f"{name}: {', '.join(p.name for p in sorted((arguments.output / name).iterdir()))}")


if __name__ == "__main__":
    main()
