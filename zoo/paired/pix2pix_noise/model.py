"""pix2pix+noise: Toward Multimodal Image-to-Image Translation (Zhu et al. 2017), section 3.1."""

from typing import ClassVar, Literal

import tensorflow as tf

from tfi2i import losses
from tfi2i.image_sizes import Size
from tfi2i.training import Player, paper_adam
from tfi2i.zoo.paired._base import LatentTranslationGAN


class Pix2PixNoise(LatentTranslationGAN):
    r"""pix2pix with a generator that also gets noise, from aligned pairs: BicycleGAN's baseline.

    With y = G(a, z), z ~ N(0, I), a generator G and a discriminator D:

        D    E[(D(b) - 1)^2] + E[D(y)^2]
        G    E[(D(y) - 1)^2] + l1_weight * E[|b - y|_1]

    (section 3.1, in the least-squares form of section 4). No loss here makes z matter, and the
    paper finds that G learns to ignore it. Networks and weights are those of BicycleGAN, so that
    the two differ in the objective alone: D judges patches at two scales, whose losses add up, and
    does not see `a`.

    Batches: `paired`, (a, b) float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.paired.pix2pix_noise import Pix2PixNoise

        a, b = np.random.randint(0, 256, (2, 4, 64, 64, 3), np.uint8)  # your images
        model = Pix2PixNoise(crop_size=64, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        three_of_each = model.diverse(a, 3)
    """

    batch_kind = "paired"
    # Two scales, each at chance with 1/4 for real and 1/4 for fake.
    discriminator_game: ClassVar = ("discriminator_loss", 1.0)

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One gradient step on D and one on G, from one pass of each."""
        a, b = batch
        latent = self.draw_latents(a.shape[0], site=0)
        with tf.GradientTape(persistent=True) as tape:
            fake_b = self.generator([a, latent], training=True)
            real_scores = self.discriminator(self.judged(a, b), training=True)
            fake_scores = self.discriminator(self.judged(a, fake_b), training=True)

            discriminator_loss = losses.over_scales(
                losses.least_squares_discriminator, real_scores, fake_scores
            )
            adversarial_loss = losses.over_scales(losses.least_squares_generator, fake_scores)
            l1_loss = losses.l1(b, fake_b)
            generator_loss = adversarial_loss + self.l1_weight * l1_loss

        self.players["generator"].minimize(generator_loss, tape)
        self.players["discriminator"].minimize(discriminator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            l1_loss=l1_loss,
            discriminator_loss=discriminator_loss,
        )

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
        crop_size: Size = 256,
        input_channels: int = 3,
        output_channels: int = 3,
        depth: int | None = None,
        filters: int = 64,
        upsampling: Literal["transposed", "nearest"] = "transposed",
        dropout: float = 0.0,
        latent_length: int = 8,
        latent_at: Literal["input", "all"] = "all",
        receptive_field: int = 70,
        discriminator_filters: int = 64,
        conditional: bool = False,
        l1_weight: float = 10.0,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "pix2pix_noise",
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
            receptive_field: Receptive field of the finer scale of the discriminator, in pixels.
            discriminator_filters: Channels of its first layer at that scale.
            conditional: Whether the discriminator sees `a` beside `b`.
            l1_weight: The paper's lambda; 0 leaves the L1 term out.
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
        self.discriminator = self.make_discriminator(receptive_field, discriminator_filters)
