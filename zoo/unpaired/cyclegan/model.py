"""CycleGAN: Unpaired Translation using Cycle-Consistent Adversarial Networks (Zhu et al. 2017)."""

from typing import ClassVar

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.training import ImagePool, Player, paper_adam
from tfi2i.zoo.translation import TranslationGAN


class CycleGAN(TranslationGAN):
    r"""Learns to translate between `a` and `b`, both ways, from images that are not paired.

    Generators G_ab and G_ba, discriminators D_a and D_b. With fake_b = G_ab(a), fake_a = G_ba(b):

        D_b            (E[(D_b(b) - 1)^2] + E[D_b(fake_b)^2]) / 2, and D_a likewise
        adversarial    E[(D_b(fake_b) - 1)^2] + E[(D_a(fake_a) - 1)^2]
        cycle          E[|G_ba(fake_b) - a|_1] + E[|G_ab(fake_a) - b|_1]     (equation 2)
        identity       E[|G_ab(b) - b|_1] + E[|G_ba(a) - a|_1]               (section 5.2)
        G_ab and G_ba  adversarial + cycle_weight * (cycle + identity_weight * identity)

    The discriminators see a history of 50 generated images (section 4).

    Batches: `unpaired`, (a, b) float32 (B, H, W, C) in [-1, 1], drawn independently.

    Example:
        import numpy as np
        from tfi2i.zoo.unpaired.cyclegan import CycleGAN

        a, b = np.random.randint(0, 256, (2, 4, 32, 32, 3), np.uint8)  # your images
        model = CycleGAN(crop_size=32, blocks=1, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        picture = model.translate(a[0])
    """

    batch_kind = "unpaired"
    discriminator_game: ClassVar = ("discriminator_b_loss", 0.25)

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of both generators, then one of both discriminators on the image history."""
        a, b = batch
        with tf.GradientTape() as tape:
            if self.identity_weight:
                # G(a) and G(b) in one pass: the norm is per image.
                fake_b, same_b = _in_one_pass(self.generator_ab, a, b)
                fake_a, same_a = _in_one_pass(self.generator_ba, b, a)
                identity_loss = losses.identity(b, same_b) + losses.identity(a, same_a)
            else:
                fake_b = self.generator_ab(a, training=True)
                fake_a = self.generator_ba(b, training=True)
                identity_loss = tf.zeros(())
            cycled_a = self.generator_ba(fake_b, training=True)
            cycled_b = self.generator_ab(fake_a, training=True)

            adversarial_loss = losses.least_squares_generator(
                self.discriminator_b(fake_b, training=True)
            ) + losses.least_squares_generator(self.discriminator_a(fake_a, training=True))
            cycle_loss = losses.cycle(a, cycled_a) + losses.cycle(b, cycled_b)
            generator_loss = adversarial_loss + self.cycle_weight * (
                cycle_loss + self.identity_weight * identity_loss
            )
        self.players["generator"].minimize(generator_loss, tape)

        shown_a = self.pool_a.exchange(fake_a, self.noise_seed(0, per_replica=False))
        shown_b = self.pool_b.exchange(fake_b, self.noise_seed(1, per_replica=False))
        with tf.GradientTape() as tape:
            # The paper halves the discriminators' objective, which slows them down (appendix 7.1).
            discriminator_a_loss = 0.5 * losses.least_squares_discriminator(
                *_in_one_pass(self.discriminator_a, a, shown_a)
            )
            discriminator_b_loss = 0.5 * losses.least_squares_discriminator(
                *_in_one_pass(self.discriminator_b, b, shown_b)
            )
            discriminator_loss = discriminator_a_loss + discriminator_b_loss
        self.players["discriminator"].minimize(discriminator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            cycle_loss=cycle_loss,
            identity_loss=identity_loss,
            discriminator_a_loss=discriminator_a_loss,
            discriminator_b_loss=discriminator_b_loss,
        )

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
        crop_size: Size = 256,
        a_channels: int = 3,
        b_channels: int = 3,
        network: networks.Translator = "resnet",
        blocks: int | None = None,
        depth: int | None = None,
        filters: int = 64,
        receptive_field: int = 70,
        discriminator_filters: int = 64,
        cycle_weight: float = 10.0,
        identity_weight: float = 0.5,
        pool_size: int = 50,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "cyclegan",
        **kwargs,
    ):
        """Builds the players' networks; the defaults are the paper's.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            a_channels: Channels of `a`.
            b_channels: Channels of `b`.
            network: Of the generators: the paper's `resnet`; pix2pix's `unet`, which the authors'
                PyTorch code offers too; or `tutorial_unet`, that of TensorFlow's tutorial.
            blocks: Residual blocks of a ResNet; None takes 9 from 256 pixels on (of the shorter
                side) and 6 below, as the paper.
            depth: Down-samplings of a U-Net; None takes as many as reach a 1x1 map, at most 8.
            filters: Channels after the first convolution of a generator.
            receptive_field: Receptive field of the PatchGANs in pixels: 1, 16, 34, 70, 142 or 286.
            discriminator_filters: Channels of a PatchGAN's first layer.
            cycle_weight: The paper's lambda, equal in both directions.
            identity_weight: Weight of the identity loss relative to `cycle_weight`; 0 turns it off.
                It needs as many channels in `a` as in `b`.
            pool_size: Generated images kept for the discriminators; 0 turns the history off.
            diff_augment: For few images, what a discriminator sees is augmented: some of
                `colour`, `translation`, `cutout` (`networks.augmented`).
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.

        Raises:
            RecipeError: If the identity loss is on and the domains differ in channels.
        """
        super().__init__(crop_size=crop_size, seed=seed, name=name, **kwargs)
        if identity_weight and a_channels != b_channels:
            raise RecipeError(
                f"the identity loss compares images of {a_channels} and {b_channels} channels; "
                "set model.identity_weight=0"
            )
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        if network == "resnet":
            blocks = self.settled("blocks", blocks or networks.resnet_blocks(crop_size))
        else:
            depth = self.settled("depth", depth or networks.unet_depth(crop_size))

        def generator(input_channels: int, output_channels: int, name: str) -> keras.Model:
            return networks.translator(
                network,
                input_channels=input_channels,
                output_channels=output_channels,
                depth=depth,
                blocks=blocks,
                filters=filters,
                norm="instance",
                # As the authors' PyTorch code and TensorFlow's tutorial train them.
                dropout=0.5 if network == "tutorial_unet" else 0.0,
                name=name,
            )

        def discriminator(channels: int, name: str) -> keras.Model:
            return networks.augmented(
                networks.patchgan(
                    channels=(channels,),
                    receptive_field=receptive_field,
                    filters=discriminator_filters,
                    norm="instance",
                    name=name,
                ),
                diff_augment,
            )

        self.generator_ab = generator(a_channels, b_channels, "generator_ab")
        self.generator_ba = generator(b_channels, a_channels, "generator_ba")
        self.discriminator_a = discriminator(a_channels, "discriminator_a")
        self.discriminator_b = discriminator(b_channels, "discriminator_b")
        size = height_and_width(crop_size)
        self.pool_a = ImagePool(pool_size, (*size, a_channels), name="pool_a")
        self.pool_b = ImagePool(pool_size, (*size, b_channels), name="pool_b")

    @property
    def translators(self) -> dict[str, keras.Model]:
        """Both generators."""
        return {"a2b": self.generator_ab, "b2a": self.generator_ba}


def _in_one_pass(
    network: keras.Model, images: tf.Tensor, others: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The result of a network without batch statistics for two batches of one size."""
    of_images, of_others = tf.split(network(tf.concat([images, others], axis=0), training=True), 2)
    return of_images, of_others
