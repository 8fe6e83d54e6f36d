"""The latents of a generator: their prior, draws from it, and ways between them."""

from functools import partial
from typing import Literal

import numpy as np
import tensorflow as tf

from tfi2i.errors import DataError
from tfi2i.training.gan import GAN
from tfi2i.training.replicas import draws_for_each

Prior = Literal["normal", "uniform"]

_LEAST_TRUNCATION = 0.01


class Latents(GAN):
    """A model of latents z, whose prior is N(0, I) or uniform on [-1, 1].

    Attributes:
        latent_length: Components of z.
        latent_prior: `normal` or `uniform`.
    """

    latent_length: int
    latent_prior: Prior

    def draw_latents(self, count: int, site: int) -> tf.Tensor:
        """This replica's share of latents for the global batch: (count, latent_length).

        Args:
            count: Latents for this replica.
            site: Distinguishes several draws in one iteration.
        """
        seed = self.noise_seed(site, per_replica=False)
        if self.latent_prior == "uniform":
            draw = partial(tf.random.stateless_uniform, minval=-1.0, maxval=1.0)
            return draws_for_each(count, (self.latent_length,), seed, draw)
        return draws_for_each(count, (self.latent_length,), seed)

    def latents(self, count: int, *, seed: int = 0, truncation: float | None = None) -> np.ndarray:
        """Draws latents from the prior: float32 (count, latent_length).

        Args:
            count: How many.
            seed: The same seed gives the same latents.
            truncation: Components beyond this absolute value are drawn again: samples vary less,
                and the rare ones, which are often the worst, stay away (Brock et al. 2019, section
                3.1). None for the whole prior.

        Raises:
            DataError: A count below 1, or a truncation below 0.01, which hardly a draw would pass.
        """
        if count < 1:
            raise DataError(f"{count} samples are not possible: ask for 1 or more")
        if truncation is not None and not truncation >= _LEAST_TRUNCATION:
            raise DataError(
                f"truncation={truncation} is not possible: it is at least {_LEAST_TRUNCATION}"
            )
        draw, shape = np.random.default_rng(seed), (count, self.latent_length)
        if self.latent_prior == "uniform":
            limit = min(1.0, truncation or 1.0)
            return draw.uniform(-limit, limit, shape).astype(np.float32)
        drawn = draw.standard_normal(shape)
        while truncation is not None and (beyond := np.abs(drawn) > truncation).any():
            drawn[beyond] = draw.standard_normal(int(beyond.sum()))
        return drawn.astype(np.float32)

    def between(self, one: np.ndarray, other: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """Latents on the way from one to another: float32 (S, latent_length).

        Normal latents lie near a sphere, along which the way goes (White 2016); the straight way
        leads through its middle, where the prior has hardly any.

        Args:
            one: (latent_length,), where the share is 0.
            other: (latent_length,), where it is 1.
            shares: (S,), from 0 to 1.
        """
        shares = np.asarray(shares, np.float64)[:, None]
        cosine = one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12)
        angle = np.arccos(np.clip(cosine, -1.0, 1.0))
        if self.latent_prior == "uniform" or np.sin(angle) < 1e-6:
            return ((1.0 - shares) * one + shares * other).astype(np.float32)
        first, second = np.sin((1.0 - shares) * angle), np.sin(shares * angle)
        return ((first * one + second * other) / np.sin(angle)).astype(np.float32)
