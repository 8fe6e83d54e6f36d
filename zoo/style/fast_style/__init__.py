"""Fast style transfer."""

from tfi2i.zoo.style.fast_style.model import FastStyle

__all__ = ["FastStyle"]
