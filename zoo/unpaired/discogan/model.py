"""DiscoGAN: Learning to Discover Cross-Domain Relations (Kim et al. 2017)."""

from typing import ClassVar

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.image_sizes import Size
from tfi2i.training import Player, batch_means, paper_adam
from tfi2i.zoo.translation import TranslationGAN


class DiscoGAN(TranslationGAN):
    r"""Discovers what in `b` belongs to each image of `a`, and the other way round, without pairs.

    Generators G_ab and G_ba, discriminators D_a and D_b. With fake_b = G_ab(a), fake_a = G_ba(b),
    f the features inside a discriminator, and r the rate of the reconstruction:

        D_b              half of  E[-log D_b(b)] + E[-log(1 - D_b(fake_b))], and D_a likewise
        adversarial      E[-log D_b(fake_b)] + E[-log D_a(fake_a)]                (equation 4)
        feature          sum over layers of mean (E[f_b(b)] - E[f_b(fake_b)])^2, and for a
        reconstruction   E[|G_ba(fake_b) - a|^2] + E[|G_ab(fake_a) - b|^2]        (equation 3)
        G_ab and G_ba    (1 - r) (0.1 adversarial + 0.9 feature) + r reconstruction

    r is `first_rate` for the first `switch_update` updates and `later_rate` from then on: the
    generators first learn to make images of the other domain, and then to keep what their input
    shows.

    Batches: `unpaired`, (a, b) float32 (B, H, W, C) in [-1, 1], drawn independently. The authors
    have images in [0, 1] and a sigmoid at the end. Here it is [-1, 1] and tanh, as in all of this
    project. The reconstruction is measured in the authors' scale, so that r means the same.

    Example:
        import numpy as np
        from tfi2i.zoo.unpaired.discogan import DiscoGAN

        a, b = np.random.randint(0, 256, (2, 4, 32, 32, 3), np.uint8)  # your images
        model = DiscoGAN(crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        picture = model.translate(a[0])
    """

    batch_kind = "unpaired"
    discriminator_game: ClassVar = ("discriminator_b_loss", 0.693)

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One update of the discriminators, then two of the generators, on one mini-batch.

        The authors draw a new mini-batch for each of the three. One mini-batch for all needs no
        counter in the graph and no batch that can be divided by three; an epoch then has three
        times as many updates.
        """
        a, b = batch
        discriminator, generator = self.players["discriminator"], self.players["generator"]
        fake_b = self.generator_ab(a, training=True)
        fake_a = self.generator_ba(b, training=True)
        with tf.GradientTape() as tape:
            # Real and generated images are batches of their own for the batch norm.
            discriminator_a_loss = 0.5 * losses.minimax_discriminator(
                self.discriminator_a(a, training=True)[0],
                self.discriminator_a(fake_a, training=True)[0],
            )
            discriminator_b_loss = 0.5 * losses.minimax_discriminator(
                self.discriminator_b(b, training=True)[0],
                self.discriminator_b(fake_b, training=True)[0],
            )
            decay = self.weight_decay * losses.squared_weights(discriminator.variables)
            loss = discriminator_a_loss + discriminator_b_loss + decay
        discriminator.minimize(loss, tape)

        rate = self.reconstruction_rate()
        for _ in range(self.generator_updates):
            with tf.GradientTape() as tape:
                fake_b = self.generator_ab(a, training=True)
                fake_a = self.generator_ba(b, training=True)
                # The mean squared error of images in [0, 1] is a quarter of that in [-1, 1].
                reconstruction_loss = 0.25 * (
                    losses.l2(a, self.generator_ba(fake_b, training=True))
                    + losses.l2(b, self.generator_ab(fake_a, training=True))
                )
                adversarial_b_loss, feature_b_loss = judge(self.discriminator_b, b, fake_b)
                adversarial_a_loss, feature_a_loss = judge(self.discriminator_a, a, fake_a)
                adversarial_loss = adversarial_a_loss + adversarial_b_loss
                feature_loss = feature_a_loss + feature_b_loss
                judged_loss = (
                    1.0 - self.feature_weight
                ) * adversarial_loss + self.feature_weight * feature_loss
                generator_loss = (1.0 - rate) * judged_loss + rate * reconstruction_loss
                decay = self.weight_decay * losses.squared_weights(generator.variables)
                loss = generator_loss + decay
            generator.minimize(loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            feature_loss=feature_loss,
            reconstruction_loss=reconstruction_loss,
            reconstruction_rate=rate,
            discriminator_a_loss=discriminator_a_loss,
            discriminator_b_loss=discriminator_b_loss,
        )

    def reconstruction_rate(self) -> tf.Tensor:
        """The rate r of this iteration, a function of the iteration alone."""
        updates = self.iteration.value * (1 + self.generator_updates)
        return tf.where(updates < self.switch_update, self.first_rate, self.later_rate)

    def make_players(
        self,
        *,
        generator_learning_rate: float = 2e-4,
        discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`, each with both of its networks.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            discriminator_learning_rate: Learning rate of the paper's Adam.
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
        }

    def __init__(
        self,
        *,
        crop_size: Size = 64,
        a_channels: int = 3,
        b_channels: int = 3,
        depth: int = 4,
        filters: int = 64,
        discriminator_filters: int = 64,
        generator_updates: int = 2,
        first_rate: float = 0.01,
        later_rate: float = 0.5,
        switch_update: int = 10_000,
        feature_weight: float = 0.9,
        weight_decay: float = 1e-5,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "discogan",
        **kwargs,
    ):
        """Builds the players' networks; the defaults are the authors'.

        Args:
            crop_size: Side of the training images in pixels, a multiple of 2**depth.
            a_channels: Channels of `a`.
            b_channels: Channels of `b`.
            depth: Down-samplings of generators and discriminators.
            filters: Channels of a generator's first layer.
            discriminator_filters: Channels of a discriminator's first layer.
            generator_updates: Updates of the generators for each update of the discriminators.
            first_rate: The rate r of the reconstruction in the beginning.
            later_rate: The rate r from `switch_update` on.
            switch_update: Update at which r changes; updates of generators and of discriminators
                count, as in the authors' code.
            feature_weight: Weight of the feature matching; the adversarial loss has the rest up to
                1.
            weight_decay: L2 decay of all weights, through Adam's moments.
            diff_augment: For few images, what a discriminator sees is augmented: some of
                `colour`, `translation`, `cutout` (`networks.augmented`).
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.
        """
        super().__init__(crop_size=crop_size, seed=seed, name=name, **kwargs)
        self.generator_updates = generator_updates
        self.first_rate = first_rate
        self.later_rate = later_rate
        self.switch_update = switch_update
        self.feature_weight = feature_weight
        self.weight_decay = weight_decay

        def generator(input_channels: int, output_channels: int, name: str) -> keras.Model:
            return networks.encoder_decoder(
                input_channels=input_channels,
                output_channels=output_channels,
                depth=depth,
                filters=filters,
                name=name,
            )

        def discriminator(channels: int, name: str) -> keras.Model:
            return networks.augmented(
                networks.feature_discriminator(
                    input_channels=channels,
                    image_size=crop_size,
                    depth=depth,
                    filters=discriminator_filters,
                    name=name,
                ),
                diff_augment,
            )

        self.generator_ab = generator(a_channels, b_channels, "generator_ab")
        self.generator_ba = generator(b_channels, a_channels, "generator_ba")
        self.discriminator_a = discriminator(a_channels, "discriminator_a")
        self.discriminator_b = discriminator(b_channels, "discriminator_b")

    @property
    def translators(self) -> dict[str, keras.Model]:
        """Both generators."""
        return {"a2b": self.generator_ab, "b2a": self.generator_ba}


def judge(
    discriminator: keras.Model, real: tf.Tensor, fake: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The generators' adversarial and feature loss in one domain."""
    _, *real_features = discriminator(real, training=True)
    scores, *fake_features = discriminator(fake, training=True)
    feature_loss = losses.feature_matching(
        [batch_means(features) for features in real_features],
        [batch_means(features) for features in fake_features],
    )
    return losses.non_saturating_generator(scores), feature_loss
