"""InfoGAN."""

from tfi2i.zoo.generation.infogan.model import InfoGAN

__all__ = ["InfoGAN"]
