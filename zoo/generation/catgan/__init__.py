"""CatGAN."""

from tfi2i.zoo.generation.catgan.model import CatGAN

__all__ = ["CatGAN"]
