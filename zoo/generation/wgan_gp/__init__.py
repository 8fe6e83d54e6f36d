"""WGANGP."""

from tfi2i.zoo.generation.wgan_gp.model import WGANGP

__all__ = ["WGANGP"]
