"""AC-GAN."""

from tfi2i.zoo.generation.acgan.model import ACGAN

__all__ = ["ACGAN"]
