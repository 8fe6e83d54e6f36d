"""BicycleGAN: Toward Multimodal Image-to-Image Translation (Zhu et al. 2017)."""

from typing import ClassVar, Literal

import tensorflow as tf

from tfi2i import losses
from tfi2i.image_sizes import Size
from tfi2i.training import Player, mini_batches, paper_adam
from tfi2i.zoo.paired._base import LatentTranslationGAN


class BicycleGAN(LatentTranslationGAN):
    r"""Learns many translations of `a`, chosen by a latent z, from aligned pairs.

    Two cycles share a generator G and an encoder E, which gives a Gaussian over z. The one goes
    b -> z -> b (cVAE-GAN), the other z -> b -> z (cLR-GAN); each has its own discriminator:

        z_e ~ E(b),  y_e = G(a, z_e)            z_r ~ N(0, I),  y_r = G(a, z_r)

        D              E[(D(b) - 1)^2] + E[D(y_e)^2]
        D_random       E[(D_random(b') - 1)^2] + E[D_random(y_r)^2],  b' other real images
        G and E        E[(D(y_e) - 1)^2] + l1_weight * E[|b - y_e|_1]
                         + kl_weight * KL(E(b) || N(0, I))
        G alone        E[(D_random(y_r) - 1)^2] + latent_weight * E[|z_r - mean of E(y_r)|_1]

    (section 3.4, in the least-squares form of section 4). If E were trained on the latent term too,
    G and E would hide z in the image without giving it a meaning (section 4). Each discriminator
    judges patches at two scales, whose losses add up; neither sees `a`, as in the authors' code. A
    batch is split into halves: every other image is encoded, and D_random takes the others for
    real.

    Batches: `paired`, (a, b) float32 (B, H, W, C) in [-1, 1], at least two pairs on each replica.

    Example:
        import numpy as np
        from tfi2i.zoo.paired.bicyclegan import BicycleGAN

        a, b = np.random.randint(0, 256, (2, 4, 64, 64, 3), np.uint8)  # your images
        model = BicycleGAN(crop_size=64, filters=8, discriminator_filters=8, encoder_filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        three_of_each = model.diverse(a, 3)
    """

    batch_kind = "paired"
    # Two scales, each at chance with 1/4 for real and 1/4 for fake.
    discriminator_game: ClassVar = ("discriminator_loss", 1.0)
    smallest_batch = 2

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One gradient step of every player, all from the weights before it."""
        # It takes every other pair, in place of the first and the second half: so the halves hold
        # the same images with several replicas.
        (a, other_a), (b, other_b) = (mini_batches(images, 2) for images in batch)
        noise, random_latent = (self.draw_latents(a.shape[0], site) for site in (0, 1))
        with tf.GradientTape(persistent=True) as tape:
            mean, log_variance = self.encoder(b, training=True)
            encoded_latent = losses.reparameterise(mean, log_variance, noise)
            encoded_b = self.generator([a, encoded_latent], training=True)
            random_b = self.generator([a, random_latent], training=True)
            recovered_latent, _ = self.encoder(random_b, training=True)

            real_scores = self.discriminator(self.judged(a, b), training=True)
            fake_scores = self.discriminator(self.judged(a, encoded_b), training=True)
            other_scores = self.random_discriminator(self.judged(other_a, other_b), training=True)
            random_scores = self.random_discriminator(self.judged(a, random_b), training=True)

            discriminator_loss = losses.over_scales(
                losses.least_squares_discriminator, real_scores, fake_scores
            )
            random_discriminator_loss = losses.over_scales(
                losses.least_squares_discriminator, other_scores, random_scores
            )
            adversarial_loss = losses.over_scales(losses.least_squares_generator, fake_scores)
            random_adversarial_loss = losses.over_scales(
                losses.least_squares_generator, random_scores
            )
            l1_loss = losses.l1(b, encoded_b)
            # The authors sum over the batch as well; theirs has one encoded image.
            kl_loss = losses.kl_to_standard_normal(mean, log_variance)
            latent_loss = losses.l1(random_latent, recovered_latent)

            encoder_loss = adversarial_loss + self.l1_weight * l1_loss + self.kl_weight * kl_loss
            generator_loss = (
                encoder_loss + random_adversarial_loss + self.latent_weight * latent_loss
            )

        self.players["generator"].minimize(generator_loss, tape)
        # Without the latent term, although that depends on E.
        self.players["encoder"].minimize(encoder_loss, tape)
        self.players["discriminator"].minimize(discriminator_loss, tape)
        self.players["random_discriminator"].minimize(random_discriminator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            random_adversarial_loss=random_adversarial_loss,
            l1_loss=l1_loss,
            latent_loss=latent_loss,
            kl_loss=kl_loss,
            discriminator_loss=discriminator_loss,
            random_discriminator_loss=random_discriminator_loss,
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
        """Makes the players `generator`, `encoder`, `discriminator` and `random_discriminator`.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            encoder_learning_rate: Learning rate of the paper's Adam.
            discriminator_learning_rate: Learning rate of the paper's Adam, for both discriminators.
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
            "random_discriminator": Player(
                [self.random_discriminator], paper_adam(discriminator_learning_rate, beta_1)
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
        conditional: bool = False,
        l1_weight: float = 10.0,
        latent_weight: float = 0.5,
        kl_weight: float = 0.01,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "bicyclegan",
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
            receptive_field: Receptive field of the finer scale of the discriminators, in pixels.
            discriminator_filters: Channels of the discriminators' first layer at that scale.
            conditional: Whether the discriminators see `a` beside `b`.
            l1_weight: The paper's lambda; 0 leaves the L1 term out.
            latent_weight: The paper's lambda_latent.
            kl_weight: The paper's lambda_KL.
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
        self.l1_weight = l1_weight
        self.latent_weight = latent_weight
        self.kl_weight = kl_weight
        self.encoder = self.make_encoder(encoder, encoder_filters)
        self.discriminator, self.random_discriminator = (
            self.make_discriminator(receptive_field, discriminator_filters, player)
            for player in ("discriminator", "random_discriminator")
        )

    @property
    def mini_batch_count(self) -> int:
        """One for each of the two cycles."""
        return 2
