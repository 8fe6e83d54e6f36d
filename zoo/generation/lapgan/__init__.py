"""LAPGAN."""

from tfi2i.zoo.generation.lapgan.model import LAPGAN

__all__ = ["LAPGAN"]
