"""GRAN."""

from tfi2i.zoo.generation.gran.model import GRAN

__all__ = ["GRAN"]
