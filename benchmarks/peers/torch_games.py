"""Training steps of networks that draw from latents, in PyTorch, as its users write them."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from benchmarks.peers.torch_generators import (
    ProgressiveGenerator,
    dcgan_discriminator,
    dcgan_generator,
    progressive_discriminator,
    take,
)
from benchmarks.peers.torch_networks import weights
from benchmarks.peers.torch_steps import Mode


def _step(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def _adam(network: nn.Module, rate: float, *betas: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr=rate, betas=betas)


def dcgan(mode: Mode, given: Mapping[str, Any]) -> tuple[Callable, int]:
    """One step of D, then one of G with the same latents; returns it and the number of weights."""
    generator, discriminator = dcgan_generator(100), dcgan_discriminator(norm=True)
    take(given, generator, discriminator)
    g_adam, d_adam = (_adam(one, 2e-4, 0.5, 0.999) for one in (generator, discriminator))
    g, d = mode.network(generator), mode.network(discriminator)
    bce = functional.binary_cross_entropy_with_logits

    def step(real: torch.Tensor) -> None:
        with mode.autocast():
            fake = g(torch.randn(len(real), 100, 1, 1))
            real_scores, fake_scores = d(real).float(), d(fake.detach()).float()
        loss = bce(real_scores, torch.ones_like(real_scores))
        _step(d_adam, loss + bce(fake_scores, torch.zeros_like(fake_scores)))
        discriminator.requires_grad_(False)
        with mode.autocast():
            fake_scores = d(fake).float()
        _step(g_adam, bce(fake_scores, torch.ones_like(fake_scores)))
        discriminator.requires_grad_(True)

    return step, weights(generator, discriminator)


def wgan_gp(mode: Mode, given: Mapping[str, Any]) -> tuple[Callable, int]:
    """Five steps of the critic, each on a fifth of the batch, then one of G."""
    generator, critic = dcgan_generator(128), dcgan_discriminator(norm=False)
    take(given, generator, critic)
    g_adam, d_adam = (_adam(one, 1e-4, 0.5, 0.9) for one in (generator, critic))
    g, d = mode.network(generator), mode.network(critic)

    def step(batch: torch.Tensor) -> None:
        for real in batch.chunk(5):
            with torch.no_grad(), mode.autocast():
                fake = g(torch.randn(len(real), 128, 1, 1))
            with mode.autocast():
                loss = d(fake).float().mean() - d(real).float().mean()
                penalty = _gradient_penalty(critic, real, fake)
            _step(d_adam, loss + 10.0 * penalty)
        critic.requires_grad_(False)
        with mode.autocast():
            loss = -d(g(torch.randn(len(real), 128, 1, 1))).float().mean()
        _step(g_adam, loss)
        critic.requires_grad_(True)

    return step, weights(generator, critic)


def progressive_gan(mode: Mode, given: Mapping[str, Any]) -> tuple[Callable, int]:
    """One step of D and one of G, at the last size."""
    generator, discriminator = ProgressiveGenerator(), progressive_discriminator()
    take(given, generator, discriminator)
    g_adam, d_adam = (_adam(one, 1e-3, 0.0, 0.99) for one in (generator, discriminator))
    g, d = mode.network(generator), mode.network(discriminator)

    def step(real: torch.Tensor) -> None:
        with torch.no_grad(), mode.autocast():
            fake = g(torch.randn(len(real), 512, 1, 1))
        with mode.autocast():
            real_scores = d(real).float()
            loss = d(fake).float().mean() - real_scores.mean()
            penalty = _gradient_penalty(discriminator, real, fake)
        _step(d_adam, loss + 10.0 * penalty + 1e-3 * real_scores.square().mean())
        discriminator.requires_grad_(False)
        with mode.autocast():
            loss = -d(g(torch.randn(len(real), 512, 1, 1))).float().mean()
        _step(g_adam, loss)
        discriminator.requires_grad_(True)

    return step, weights(generator, discriminator)


def _gradient_penalty(judge: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Of a network that is not compiled: what `torch.compile` makes has no second gradients."""
    share = torch.rand(len(real), 1, 1, 1)
    between = (share * real + (1 - share) * fake).requires_grad_()
    (slopes,) = torch.autograd.grad(judge(between).float().sum(), between, create_graph=True)
    return (slopes.flatten(1).norm(dim=1) - 1).square().mean()


GAMES = {"dcgan": dcgan, "wgan_gp": wgan_gp, "progressive_gan": progressive_gan}
