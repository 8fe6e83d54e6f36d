"""Conditional GAN."""

from tfi2i.zoo.generation.cgan.model import ConditionalGAN

__all__ = ["ConditionalGAN"]
