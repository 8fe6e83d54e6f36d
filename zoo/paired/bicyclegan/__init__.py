"""BicycleGAN."""

from tfi2i.zoo.paired.bicyclegan.model import BicycleGAN

__all__ = ["BicycleGAN"]
