"""ProgressiveGAN."""

from tfi2i.zoo.generation.progressive_gan.model import ProgressiveGAN

__all__ = ["ProgressiveGAN"]
