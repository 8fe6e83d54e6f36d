"""The published networks in PyTorch: what a user would train instead.

Written from the papers (pix2pix, section 6.1; CycleGAN, section 7.2). They have as many weights as
ours, which the benchmark checks: norms with scale and offset, no bias before a norm.
"""

import torch
from torch import nn


def _start(module: nn.Module) -> None:
    """Kernels ~ N(0, 0.02), scales ~ N(1, 0.02)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


class UNet(nn.Module):
    """The U-Net of pix2pix."""

    def __init__(self, depth: int = 8, filters: int = 64):
        super().__init__()
        widths = [min(filters * 2**level, 8 * filters) for level in range(depth)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        before = 3
        for level, width in enumerate(widths, start=1):
            has_norm = 1 < level < depth
            layers: list[nn.Module] = [nn.LeakyReLU(0.2)] if level > 1 else []
            layers.append(nn.Conv2d(before, width, 4, 2, 1, bias=False))
            if has_norm:
                layers.append(nn.BatchNorm2d(width))
            self.down.append(nn.Sequential(*layers))
            before = width
        for level in range(depth, 0, -1):
            inputs = widths[level - 1] * (1 if level == depth else 2)
            width = widths[level - 2] if level > 1 else 3
            layers = [nn.ReLU(), nn.ConvTranspose2d(inputs, width, 4, 2, 1, bias=level == 1)]
            if level > 1:
                layers.append(nn.BatchNorm2d(width))
            if level > depth - 3 and level > 1:
                layers.append(nn.Dropout(0.5))
            self.up.append(nn.Sequential(*layers))
        self.apply(_start)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Translates (B, 3, H, W) in [-1, 1]."""
        levels = []
        for block in self.down:
            images = block(images)
            levels.append(images)
        images = levels.pop()
        for block in self.up[:-1]:
            images = torch.cat([block(images), levels.pop()], dim=1)
        return torch.tanh(self.up[-1](images).float())


class Residual(nn.Module):
    """A residual block of the ResNet generator."""

    def __init__(self, filters: int):
        super().__init__()
        self.branch = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(filters, filters, 3, bias=False),
            nn.InstanceNorm2d(filters, affine=True),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.Conv2d(filters, filters, 3, bias=False),
            nn.InstanceNorm2d(filters, affine=True),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Adds the branch."""
        return images + self.branch(images)


class ResNet(nn.Module):
    """The residual generator of CycleGAN."""

    def __init__(self, blocks: int = 9, filters: int = 64):
        super().__init__()

        def norm_relu(width: int) -> list[nn.Module]:
            return [nn.InstanceNorm2d(width, affine=True), nn.ReLU()]

        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, filters, 7, bias=False)]
        layers += norm_relu(filters)
        for level in (1, 2):
            width = filters * 2**level
            layers += [nn.Conv2d(width // 2, width, 3, 2, 1, bias=False), *norm_relu(width)]
        layers += [Residual(4 * filters) for _ in range(blocks)]
        for level in (2, 1):
            width = filters * 2 ** (level - 1)
            layers.append(
                nn.ConvTranspose2d(2 * width, width, 3, 2, 1, output_padding=1, bias=False)
            )
            layers += norm_relu(width)
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(filters, 3, 7)]
        self.layers = nn.Sequential(*layers)
        self.apply(_start)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Translates (B, 3, H, W) in [-1, 1]."""
        return torch.tanh(self.layers(images).float())


def patchgan(channels: int, filters: int = 64, *, norm: type[nn.Module], depth: int = 3):
    """The PatchGAN; three strided layers see 70 pixels."""

    def normed(width: int) -> nn.Module:
        return norm(width, affine=True)

    layers: list[nn.Module] = [nn.Conv2d(channels, filters, 4, 2, 1), nn.LeakyReLU(0.2)]
    before = filters
    for level in range(1, depth + 1):
        width = filters * min(2**level, 8)
        stride = 2 if level < depth else 1
        layers += [nn.Conv2d(before, width, 4, stride, 1, bias=False), normed(width)]
        layers.append(nn.LeakyReLU(0.2))
        before = width
    model = nn.Sequential(*layers, nn.Conv2d(before, 1, 4, 1, 1))
    model.apply(_start)
    return model


def weights(*modules: nn.Module) -> int:
    """Trained numbers."""
    return sum(p.numel() for module in modules for p in module.parameters())
