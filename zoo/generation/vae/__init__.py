"""VAE."""

from tfi2i.zoo.generation.vae.model import VAE

__all__ = ["VAE"]
