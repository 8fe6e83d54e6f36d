"""Networks that draw from latents, in PyTorch: DCGAN's, and those of the progressive GAN.

Written from the papers. `take` gives them the zoo's weights, with which they must compute the
zoo's numbers: nobody races with other networks.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

_SLOPE = 0.2
# Of a kernel before a rectifier.
_GAIN = math.sqrt(2.0)
# Of float32 sums in another order.
_TOLERANCE = 1e-3


def dcgan_generator(latent_length: int, filters: int = 64, depth: int = 4) -> nn.Module:
    """Latents (B, latent_length, 1, 1) to images (B, 3, 64, 64)."""
    widths = [filters * 2**level for level in range(depth)][::-1]
    layers: list[nn.Module] = [nn.ConvTranspose2d(latent_length, widths[0], 4, bias=False)]
    for before, width in zip(widths, [*widths[1:], 3], strict=True):
        layers += [nn.BatchNorm2d(before), nn.ReLU()]
        layers.append(nn.ConvTranspose2d(before, width, 4, 2, 1, bias=False))
    return nn.Sequential(*layers, nn.Tanh())


def dcgan_discriminator(*, norm: bool, filters: int = 64, depth: int = 4) -> nn.Module:
    """Images (B, 3, 64, 64) to scores (B, 1, 1, 1); without a norm it is WGAN-GP's critic."""
    layers: list[nn.Module] = []
    before = 3
    for level in range(depth):
        width = filters * 2**level
        layers.append(nn.Conv2d(before, width, 4, 2, 1, bias=not norm))
        layers += [nn.BatchNorm2d(width)] if norm and level else []
        layers.append(nn.LeakyReLU(_SLOPE))
        before = width
    return nn.Sequential(*layers, nn.Conv2d(before, 1, 4, bias=not norm))


class Equalized(nn.Module):
    """A convolution whose kernel is scaled as it is used."""

    def __init__(self, before: int, width: int, side: int, *, gain: float = _GAIN, padding=0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(width, before, side, side))
        self.bias = nn.Parameter(torch.zeros(width))
        self.scale = gain / math.sqrt(before * side * side)
        self.padding = padding

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Convolves."""
        return functional.conv2d(maps, self.weight * self.scale, self.bias, padding=self.padding)


def _pixel_norm(maps: torch.Tensor) -> torch.Tensor:
    values = maps.float()
    return (values * torch.rsqrt(values.square().mean(1, keepdim=True) + 1e-8)).to(maps.dtype)


def _widths(depth: int, filters: int) -> list[int]:
    return [min(filters * 2 ** (depth - level), 512) for level in range(depth + 1)]


class ProgressiveGenerator(nn.Module):
    """Latents (B, 512, 1, 1) to images of the last size, which has taken over from the others."""

    def __init__(self, depth: int = 4, filters: int = 256):
        super().__init__()
        self.widths = widths = _widths(depth, filters)
        self.project = Equalized(512, 16 * widths[0], 1, gain=_GAIN / 4)
        self.first = Equalized(widths[0], widths[0], 3, padding=1)
        self.levels = nn.ModuleList()
        for before, width in zip(widths, widths[1:], strict=False):
            pair = [Equalized(one, width, 3, padding=1) for one in (before, width)]
            self.levels.append(nn.ModuleList(pair))
        self.image = Equalized(widths[-1], 3, 1, gain=1.0)

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        """Draws."""
        maps = self.project(_pixel_norm(latents))
        maps = maps.view(-1, 4, 4, self.widths[0]).permute(0, 3, 1, 2)
        maps = _pixel_norm(functional.leaky_relu(maps, _SLOPE))
        maps = self._drawn(self.first, maps)
        for pair in self.levels:
            maps = functional.interpolate(maps, scale_factor=2, mode="nearest")
            for convolution in pair:  # type: ignore[attr-defined]
                maps = self._drawn(convolution, maps)
        return self.image(maps).float()

    @staticmethod
    def _drawn(convolution: nn.Module, maps: torch.Tensor) -> torch.Tensor:
        return _pixel_norm(functional.leaky_relu(convolution(maps), _SLOPE))


class Deviation(nn.Module):
    """Appends how much the images of each group of four differ."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """One channel more."""
        count, _, height, width = maps.shape
        groups = maps.float().view(count // 4, 4, *maps.shape[1:])
        deviations = torch.sqrt(groups.var(1, correction=0) + 1e-8).mean((1, 2, 3))
        spread = deviations.repeat_interleave(4).view(-1, 1, 1, 1).expand(-1, 1, height, width)
        return torch.cat([maps, spread.to(maps.dtype)], 1)


def progressive_discriminator(depth: int = 4, filters: int = 256) -> nn.Module:
    """Images of the last size to scores (B, 1, 1, 1)."""
    widths = _widths(depth, filters)[::-1]
    layers: list[nn.Module] = [Equalized(3, widths[0], 1), nn.LeakyReLU(_SLOPE)]
    for width, after in zip(widths, widths[1:], strict=False):
        for one in (width, after):
            layers += [Equalized(width, one, 3, padding=1), nn.LeakyReLU(_SLOPE)]
        layers.append(nn.AvgPool2d(2))
    last = widths[-1]
    layers += [Deviation(), Equalized(last + 1, last, 3, padding=1), nn.LeakyReLU(_SLOPE)]
    layers += [Equalized(last, last, 4), nn.LeakyReLU(_SLOPE), Equalized(last, 1, 1, gain=1.0)]
    return nn.Sequential(*layers)


def take(given: Mapping[str, Any], generator: nn.Module, judge: nn.Module) -> None:
    """Copies weights that `benchmarks.given_networks` wrote, and compares what both compute.

    Raises:
        ValueError: A network has other weights, or gives other numbers.
    """
    for name, network, source in (("generator", generator, "latents"), ("judge", judge, "images")):
        parameters = list(network.parameters())
        arrays = [given[f"{name}_{number}"] for number in range(int(given[f"{name}_count"]))]
        with torch.no_grad():
            for parameter, array in zip(parameters, arrays, strict=True):
                if tuple(parameter.shape) != array.shape:
                    raise ValueError(f"{name}: {tuple(parameter.shape)} beside {array.shape}")
                parameter.copy_(torch.from_numpy(array))
            found = network(torch.from_numpy(given[source])).numpy()
        expected = given[f"{name}_gives"]
        if not np.allclose(found, expected, _TOLERANCE, _TOLERANCE * np.abs(expected).max()):
            raise ValueError(f"the {name} gives other numbers: {np.abs(found - expected).max()}")
