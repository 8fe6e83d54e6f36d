"""DCGAN: Unsupervised Representation Learning with Deep Convolutional GANs (Radford 2016)."""

from typing import ClassVar, Literal

import tensorflow as tf

from tfi2i import losses
from tfi2i.training import Player, paper_adam
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN

GENERATOR_LOSSES = {
    "non_saturating": losses.non_saturating_generator,
    "minimax": losses.minimax_generator,
    "hinge": losses.hinge_generator,
}


class DCGAN(ConvolutionalGAN):
    r"""Plays the game of Goodfellow et al. 2014 with convolutions that train stably.

    Strided and transposed convolutions in place of pooling, batch norm in both networks, ReLU in G
    and LeakyReLU in D, no hidden dense layers (section 3). With D = sigmoid of the score:

        D    -E[log D(x)] - E[log(1 - D(G(z)))]
        G    -E[log D(G(z))]                        (`non_saturating`)

    `objective` chooses G's loss: also `minimax`, E[log(1 - D(G(z)))], which saturates where D wins,
    and `hinge` (Lim and Ye 2017), with E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))] for D.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.generation.dcgan import DCGAN

        photos = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        model = DCGAN(crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(photos, batch_size=4)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    # -log D(x) - log(1 - D(G(z))) at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("discriminator_loss", 1.386)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of the discriminator, then one of the generator against it."""
        latents = self.draw_latents(batch.shape[0], site=0)
        fake = self.generator(latents, training=True)
        with tf.GradientTape() as tape:
            # Two passes: batch norm has the statistics of real or of generated images.
            real_scores = self.discriminator(batch, training=True)
            fake_scores = self.discriminator(fake, training=True)
            discriminator_loss = self.discriminator_loss(real_scores, fake_scores)
        self.players["discriminator"].minimize(discriminator_loss, tape)

        with tf.GradientTape() as tape:
            # The same latents, as in the authors' code.
            fake_scores = self.discriminator(self.generator(latents, training=True), training=True)
            generator_loss = self.generator_loss(fake_scores)
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(generator_loss=generator_loss, discriminator_loss=discriminator_loss)

    def make_players(
        self,
        *,
        generator_learning_rate: float = 2e-4,
        discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            discriminator_learning_rate: Learning rate of the paper's Adam.
            beta_1: First-moment decay of the paper's Adam.
            ema_decay: Running average of the generator's weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.generator], paper_adam(generator_learning_rate, beta_1), ema_decay=ema_decay
            ),
            "discriminator": Player(
                [self.discriminator], paper_adam(discriminator_learning_rate, beta_1)
            ),
        }

    def __init__(
        self,
        *,
        objective: Literal["non_saturating", "minimax", "hinge"] = "non_saturating",
        **kwargs,
    ):
        """Builds both networks; the defaults are the paper's for 64 px.

        Args:
            objective: Of G, and with `hinge` of D too.
            **kwargs: See `ConvolutionalGAN`.
        """
        super().__init__(**kwargs)
        self.generator_loss = GENERATOR_LOSSES[objective]
        hinge = objective == "hinge"
        self.discriminator_loss = (
            losses.hinge_discriminator if hinge else losses.minimax_discriminator
        )
