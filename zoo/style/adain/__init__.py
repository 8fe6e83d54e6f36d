"""AdaIN."""

from tfi2i.zoo.style.adain.model import AdaIN

__all__ = ["AdaIN"]
