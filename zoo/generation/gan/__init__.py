"""OriginalGAN."""

from tfi2i.zoo.generation.gan.model import OriginalGAN

__all__ = ["OriginalGAN"]
