"""Training steps in PyTorch, as its users write them: pix2pix and CycleGAN."""

import itertools
import random
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from benchmarks.peers.torch_networks import ResNet, UNet, patchgan, weights


def _adam(*modules: nn.Module) -> torch.optim.Optimizer:
    parameters = itertools.chain(*(module.parameters() for module in modules))
    return torch.optim.Adam(parameters, lr=2e-4, betas=(0.5, 0.999))


def _train_only(modules: list[nn.Module], wanted: bool) -> None:
    for module in modules:
        module.requires_grad_(wanted)


class Mode:
    """How the step computes.

    Attributes:
        bfloat16: Autocast, and images and kernels channels last.
        compiled: `torch.compile` of every network.
        graphs: And their kernels on a GPU recorded, to be started by one call.
    """

    def __init__(self, *, bfloat16: bool, compiled: bool, graphs: bool = False):
        """Sets all three."""
        self.bfloat16, self.compiled, self.graphs = bfloat16, compiled, graphs

    def network(self, module: nn.Module) -> nn.Module:
        """The network as this mode runs it."""
        if self.bfloat16:
            module = module.to(memory_format=torch.channels_last)
        if not self.compiled:
            return module
        how = "reduce-overhead" if self.graphs else None
        return torch.compile(module, mode=how)  # type: ignore[return-value]

    def begin_step(self) -> None:
        """Lets the graphs' memory of the last step go."""
        if self.graphs:
            torch.compiler.cudagraph_mark_step_begin()

    def images(self, images: torch.Tensor) -> torch.Tensor:
        """The batch in the layout of this mode."""
        return images.contiguous(memory_format=torch.channels_last) if self.bfloat16 else images

    def autocast(self):
        """The context of the forward passes."""
        device = torch.get_default_device().type
        return torch.autocast(device, torch.bfloat16, enabled=self.bfloat16)


def pix2pix(mode: Mode, *, depth: int) -> tuple[Callable, int]:
    """One step of D, then one of G; returns it and the number of weights."""
    generator, discriminator = UNet(depth), patchgan(6, norm=nn.BatchNorm2d)
    count = weights(generator, discriminator)
    generator_adam, discriminator_adam = _adam(generator), _adam(discriminator)
    g, d = mode.network(generator), mode.network(discriminator)
    bce = functional.binary_cross_entropy_with_logits

    def step(a: torch.Tensor, b: torch.Tensor) -> None:
        mode.begin_step()
        with mode.autocast():
            fake = g(a)
            _train_only([discriminator], True)
            real_scores = d(torch.cat([a, b], 1)).float()
            fake_scores = d(torch.cat([a, fake.detach()], 1)).float()
        loss = bce(real_scores, torch.ones_like(real_scores))
        loss = 0.5 * (loss + bce(fake_scores, torch.zeros_like(fake_scores)))
        discriminator_adam.zero_grad()
        loss.backward()
        discriminator_adam.step()
        _train_only([discriminator], False)
        with mode.autocast():
            scores = d(torch.cat([a, fake], 1)).float()
        loss = bce(scores, torch.ones_like(scores)) + 100.0 * (fake - b).abs().mean()
        generator_adam.zero_grad()
        loss.backward()
        generator_adam.step()

    return step, count


def cyclegan(mode: Mode, *, blocks: int) -> tuple[Callable, int]:
    """One step of both generators with the identity loss, then one of both discriminators."""
    generators = [ResNet(blocks), ResNet(blocks)]
    discriminators = [patchgan(3, norm=nn.InstanceNorm2d) for _ in range(2)]
    count = weights(*generators, *discriminators)
    generator_adam, discriminator_adam = _adam(*generators), _adam(*discriminators)
    g_ab, g_ba = (mode.network(generator) for generator in generators)
    d_a, d_b = (mode.network(discriminator) for discriminator in discriminators)
    pools: tuple[list, list] = ([], [])

    def shown(pool: list, fake: torch.Tensor) -> torch.Tensor:
        fake = fake.detach()
        if len(pool) < 50:
            pool.append(fake.clone())
            return fake
        if random.random() < 0.5:
            return fake
        place = random.randrange(50)
        old, pool[place] = pool[place], fake.clone()
        return old

    def squares(scores: torch.Tensor, target: float) -> torch.Tensor:
        return (scores.float() - target).square().mean()

    def step(a: torch.Tensor, b: torch.Tensor) -> None:
        mode.begin_step()
        _train_only(discriminators, False)
        with mode.autocast():
            fake_b, fake_a = g_ab(a), g_ba(b)
            adversarial = squares(d_b(fake_b), 1) + squares(d_a(fake_a), 1)
            cycle = (g_ba(fake_b) - a).abs().mean() + (g_ab(fake_a) - b).abs().mean()
            identity = (g_ab(b) - b).abs().mean() + (g_ba(a) - a).abs().mean()
        generator_adam.zero_grad()
        (adversarial + 10.0 * (cycle + 0.5 * identity)).backward()
        generator_adam.step()
        _train_only(discriminators, True)
        discriminator_adam.zero_grad()
        for d, real, fake, pool in ((d_a, a, fake_a, pools[0]), (d_b, b, fake_b, pools[1])):
            with mode.autocast():
                loss = squares(d(real), 1) + squares(d(shown(pool, fake)), 0)
            (0.5 * loss).backward()
        discriminator_adam.step()

    return step, count
