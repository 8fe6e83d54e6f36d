"""The networks of the PyTorch reference implementation of pix2pix and CycleGAN, by their keys.

Written from the papers and from the published names and shapes of the state dicts, so that a file
saved from here has the keys and the numbers of a file saved there. `import` is tested with such
files; nothing in tfi2i itself needs PyTorch.
"""

from collections.abc import Callable

import torch
from torch import nn

Norm = Callable[[int], nn.Module]


def batch_norm(width: int) -> nn.Module:
    """What `--norm batch` stands for."""
    return nn.BatchNorm2d(width)


def instance_norm(width: int) -> nn.Module:
    """What `--norm instance` stands for: no scale, no offset, no running statistics."""
    return nn.InstanceNorm2d(width)


def old_instance_norm(width: int) -> nn.Module:
    """The same as PyTorch before 0.4 saved it: with running statistics that nobody used."""
    return nn.InstanceNorm2d(width, track_running_stats=True)


def has_bias(norm: Norm) -> bool:
    """Whether convolutions beside a norm have a bias: with instance norm they do."""
    return norm is not batch_norm


class Level(nn.Module):
    """One level of the U-Net: what happens below it, with the skip around it."""

    def __init__(self, layers: list[nn.Module], *, outermost: bool):
        super().__init__()
        self.model = nn.Sequential(*layers)
        self.outermost = outermost

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Joins what came in and what was made of it."""
        made = self.model(images)
        return made if self.outermost else torch.cat([images, made], 1)


class UNet(nn.Module):
    """The U-Net: depth 8 is `unet_256`, depth 7 is `unet_128`."""

    def __init__(
        self, *, depth: int, filters: int, norm: Norm, dropout: bool, channels: tuple[int, int]
    ):
        super().__init__()
        self.model = _levels(depth, filters, norm, dropout, channels)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Translates (B, C, H, W) in [-1, 1]."""
        return self.model(images)


def _levels(
    depth: int, filters: int, norm: Norm, dropout: bool, channels: tuple[int, int]
) -> Level:
    widths = [min(filters * 2**level, 8 * filters) for level in range(depth)]
    bias, below = has_bias(norm), None
    for level in range(depth, 0, -1):
        inner, outer = widths[level - 1], channels[0] if level == 1 else widths[level - 2]
        down: list[nn.Module] = [] if level == 1 else [nn.LeakyReLU(0.2, inplace=True)]
        down.append(nn.Conv2d(outer, inner, 4, 2, 1, bias=bias))
        doubled = inner if below is None else 2 * inner
        up: list[nn.Module] = [nn.ReLU(inplace=True)]
        if level == 1:
            up += [nn.ConvTranspose2d(doubled, channels[1], 4, 2, 1), nn.Tanh()]
        else:
            up += [nn.ConvTranspose2d(doubled, outer, 4, 2, 1, bias=bias), norm(outer)]
        if level not in (1, depth):
            down.append(norm(inner))
            # The levels of the widest maps, but for the innermost.
            if dropout and level >= 5:
                up.append(nn.Dropout(0.5))
        between = [] if below is None else [below]
        below = Level([*down, *between, *up], outermost=level == 1)
    assert below is not None
    return below


class Residual(nn.Module):
    """A residual block."""

    def __init__(self, width: int, norm: Norm, *, dropout: bool):
        super().__init__()
        bias = has_bias(norm)
        layers: list[nn.Module] = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias)]
        layers += [norm(width), nn.ReLU(True)]
        layers += [nn.Dropout(0.5)] if dropout else []
        layers += [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), norm(width)]
        self.conv_block = nn.Sequential(*layers)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Adds the branch."""
        return images + self.conv_block(images)


class ResNet(nn.Module):
    """The residual generator: `resnet_9blocks` or `resnet_6blocks`."""

    def __init__(
        self, *, blocks: int, filters: int, norm: Norm, dropout: bool, channels: tuple[int, int]
    ):
        super().__init__()
        bias = has_bias(norm)
        layers: list[nn.Module] = [nn.ReflectionPad2d(3)]
        layers += [nn.Conv2d(channels[0], filters, 7, bias=bias), norm(filters), nn.ReLU(True)]
        for width in (2 * filters, 4 * filters):
            layers += [nn.Conv2d(width // 2, width, 3, 2, 1, bias=bias), norm(width), nn.ReLU(True)]
        layers += [Residual(4 * filters, norm, dropout=dropout) for _ in range(blocks)]
        for width in (2 * filters, filters):
            layers.append(
                nn.ConvTranspose2d(2 * width, width, 3, 2, 1, output_padding=1, bias=bias)
            )
            layers += [norm(width), nn.ReLU(True)]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(filters, channels[1], 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Translates (B, C, H, W) in [-1, 1]."""
        return self.model(images)


class Patches(nn.Module):
    """The PatchGAN with `--n_layers_D` strided layers; three see 70 pixels."""

    def __init__(self, channels: int, *, filters: int, norm: Norm, strided: int = 3):
        super().__init__()
        bias = has_bias(norm)
        layers: list[nn.Module] = [nn.Conv2d(channels, filters, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        before = filters
        for level in range(1, strided + 1):
            width, stride = filters * min(2**level, 8), 1 if level == strided else 2
            layers += [nn.Conv2d(before, width, 4, stride, 1, bias=bias), norm(width)]
            layers.append(nn.LeakyReLU(0.2, True))
            before = width
        self.model = nn.Sequential(*layers, nn.Conv2d(before, 1, 4, 1, 1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores of patches."""
        return self.model(images)


class Pixels(nn.Module):
    """The discriminator of single pixels, `--netD pixel`."""

    def __init__(self, channels: int, *, filters: int, norm: Norm):
        super().__init__()
        bias = has_bias(norm)
        self.net = nn.Sequential(
            nn.Conv2d(channels, filters, 1),
            nn.LeakyReLU(0.2, True),
            nn.Conv2d(filters, 2 * filters, 1, bias=bias),
            norm(2 * filters),
            nn.LeakyReLU(0.2, True),
            nn.Conv2d(2 * filters, 1, 1, bias=bias),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Scores of pixels."""
        return self.net(images)


def as_if_trained(network: nn.Module, seed: int) -> nn.Module:
    """Fills a network with numbers that keep its maps about as large from layer to layer.

    The papers' first weights, N(0, 0.02), would leave every image grey, and a wrong order of
    channels unseen. Scales, offsets, biases and running statistics are random too.
    """
    random = torch.Generator().manual_seed(seed)

    def drawn(tensor: torch.Tensor, mean: float, deviation: float) -> torch.Tensor:
        return torch.empty_like(tensor).normal_(mean, deviation, generator=random)

    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.dtype == torch.int64:
                tensor.fill_(1000)
            elif name.endswith("running_var"):
                tensor.copy_(drawn(tensor, 1.0, 0.2).abs_() + 0.1)
            elif tensor.ndim == 1:
                is_scale = name.endswith(".weight")
                tensor.copy_(drawn(tensor, 1.0 if is_scale else 0.0, 0.3))
            else:
                tensor.copy_(drawn(tensor, 0.0, (2 / tensor[0].numel()) ** 0.5))
    return network


def settle(network: nn.Module, images: torch.Tensor) -> None:
    """Sets running statistics to those of other images than the test's, as a training leaves them.

    Of numbers that fit no image, map after map would grow.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        network.train()(images)
    for norm in norms:
        norm.momentum = 0.1


def at_test(network: nn.Module, *, evaluating: bool) -> nn.Module:
    """As `test.py` runs it: with the image's own statistics, or with `--eval` the running ones.

    Dropout is off in both: its masks are random, and there would be nothing to compare.
    """
    network.train(not evaluating)
    for module in network.modules():
        if isinstance(module, nn.Dropout) or type(module) is nn.InstanceNorm2d:
            module.train(False)
        if isinstance(module, nn.InstanceNorm2d):
            module.track_running_stats = False
            module.running_mean = module.running_var = None
    return network
