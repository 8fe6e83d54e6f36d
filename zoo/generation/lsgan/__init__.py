"""LSGAN."""

from tfi2i.zoo.generation.lsgan.model import LSGAN

__all__ = ["LSGAN"]
