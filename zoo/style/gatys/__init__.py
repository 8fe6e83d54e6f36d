"""Neural style transfer by optimisation."""

from tfi2i.zoo.style.gatys.model import Gatys

__all__ = ["Gatys"]
