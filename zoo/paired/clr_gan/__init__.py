"""cLR-GAN."""

from tfi2i.zoo.paired.clr_gan.model import LatentRegressorGAN

__all__ = ["LatentRegressorGAN"]
