"""Pix2Pix."""

from tfi2i.zoo.paired.pix2pix.model import Pix2Pix

__all__ = ["Pix2Pix"]
