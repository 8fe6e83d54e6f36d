"""R3GAN: The GAN is dead; long live the GAN! A Modern GAN Baseline (Huang et al. 2024)."""

from functools import partial
from typing import Any, ClassVar

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.errors import RecipeError
from tfi2i.training import HalfCosine, Player, paper_adam
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN

# After the burn-in: shares of the rate and of the penalty at the beginning, and beta_2.
_RATE, _PENALTY, _BETA_2 = 0.25, 0.1, 0.99


class R3GAN(ConvolutionalGAN):
    r"""A relativistic game with a penalty on both sides, and a modern network without tricks.

    The discriminator's score of a real image is compared with that of a generated one, in pairs
    (RpGAN, Jolicoeur-Martineau 2019): modes that are dropped still have a slope towards them. Alone
    that game need not converge; with zero-centred penalties on real (R1) and on generated images
    (R2) it does, near its equilibrium (section 3, proposition II). With f(t) = -log(1 + e^-t):

        D    -E[f(D(x) - D(G(z)))] + penalty_weight / 2 * (E[|grad D(x)|^2] + E[|grad D(G(z))|^2])
        G    -E[f(D(G(z)) - D(x))]

    The log `discriminator_loss` is the game alone, `slope` the sum of both squared gradients.
    Over the first `burn_in` iterations, along half a cosine, rates fall to a quarter and the
    penalty to a tenth, beta_2 rises, and the average's half-life grows from nothing (appendix).

    Batches: `images`, float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.generation.r3gan import R3GAN

        photos = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        model = R3GAN(crop_size=32, filters=8, discriminator_filters=8, blocks=1)
        model.compile()
        model.fit(photos, batch_size=4)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    # log 2 where no pair can be told apart.
    discriminator_game: ClassVar = ("discriminator_loss", 0.693)
    pace = ("burn_in",)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of the discriminator with both penalties, then one of the generator."""
        fake = self.generator(self.draw_latents(batch.shape[0], site=0), training=True)
        judge = partial(self.discriminator, training=True)
        with tf.GradientTape() as tape:
            real_scores, r1 = losses.scores_and_slope(judge, batch)
            fake_scores, r2 = losses.scores_and_slope(judge, fake)
            discriminator_loss = losses.relativistic(real_scores, fake_scores)
            penalised_loss = discriminator_loss + self._penalty() / 2 * (r1 + r2)
        self.players["discriminator"].minimize(penalised_loss, tape)

        real_scores = judge(batch)
        latents = self.draw_latents(batch.shape[0], site=1)
        with tf.GradientTape() as tape:
            fake_scores = judge(self.generator(latents, training=True))
            generator_loss = losses.relativistic(fake_scores, real_scores)
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss, discriminator_loss=discriminator_loss, slope=r1 + r2
        )

    def make_players(
        self,
        *,
        generator_learning_rate: float = 2e-4,
        discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.0,
        beta_2: float = 0.9,
        ema_decay: float | None = 0.999,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`.

        Args:
            generator_learning_rate: Learning rate of the authors' Adam at the beginning.
            discriminator_learning_rate: The same for the discriminator.
            beta_1: First-moment decay of Adam: the authors use none.
            beta_2: Second-moment decay of Adam at the beginning; 0.99 after the burn-in.
            ema_decay: Running average of the generator's weights per update, after the burn-in;
                None for none.
        """
        over = self.burn_in
        moving: dict[str, Any] = {}
        if over:
            moving = {
                "schedule": HalfCosine(1.0, _RATE, over=over),
                "beta_2": HalfCosine(beta_2, _BETA_2, over=over),
            }
        return {
            "generator": Player(
                [self.generator],
                paper_adam(generator_learning_rate, beta_1, beta_2),
                ema_decay=ema_decay,
                half_life=HalfCosine(0.0, 1.0, over=over) if over else None,
                **moving,
            ),
            "discriminator": Player(
                [self.discriminator],
                paper_adam(discriminator_learning_rate, beta_1, beta_2),
                **moving,
            ),
        }

    def _penalty(self) -> float | tf.Tensor:
        """The weight of the penalties in this iteration."""
        if not self.burn_in:
            return self.penalty_weight
        share = HalfCosine(1.0, _PENALTY, over=self.burn_in)
        return self.penalty_weight * share.factor(tf.cast(self.time(share.by), tf.float32))

    def __init__(
        self,
        *,
        latent_length: int = 64,
        filters: int = 768,
        discriminator_filters: int = 768,
        blocks: int = 2,
        widest_map: int = 32,
        penalty_weight: float = 2.0,
        burn_in: int = 0,
        **kwargs,
    ):
        """Builds both networks (`tfi2i.networks.r3gan`); the defaults are the paper's for 64 px.

        Args:
            latent_length: Components of the latent z.
            filters: Channels of the generator's small maps, a multiple of 8.
            discriminator_filters: The same for the discriminator.
            blocks: Residual blocks at each size of the maps.
            widest_map: Maps up to this side in pixels have all channels, those of twice the side
                half as many, and so on.
            penalty_weight: The paper's gamma: 0.05 for 32 px, 2 for 64 px and 150 for 256 px at the
                beginning of the published trainings.
            burn_in: Iterations of the burn-in, 20 million images in the paper; 0, for runs that are
                no longer than its beginning, leaves all constant.
            **kwargs: See `ConvolutionalGAN`.

        Raises:
            RecipeError: The burn-in is negative.
        """
        if burn_in < 0:
            raise RecipeError(f"model.burn_in={burn_in} is not possible: give iterations, or 0")
        self.blocks = blocks
        self.widest_map = widest_map
        super().__init__(
            latent_length=latent_length,
            filters=filters,
            discriminator_filters=discriminator_filters,
            **kwargs,
        )
        self.penalty_weight = penalty_weight
        self.burn_in = burn_in

    def make_generator(self, depth: int, filters: int) -> keras.Model:
        """Builds the generator."""
        return networks.r3gan_generator(
            latent_length=self.latent_length,
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
            blocks=self.blocks,
            widest_map=self.widest_map,
        )

    def make_rival(self, depth: int, filters: int) -> keras.Model:
        """Builds the discriminator."""
        return networks.r3gan_discriminator(
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
            blocks=self.blocks,
            widest_map=self.widest_map,
        )
