"""SiameseGAN."""

from tfi2i.zoo.generation.siamese_gan.model import SiameseGAN

__all__ = ["SiameseGAN"]
