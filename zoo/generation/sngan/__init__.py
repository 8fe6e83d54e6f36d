"""SNGAN."""

from tfi2i.zoo.generation.sngan.model import SNGAN

__all__ = ["SNGAN"]
