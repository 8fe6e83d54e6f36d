"""StarGAN."""

from tfi2i.zoo.multidomain.stargan.model import StarGAN

__all__ = ["StarGAN"]
