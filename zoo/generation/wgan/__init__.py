"""WGAN."""

from tfi2i.zoo.generation.wgan.model import WGAN

__all__ = ["WGAN"]
