"""BiGAN."""

from tfi2i.zoo.generation.bigan.model import BiGAN

__all__ = ["BiGAN"]
