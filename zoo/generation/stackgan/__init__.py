"""StackGAN."""

from tfi2i.zoo.generation.stackgan.model import StackGAN

__all__ = ["StackGAN"]
