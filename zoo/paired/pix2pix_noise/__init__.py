"""pix2pix+noise."""

from tfi2i.zoo.paired.pix2pix_noise.model import Pix2PixNoise

__all__ = ["Pix2PixNoise"]
