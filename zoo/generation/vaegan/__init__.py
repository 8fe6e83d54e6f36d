"""VAE-GAN."""

from tfi2i.zoo.generation.vaegan.model import VAEGAN

__all__ = ["VAEGAN"]
