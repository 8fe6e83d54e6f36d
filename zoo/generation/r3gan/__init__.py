"""R3GAN."""

from tfi2i.zoo.generation.r3gan.model import R3GAN

__all__ = ["R3GAN"]
