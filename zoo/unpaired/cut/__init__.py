"""CUT."""

from tfi2i.zoo.unpaired.cut.model import CUT

__all__ = ["CUT"]
