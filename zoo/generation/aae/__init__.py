"""AAE."""

from tfi2i.zoo.generation.aae.model import AAE

__all__ = ["AAE"]
