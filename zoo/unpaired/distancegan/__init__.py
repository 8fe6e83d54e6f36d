"""DistanceGAN."""

from tfi2i.zoo.unpaired.distancegan.model import DistanceGAN

__all__ = ["DistanceGAN"]
