"""TraVeLGAN."""

from tfi2i.zoo.unpaired.travelgan.model import TraVeLGAN

__all__ = ["TraVeLGAN"]
