"""LSGAN: Least Squares Generative Adversarial Networks (Mao et al. 2017)."""

from typing import ClassVar

import tensorflow as tf

from tfi2i import losses
from tfi2i.training import Player, paper_adam
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN


class LSGAN(ConvolutionalGAN):
    r"""Gives samples far from the decision boundary a gradient, though D takes them for real.

    D's score is a number, not odds; real images should have 1 and generated ones 0 (equation 9):

        D    1/2 E[(D(x) - 1)^2] + 1/2 E[D(G(z))^2]
        G    1/2 E[(D(G(z)) - 1)^2]

    Both networks are DCGAN's, so that the objective is all that differs; the paper has deeper ones,
    like VGG, for its 112 px, and latents of 1024 components.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.generation.lsgan import LSGAN

        photos = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        model = LSGAN(crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(photos, batch_size=4)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    # Both halves together where every score is 1/2.
    discriminator_game: ClassVar = ("discriminator_loss", 0.25)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of the discriminator, then one of the generator against it."""
        latents = self.draw_latents(batch.shape[0], site=0)
        fake = self.generator(latents, training=True)
        with tf.GradientTape() as tape:
            real_scores = self.discriminator(batch, training=True)
            fake_scores = self.discriminator(fake, training=True)
            discriminator_loss = 0.5 * losses.least_squares_discriminator(real_scores, fake_scores)
        self.players["discriminator"].minimize(discriminator_loss, tape)

        with tf.GradientTape() as tape:
            fake_scores = self.discriminator(self.generator(latents, training=True), training=True)
            generator_loss = 0.5 * losses.least_squares_generator(fake_scores)
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
            generator_learning_rate: Learning rate of Adam; the authors have 1e-3 for scenes of LSUN
                and 2e-4 for Chinese characters.
            discriminator_learning_rate: The same for D.
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
