"""TraVeLGAN: Image-to-image Translation by Transformation Vector Learning (Amodio et al. 2019)."""

from typing import ClassVar, Literal

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.image_sizes import Size, shorter_side
from tfi2i.training import Player, gather_replicas, paper_adam
from tfi2i.zoo.translation import TranslationGAN


class TraVeLGAN(TranslationGAN):
    r"""Learns to translate between `a` and `b`, both ways, without a cycle.

    Generators G_ab and G_ba, discriminators D_a and D_b, and a Siamese network S that works with
    the generators, not against them. For each pair i != j of images of a batch, S gives the
    transformation vector from one to the other, v_ij = S(x_i) - S(x_j), and that between their
    translations, w_ij = S(G(x_i)) - S(G(x_j)). Summed over both directions (section 3.2):

        D          E[-log D(x)] / 2 + E[-log(1 - D(G(y)))] / 2
        TraVeL     E[1 - cos(v_ij, w_ij)] + E[|v_ij - w_ij|^2] / vector_length
        margin     E[max(0, margin - |v_ij|^2)]
        S          siamese_weight * (TraVeL + margin)
        G          adversarial_weight * E[-log D(G(x))] + siamese_weight * TraVeL

    What v_ij says about two images, w_ij has to say about their translations; the margin keeps S
    from saying nothing. G need not be invertible.

    Batches: `unpaired`, (a, b) float32 (B, H, W, C) in [-1, 1], at least two images in a batch.

    Example:
        import numpy as np
        from tfi2i.zoo.unpaired.travelgan import TraVeLGAN

        a, b = np.random.randint(0, 256, (2, 4, 32, 32, 3), np.uint8)  # your images
        model = TraVeLGAN(crop_size=32, filters=8, discriminator_filters=8, siamese_filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        picture = model.translate(a[0])
    """

    batch_kind = "unpaired"
    smallest_batch = 2
    discriminator_game: ClassVar = ("discriminator_b_loss", 0.693)

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of both generators with S, and one of both discriminators."""
        a, b = batch
        with tf.GradientTape(persistent=True) as tape:
            # One pass of everything serves all players, which step from the same scores.
            fake_b = self.generator_ab(a, training=True)
            fake_a = self.generator_ba(b, training=True)
            real_scores_a = self.discriminator_a(a, training=True)
            real_scores_b = self.discriminator_b(b, training=True)
            fake_scores_a = self.discriminator_a(fake_a, training=True)
            fake_scores_b = self.discriminator_b(fake_b, training=True)

            discriminator_a_loss = 0.5 * losses.minimax_discriminator(real_scores_a, fake_scores_a)
            discriminator_b_loss = 0.5 * losses.minimax_discriminator(real_scores_b, fake_scores_b)
            discriminator_loss = discriminator_a_loss + discriminator_b_loss
            adversarial_loss = losses.non_saturating_generator(
                fake_scores_a
            ) + losses.non_saturating_generator(fake_scores_b)

            vectors_a, vectors_b = self._encode(self.stem_a, a), self._encode(self.stem_b, b)
            vectors_fake_a = self._encode(self.stem_a, fake_a)
            vectors_fake_b = self._encode(self.stem_b, fake_b)
            travel_loss = losses.travel_cosine(vectors_a, vectors_fake_b) + losses.travel_cosine(
                vectors_b, vectors_fake_a
            )
            # The authors' code takes the mean over the vector's components, not their sum.
            distance_loss = (
                losses.travel_distance(vectors_a, vectors_fake_b)
                + losses.travel_distance(vectors_b, vectors_fake_a)
            ) / self.vector_length
            margin_loss = losses.travel_margin(
                vectors_a, margin=self.margin
            ) + losses.travel_margin(vectors_b, margin=self.margin)
            content_loss = self.siamese_weight * (travel_loss + distance_loss)
            siamese_loss = content_loss + self.siamese_weight * margin_loss
            generator_loss = self.adversarial_weight * adversarial_loss + content_loss

        self.players["discriminator"].minimize(discriminator_loss, tape)
        self.players["siamese"].minimize(siamese_loss, tape)
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            travel_loss=travel_loss,
            distance_loss=distance_loss,
            margin_loss=margin_loss,
            discriminator_a_loss=discriminator_a_loss,
            discriminator_b_loss=discriminator_b_loss,
        )

    def _encode(self, stem: keras.Model, images: tf.Tensor) -> tf.Tensor:
        """S's vectors of the global batch: pairs are drawn across replicas."""
        return gather_replicas(self.trunk(stem(images, training=True), training=True))

    def make_players(
        self,
        *,
        generator_learning_rate: float = 2e-4,
        discriminator_learning_rate: float = 2e-4,
        siamese_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator`, `discriminator` and `siamese`.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            discriminator_learning_rate: Learning rate of the paper's Adam.
            siamese_learning_rate: Learning rate of the paper's Adam.
            beta_1: First-moment decay of the paper's Adam.
            ema_decay: Running average of the generators' weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.generator_ab, self.generator_ba],
                paper_adam(generator_learning_rate, beta_1),
                ema_decay=ema_decay,
            ),
            "discriminator": Player(
                [self.discriminator_a, self.discriminator_b],
                paper_adam(discriminator_learning_rate, beta_1),
            ),
            "siamese": Player(
                [self.stem_a, self.stem_b, self.trunk], paper_adam(siamese_learning_rate, beta_1)
            ),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 128,
        a_channels: int = 3,
        b_channels: int = 3,
        filters: int = 64,
        upsampling: Literal["transposed", "nearest"] = "transposed",
        discriminator_filters: int = 128,
        siamese_filters: int = 64,
        vector_length: int = 1000,
        adversarial_weight: float = 1.0,
        siamese_weight: float = 10.0,
        margin: float = 10.0,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "travelgan",
        **kwargs,
    ):
        """Builds the players' networks; the defaults are the authors'.

        Args:
            crop_size: Side of the training images in pixels, a multiple of 16 and at least 32: the
                U-Nets go down to 8x8, the discriminators and S to 4x4.
            a_channels: Channels of `a`.
            b_channels: Channels of `b`.
            filters: Channels after the first block of a U-Net; up to 4 times as many further in.
            upsampling: Upsampling of the U-Nets: `transposed` convolutions, or `nearest` and a
                convolution, which draws no checkerboard.
            discriminator_filters: Channels of a discriminator's first layer; up to 8 times as many.
            siamese_filters: Channels of S's first layer; up to 8 times as many.
            vector_length: Components of S's vectors.
            adversarial_weight: Weight of the discriminators' verdict, for G.
            siamese_weight: Weight of the terms of S, for S and G.
            margin: Squared length that transformation vectors should have at least.
            diff_augment: For few images, what a discriminator sees is augmented: some of
                `colour`, `translation`, `cutout` (`networks.augmented`).
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.
        """
        super().__init__(crop_size=crop_size, seed=seed, name=name, **kwargs)
        self.vector_length = vector_length
        self.adversarial_weight = adversarial_weight
        self.siamese_weight = siamese_weight
        self.margin = margin
        halvings = shorter_side(crop_size).bit_length() - 3

        def generator(input_channels: int, output_channels: int, name: str) -> keras.Model:
            # Like the U-Net of pix2pix, this one has no norm on its innermost map.
            return networks.unet(
                input_channels=input_channels,
                output_channels=output_channels,
                depth=halvings - 1,
                filters=filters,
                max_filters=4 * filters,
                norm="batch",
                dropout=0.0,
                upsampling=upsampling,
                name=name,
            )

        def discriminator(channels: int, name: str) -> keras.Model:
            return networks.augmented(
                networks.siamese_encoder(
                    input_channels=channels,
                    vector_length=1,
                    image_size=crop_size,
                    depth=halvings,
                    filters=discriminator_filters,
                    max_filters=8 * discriminator_filters,
                    norm="batch",
                    spectral=False,
                    name=name,
                ),
                diff_augment,
            )

        self.generator_ab = generator(a_channels, b_channels, "generator_ab")
        self.generator_ba = generator(b_channels, a_channels, "generator_ba")
        self.discriminator_a = discriminator(a_channels, "discriminator_a")
        self.discriminator_b = discriminator(b_channels, "discriminator_b")
        self.stem_a = networks.siamese_stem(
            input_channels=a_channels, filters=siamese_filters, name="siamese_stem_a"
        )
        self.stem_b = networks.siamese_stem(
            input_channels=b_channels, filters=siamese_filters, name="siamese_stem_b"
        )
        self.trunk = networks.siamese_trunk(
            image_size=crop_size,
            depth=halvings,
            filters=siamese_filters,
            max_filters=8 * siamese_filters,
            vector_length=vector_length,
        )

    @property
    def translators(self) -> dict[str, keras.Model]:
        """Both generators."""
        return {"a2b": self.generator_ab, "b2a": self.generator_ba}
