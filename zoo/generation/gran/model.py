"""GRAN: Generating images with recurrent adversarial networks (Im et al. 2016)."""

from typing import ClassVar

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.image_sizes import Size
from tfi2i.training import InverseTime, Player, paper_adam
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN


class GRAN(ConvolutionalGAN):
    r"""Draws in several steps: looks at what it has added to the canvas, and adds to it again.

    With h_z = tanh(W z), an encoder g and a decoder f that are the same in all steps (section 4,
    equations 4 to 8):

        h_c,t = g(dC_t-1), nothing at first;    dC_t = f([h_z, h_c,t])
        G(z) = sigmoid(dC_1 + ... + dC_T)

    The game is that of Goodfellow et al. 2014, with D = sigmoid of the score:

        D    -E[log D(x)] - E[log(1 - D(G(z)))]
        G    -E[log D(G(z))] + weight_decay / 2 * |kernels of f|^2

    The discriminator is DCGAN's. The paper allows for a z of its own in each step; the authors'
    code, and this, has one for all.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.generation.gran import GRAN

        photos = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        model = GRAN(crop_size=32, filters=8, discriminator_filters=8, steps=3)
        model.compile()
        model.fit(photos, batch_size=4)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    # -log D(x) - log(1 - D(G(z))) at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("discriminator_loss", 1.386)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of the discriminator, then one of the generator through all its steps."""
        latents = self.draw_latents(batch.shape[0], site=0)
        fake = self.generator(latents, training=True)
        with tf.GradientTape() as tape:
            discriminator_loss = losses.minimax_discriminator(
                self.discriminator(batch, training=True), self.discriminator(fake, training=True)
            )
        self.players["discriminator"].minimize(discriminator_loss, tape)

        with tf.GradientTape() as tape:
            fake_scores = self.discriminator(self.generator(latents, training=True), training=True)
            generator_loss = losses.non_saturating_generator(fake_scores)
            decay = self.weight_decay * losses.squared_weights(self.decoder_kernels)
            decayed_loss = generator_loss + decay
        self.players["generator"].minimize(decayed_loss, tape)
        return self.report(generator_loss=generator_loss, discriminator_loss=discriminator_loss)

    @property
    def decoder_kernels(self) -> list[keras.Variable]:
        """The kernels of the decoder's transposed convolutions."""
        layers = [layer for layer in self.generator.layers if layer.name.startswith("decoder_up")]
        return [variable for layer in layers for variable in layer.trainable_variables]

    def make_players(
        self,
        *,
        generator_learning_rate: float = 1e-4,
        discriminator_learning_rate: float = 4e-5,
        beta_1: float = 0.0,
        halve_after: int = 50,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`.

        Args:
            generator_learning_rate: Learning rate of the authors' Adam.
            discriminator_learning_rate: Learning rate of the authors' Adam.
            beta_1: First-moment decay of Adam: 0.9 by name in the authors' code, which lets it
                vanish after the first update.
            halve_after: Epochs after which the rates are half of these, falling as one over time.
            ema_decay: Running average of the generator's weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.generator],
                paper_adam(generator_learning_rate, beta_1),
                ema_decay=ema_decay,
                schedule=InverseTime(1 / halve_after, by="epochs"),
            ),
            "discriminator": Player(
                [self.discriminator],
                paper_adam(discriminator_learning_rate, beta_1),
                schedule=InverseTime(1 / halve_after, by="epochs"),
            ),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 32,
        filters: int = 256,
        steps: int = 5,
        weight_decay: float = 5e-6,
        **kwargs,
    ):
        """Builds both networks; the defaults are the authors' for CIFAR-10.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            filters: Channels of the decoder's largest maps.
            steps: The paper's T.
            weight_decay: Of the kernels of the decoder's transposed convolutions.
            **kwargs: See `ConvolutionalGAN`.
        """
        self.steps = steps
        super().__init__(crop_size=crop_size, filters=filters, **kwargs)
        self.weight_decay = weight_decay

    def make_generator(self, depth: int, filters: int) -> keras.Model:
        """Builds the generator (`tfi2i.networks.recurrent_generator`)."""
        return networks.recurrent_generator(
            latent_length=self.latent_length,
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
            steps=self.steps,
        )
