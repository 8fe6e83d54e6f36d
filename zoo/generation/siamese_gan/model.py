"""Siamese GAN: a discriminator that outputs vectors (Pasini 2019)."""

from typing import ClassVar, Literal

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.training import Player, paper_adam
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN

DISCRIMINATOR_LOSSES = {
    "triplet": losses.triplet_discriminator,
    "least_squares": losses.least_squares_vector_discriminator,
}


class SiameseGAN(ConvolutionalGAN):
    r"""Measures how real an image looks by how far its vector is from a fixed point.

    The discriminator S maps an image to a vector of `vector_length` components. Real images should
    gather at the anchor p, the origin, and generated ones stay a margin away:

        S    E[max(0, |S(x) - p|^2 - |S(G(z)) - p|^2 + margin)]        (`triplet`)
        G    E[|S(G(z)) - p|^2]

    With vectors of one component, p = 1, a margin of 1 and `least_squares`, which puts generated
    images on a sphere, E[|S(x) - p|^2] + E[(|S(G(z)) - p| - margin)^2], this is LSGAN for scores up
    to 1: the article's edge case. The networks are DCGAN's.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.generation.siamese_gan import SiameseGAN

        photos = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        model = SiameseGAN(crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(photos, batch_size=4)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    # The margin is a setting, and with it the loss of a discriminator that cannot tell.
    discriminator_game: ClassVar = None

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of the discriminator, then one of the generator against it."""
        latents = self.draw_latents(batch.shape[0], site=0)
        fake = self.generator(latents, training=True)
        with tf.GradientTape() as tape:
            discriminator_loss = DISCRIMINATOR_LOSSES[self.objective](
                self.discriminator(batch, training=True),
                self.discriminator(fake, training=True),
                margin=self.margin,
                anchor=self.anchor,
            )
        self.players["discriminator"].minimize(discriminator_loss, tape)

        with tf.GradientTape() as tape:
            fake_vectors = self.discriminator(self.generator(latents, training=True), training=True)
            generator_loss = losses.vector_generator(fake_vectors, anchor=self.anchor)
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
            generator_learning_rate: Learning rate of Adam, of which the article says nothing:
                DCGAN's.
            discriminator_learning_rate: The same for S.
            beta_1: First-moment decay of Adam.
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
        vector_length: int = 16,
        margin: float = 1.0,
        anchor: float = 0.0,
        objective: Literal["triplet", "least_squares"] = "triplet",
        **kwargs,
    ):
        """Builds both networks.

        Args:
            vector_length: The article's VecLen, of which it names no value.
            margin: By how much the squared distance of a generated image must exceed that of a real
                one; with `least_squares`, the radius of the sphere.
            anchor: p, a number for all components: the article has the origin.
            objective: Of S.
            **kwargs: See `ConvolutionalGAN`.
        """
        self.vector_length = vector_length
        super().__init__(**kwargs)
        self.margin = margin
        self.anchor = anchor
        self.objective = objective

    def make_rival(self, depth: int, filters: int) -> keras.Model:
        """Builds S, DCGAN's discriminator with as many outputs as a vector has components."""
        return networks.dcgan_discriminator(
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
            outputs=self.vector_length,
        )
