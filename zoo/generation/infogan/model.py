"""InfoGAN: Interpretable Representation Learning by Information Maximizing GANs (Chen 2016)."""

import math
from typing import ClassVar

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.errors import RecipeError
from tfi2i.training import Player, paper_adam
from tfi2i.zoo.generation._grouping import GroupingGAN
from tfi2i.zoo.generation._labelled import LabelGAN
from tfi2i.zoo.generation._latents import Prior


class InfoGAN(GroupingGAN, LabelGAN):
    r"""Finds by itself what images differ in: codes that can be read off the samples again.

    G takes a categorical code c1 and continuous ones c2, c3, ... beside the noise z, and must not
    ignore them: Q, a head of the discriminator, tells them from the sample. Its log-likelihood is a
    bound of the mutual information of codes c and samples (equations 5 and 6):

        I(c; G(z, c)) >= L_I = H(c) + E[log Q(c | G(z, c))]

    with softmax for c1 and a normal distribution of deviation 1 around Q's mean for the others:

        D, Q    -E[log D(x)] - E[log(1 - D(G(z, c)))] - information_weight * L_I
        G       -E[log D(G(z, c))] - information_weight * L_I

    D's part of L_I is the authors' code's, where Q shares its layers. The categorical code is the
    label of `sample` and of exported files; the continuous ones are the last components of latents.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1]. No labels are seen.

    Example:
        import numpy as np
        from tfi2i.zoo.generation.infogan import InfoGAN

        digits = np.random.randint(0, 256, (8, 28, 28, 1), np.uint8)  # your images
        model = InfoGAN(crop_size=28, channels=1, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(digits, batch_size=4)
        codes = model.group(digits)
        pictures = model.sample(16, seed=3, labels=7)  # of one code
    """

    batch_kind = "images"
    # -log D(x) - log(1 - D(G(z))) at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("adversarial_loss", 1.386)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of the discriminator and Q, then one of the generator."""
        latents = self.draw_latents(batch.shape[0], site=0)
        codes = self.draw_labels(batch.shape[0], site=1)
        fake = self.generator([latents, self.one_hot(codes)], training=True)
        with tf.GradientTape() as tape:
            real_scores, _, _ = self.discriminator(batch, training=True)
            fake_scores, *found = self.discriminator(fake, training=True)
            adversarial_loss = losses.minimax_discriminator(real_scores, fake_scores)
            discriminator_loss = adversarial_loss - self.information_weight * self.information(
                found, codes, latents
            )
        self.players["discriminator"].minimize(discriminator_loss, tape)

        with tf.GradientTape() as tape:
            fake = self.generator([latents, self.one_hot(codes)], training=True)
            fake_scores, *found = self.discriminator(fake, training=True)
            information = self.information(found, codes, latents)
            generator_loss = (
                losses.non_saturating_generator(fake_scores) - self.information_weight * information
            )
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            information=information,
        )

    def information(
        self, found: list[tf.Tensor], codes: tf.Tensor, latents: tf.Tensor
    ) -> tf.Tensor:
        """The bound L_I in nats, a scalar.

        Args:
            found: What Q gives: logits (B, codes) and means (B, continuous_codes).
            codes: The categorical codes that samples were made of, (B,).
            latents: (B, latent_length), the continuous codes last.
        """
        logits, means = found
        information = math.log(self.codes) - losses.classification(logits, codes)
        if self.continuous_codes:
            continuous = latents[:, -self.continuous_codes :]
            squares = tf.reduce_sum(tf.square(continuous - means), axis=1)
            # Of each: H = log 2 of a uniform code on [-1, 1], and log sqrt(2 pi) of the normal.
            known = self.continuous_codes * (math.log(2.0) - 0.5 * math.log(2.0 * math.pi))
            information += known - 0.5 * tf.reduce_mean(squares)
        return information

    def make_players(
        self,
        *,
        generator_learning_rate: float = 1e-3,
        discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`, which owns Q too.

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
        codes: int = 10,
        continuous_codes: int = 2,
        information_weight: float = 1.0,
        latent_length: int = 64,
        latent_prior: Prior = "uniform",
        **kwargs,
    ):
        """Builds both networks; codes and weight are by default the authors' for MNIST.

        Args:
            codes: Values of the categorical code.
            continuous_codes: How many continuous codes there are; 0 for none.
            information_weight: The paper's lambda.
            latent_length: Components of noise and continuous codes together; 62 are noise.
            latent_prior: Distribution of the noise; with continuous codes it is `uniform`.
            **kwargs: See `ConvolutionalGAN`.

        Raises:
            RecipeError: Fewer than two codes, no noise beside continuous ones, or another prior.
        """
        if codes < 2:
            raise RecipeError(f"model.codes={codes} is not possible: a code has 2 values or more")
        if continuous_codes >= latent_length:
            raise RecipeError(
                f"model.latent_length={latent_length} leaves no noise beside "
                f"{continuous_codes} continuous codes: make it longer"
            )
        if continuous_codes and latent_prior != "uniform":
            raise RecipeError(
                "continuous codes are uniform: set model.latent_prior to uniform, or "
                "model.continuous_codes to 0"
            )
        self.codes = codes
        self.continuous_codes = continuous_codes
        self.information_weight = information_weight
        super().__init__(latent_length=latent_length, latent_prior=latent_prior, **kwargs)

    def make_rival(self, depth: int, filters: int) -> keras.Model:
        """D and Q in one network."""
        return networks.information_discriminator(
            codes=self.codes,
            continuous_codes=self.continuous_codes,
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
        )

    @property
    def label_names(self) -> tuple[str, ...]:
        """The values of the categorical code, as numbers: nobody named them."""
        return tuple(map(str, range(self.codes)))

    @property
    def group_count(self) -> int:
        """The values of the categorical code."""
        return self.codes

    def group_logits(self, images: tf.Tensor) -> tf.Tensor:
        """What Q says of the categorical code."""
        return self.discriminator(images, training=False)[1]
