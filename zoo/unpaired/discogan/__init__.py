"""DiscoGAN."""

from tfi2i.zoo.unpaired.discogan.model import DiscoGAN

__all__ = ["DiscoGAN"]
