"""DualGAN."""

from tfi2i.zoo.unpaired.dualgan.model import DualGAN

__all__ = ["DualGAN"]
