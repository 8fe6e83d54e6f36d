"""cVAE-GAN."""

from tfi2i.zoo.paired.cvae_gan.model import ConditionalVAEGAN

__all__ = ["ConditionalVAEGAN"]
