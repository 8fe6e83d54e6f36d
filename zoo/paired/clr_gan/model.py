"""cLR-GAN: Toward Multimodal Image-to-Image Translation (Zhu et al. 2017), section 3.3."""

from typing import ClassVar, Literal

import tensorflow as tf

from tfi2i import losses
from tfi2i.image_sizes import Size
from tfi2i.training import Player, paper_adam
from tfi2i.zoo.paired._base import LatentTranslationGAN


class LatentRegressorGAN(LatentTranslationGAN):
    r"""Learns many translations of `a`, each with a latent z that can be read from it, from pairs.

    The other half z -> b -> z of BicycleGAN: a generator G makes b from a and from a z drawn from
    the prior, and an encoder E reads z back from the result. With y = G(a, z), z ~ N(0, I):

        D          E[(D(b) - 1)^2] + E[D(y)^2]
        G and E    E[(D(y) - 1)^2] + latent_weight * E[|z - E(y)|_1]

    (section 3.3, in the least-squares form of section 4). E gives one vector and no distribution.
    Nothing compares y with b, the truth. Only a discriminator that sees `a` can teach which image
    belongs to which `a`, so that `conditional` is on here; in BicycleGAN it is off, because an L1
    loss does that. D judges patches at two scales, whose losses add up.

    Batches: `paired`, (a, b) float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.paired.clr_gan import LatentRegressorGAN

        a, b = np.random.randint(0, 256, (2, 4, 64, 64, 3), np.uint8)  # your images
        model = LatentRegressorGAN(crop_size=64, filters=8, encoder_filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        three_of_each = model.diverse(a, 3)
    """

    batch_kind = "paired"
    # Two scales, each at chance with 1/4 for real and 1/4 for fake.
    discriminator_game: ClassVar = ("discriminator_loss", 1.0)

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One gradient step of every player, all from the weights before it."""
        a, b = batch
        latent = self.draw_latents(a.shape[0], site=0)
        with tf.GradientTape(persistent=True) as tape:
            fake_b = self.generator([a, latent], training=True)
            recovered_latent = self.encoder(fake_b, training=True)
            real_scores = self.discriminator(self.judged(a, b), training=True)
            fake_scores = self.discriminator(self.judged(a, fake_b), training=True)

            discriminator_loss = losses.over_scales(
                losses.least_squares_discriminator, real_scores, fake_scores
            )
            adversarial_loss = losses.over_scales(losses.least_squares_generator, fake_scores)
            latent_loss = losses.l1(latent, recovered_latent)
            generator_loss = adversarial_loss + self.latent_weight * latent_loss

        self.players["generator"].minimize(generator_loss, tape)
        self.players["encoder"].minimize(generator_loss, tape)
        self.players["discriminator"].minimize(discriminator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            latent_loss=latent_loss,
            discriminator_loss=discriminator_loss,
        )

    def make_players(
        self,
        *,
        generator_learning_rate: float = 2e-4,
        encoder_learning_rate: float = 2e-4,
        discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator`, `encoder` and `discriminator`.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            encoder_learning_rate: Learning rate of the paper's Adam.
            discriminator_learning_rate: Learning rate of the paper's Adam.
            beta_1: First-moment decay of the paper's Adam.
            ema_decay: Running average of the generator's weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.generator], paper_adam(generator_learning_rate, beta_1), ema_decay=ema_decay
            ),
            "encoder": Player([self.encoder], paper_adam(encoder_learning_rate, beta_1)),
            "discriminator": Player(
                [self.discriminator], paper_adam(discriminator_learning_rate, beta_1)
            ),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 256,
        input_channels: int = 3,
        output_channels: int = 3,
        depth: int | None = None,
        filters: int = 64,
        upsampling: Literal["transposed", "nearest"] = "transposed",
        dropout: float = 0.0,
        latent_length: int = 8,
        latent_at: Literal["input", "all"] = "all",
        encoder: Literal["resnet", "cnn"] = "resnet",
        encoder_filters: int = 64,
        receptive_field: int = 70,
        discriminator_filters: int = 64,
        conditional: bool = True,
        latent_weight: float = 0.5,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "clr_gan",
        **kwargs,
    ):
        """Builds the players' networks; the defaults are the paper's.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            input_channels: Channels of `a`.
            output_channels: Channels of `b`.
            depth: Down-samplings of the U-Net; None takes as many as reach a 1x1 map, at most 8.
            filters: Channels after the first down-sampling of the U-Net.
            upsampling: Upsampling of the U-Net: `transposed` convolutions, or `nearest` and a
                convolution.
            dropout: Rate in the three innermost decoder blocks, in training.
            latent_length: |z|; the paper compares 2, 8 and 256.
            latent_at: Where z enters G: at the `input`, or before `all` its encoder blocks.
            encoder: E as a residual network or as a plain convolutional one.
            encoder_filters: Channels of E's first convolution.
            receptive_field: Receptive field of the finer scale of the discriminator, in pixels.
            discriminator_filters: Channels of its first layer at that scale.
            conditional: Whether the discriminator sees `a` beside `b`.
            latent_weight: The paper's lambda_latent.
            diff_augment: For few images, what a discriminator sees is augmented: some of
                `colour`, `translation`, `cutout` (`networks.augmented`).
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.
        """
        super().__init__(
            crop_size=crop_size,
            input_channels=input_channels,
            output_channels=output_channels,
            depth=depth,
            filters=filters,
            upsampling=upsampling,
            dropout=dropout,
            latent_length=latent_length,
            latent_at=latent_at,
            conditional=conditional,
            diff_augment=diff_augment,
            seed=seed,
            name=name,
            **kwargs,
        )
        self.latent_weight = latent_weight
        self.encoder = self.make_encoder(encoder, encoder_filters, variance=False)
        self.discriminator = self.make_discriminator(receptive_field, discriminator_filters)
