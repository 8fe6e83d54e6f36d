"""CycleGAN."""

from tfi2i.zoo.unpaired.cyclegan.model import CycleGAN

__all__ = ["CycleGAN"]
