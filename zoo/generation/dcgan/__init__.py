"""DCGAN."""

from tfi2i.zoo.generation.dcgan.model import DCGAN

__all__ = ["DCGAN"]
