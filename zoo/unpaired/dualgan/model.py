"""DualGAN: Unsupervised Dual Learning for Image-to-Image Translation (Yi et al. 2017)."""

from typing import ClassVar, Literal

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size
from tfi2i.training import Player, clip_weights, mini_batches, uniform_for_each
from tfi2i.zoo.translation import TranslationGAN


class DualGAN(TranslationGAN):
    r"""Learns to translate between `a` and `b`, both ways, with Wasserstein critics and a cycle.

    Generators G_ab and G_ba, critics D_a and D_b. With fake_b = G_ab(a), fake_a = G_ba(b):

        D_b             E[D_b(fake_b)] - E[D_b(b)], and D_a likewise           (equations 1 and 2)
        adversarial     - E[D_b(fake_b)] - E[D_a(fake_a)]
        reconstruction  E[|G_ba(fake_b) - a|_1] + E[|G_ab(fake_a) - b|_1]
        G_ab and G_ba   adversarial + reconstruction_weight * reconstruction   (equation 3)

    The critics are kept smooth by `clip`, which cuts their weights to [-clip_limit, clip_limit] as
    in the paper, or by a penalty on their `gradient` (WGAN-GP), the default of the authors' code.

    Batches: `unpaired`, (a, b) float32 (B, H, W, C) in [-1, 1], drawn independently: one mini-batch
    for each update of the critics.

    Example:
        import numpy as np
        from tfi2i.zoo.unpaired.dualgan import DualGAN

        a, b = np.random.randint(0, 256, (2, 4, 32, 32, 3), np.uint8)  # your images
        model = DualGAN(crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        picture = model.translate(a[0])
    """

    batch_kind = "unpaired"
    mini_batches = "critic_updates"
    # There is no value of a critic's loss at which it cannot tell real from fake.
    discriminator_game: ClassVar = None

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Algorithm 1: both critics on each mini-batch, then both generators on the last."""
        critic = self.players["critic"]
        parts = zip(*(mini_batches(images, self.critic_updates) for images in batch), strict=True)
        for number, (a, b) in enumerate(parts):
            fake_b = self.generator_ab(a, training=True)
            fake_a = self.generator_ba(b, training=True)
            with tf.GradientTape() as tape:
                critic_a_loss = losses.wasserstein_critic(*_in_one_pass(self.critic_a, a, fake_a))
                critic_b_loss = losses.wasserstein_critic(*_in_one_pass(self.critic_b, b, fake_b))
                critic_loss = critic_a_loss + critic_b_loss
                if self.smoothness == "gradient":
                    critic_loss += self.gradient_weight * (
                        self._penalty(self.critic_a, a, fake_a, site=2 * number)
                        + self._penalty(self.critic_b, b, fake_b, site=2 * number + 1)
                    )
            critic.minimize(critic_loss, tape)
            if self.smoothness == "clip":
                clip_weights(critic.variables, self.clip_limit)

        with tf.GradientTape() as tape:
            fake_b = self.generator_ab(a, training=True)
            fake_a = self.generator_ba(b, training=True)
            reconstruction_loss = losses.cycle(
                a, self.generator_ba(fake_b, training=True)
            ) + losses.cycle(b, self.generator_ab(fake_a, training=True))
            adversarial_loss = losses.wasserstein_generator(
                self.critic_b(fake_b, training=True)
            ) + losses.wasserstein_generator(self.critic_a(fake_a, training=True))
            generator_loss = adversarial_loss + self.reconstruction_weight * reconstruction_loss
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            reconstruction_loss=reconstruction_loss,
            critic_a_loss=critic_a_loss,
            critic_b_loss=critic_b_loss,
        )

    def _penalty(
        self, critic: keras.Model, real: tf.Tensor, fake: tf.Tensor, site: int
    ) -> tf.Tensor:
        mixing = uniform_for_each(real, self.noise_seed(site, per_replica=False))
        return losses.gradient_penalty(
            # A critic of patches gives an image the mean of its scores.
            lambda x: tf.reduce_mean(critic(x, training=True), axis=[1, 2, 3]),
            real,
            fake,
            mixing,
        )

    def make_players(
        self,
        *,
        generator_learning_rate: float = 5e-5,
        critic_learning_rate: float = 5e-5,
        decay: float = 0.9,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `critic`, each with both of its networks.

        Args:
            generator_learning_rate: Learning rate of the paper's RMSProp.
            critic_learning_rate: Learning rate of the paper's RMSProp.
            decay: How much of the mean of squares the paper's RMSProp keeps.
            ema_decay: Running average of the generators' weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.generator_ab, self.generator_ba],
                _rmsprop(generator_learning_rate, decay),
                ema_decay=ema_decay,
            ),
            "critic": Player([self.critic_a, self.critic_b], _rmsprop(critic_learning_rate, decay)),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 256,
        a_channels: int = 3,
        b_channels: int = 3,
        depth: int | None = None,
        filters: int = 64,
        dropout: float = 0.5,
        dropout_at_inference: bool = True,
        receptive_field: int = 70,
        discriminator_filters: int = 64,
        reconstruction_weight: float = 500.0,
        critic_updates: int = 2,
        smoothness: Literal["clip", "gradient"] = "clip",
        clip_limit: float = 0.01,
        gradient_weight: float = 10.0,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "dualgan",
        **kwargs,
    ):
        """Builds the players' networks; the defaults are the paper's.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            a_channels: Channels of `a`.
            b_channels: Channels of `b`.
            depth: Down-samplings of the U-Nets; None goes down to one pixel, at most 8.
            filters: Channels after the first block of a U-Net; up to 8 times as many further in.
            dropout: Rate in the three innermost decoder blocks.
            dropout_at_inference: Whether dropout stays on at test time, the paper's only noise.
            receptive_field: Receptive field of the critics' patches in pixels: 1, 16, 34, 70, 142
                or 286.
            discriminator_filters: Channels of a critic's first layer.
            reconstruction_weight: The paper's lambda in both directions, 100 to 1000 there.
            critic_updates: Updates of the critics for each update of the generators, 2 to 4 in the
                paper. The batch is divided into as many mini-batches.
            smoothness: `clip` or `gradient`.
            clip_limit: The paper's c, 0.01 to 0.1 there, for `clip`.
            gradient_weight: Weight of the penalty, for `gradient`.
            diff_augment: For few images, what a critic sees is augmented: some of
                `colour`, `translation`, `cutout` (`networks.augmented`).
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.

        Raises:
            RecipeError: If `smoothness` is unknown.
        """
        super().__init__(crop_size=crop_size, seed=seed, name=name, **kwargs)
        if smoothness not in ("clip", "gradient"):
            raise RecipeError(f"model.smoothness is 'clip' or 'gradient', got {smoothness!r}")
        self.reconstruction_weight = reconstruction_weight
        self.critic_updates = critic_updates
        self.smoothness = smoothness
        self.clip_limit = clip_limit
        self.gradient_weight = gradient_weight

        depth = self.settled("depth", depth or networks.unet_depth(crop_size))

        def generator(input_channels: int, output_channels: int, name: str) -> keras.Model:
            return networks.dual_unet(
                input_channels=input_channels,
                output_channels=output_channels,
                depth=depth,
                filters=filters,
                max_filters=8 * filters,
                dropout=dropout,
                dropout_at_inference=dropout_at_inference,
                name=name,
            )

        def critic(channels: int, name: str) -> keras.Model:
            # Section 3.3: the PatchGAN of pix2pix. It has the generators' norm, per image: with a
            # norm over the batch the penalty on each image's gradient would mean nothing.
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
        self.critic_a = critic(a_channels, "critic_a")
        self.critic_b = critic(b_channels, "critic_b")

    @property
    def translators(self) -> dict[str, keras.Model]:
        """Both generators."""
        return {"a2b": self.generator_ab, "b2a": self.generator_ba}


def _in_one_pass(
    critic: keras.Model, real: tf.Tensor, fake: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Scores of real and of generated images; no image depends on another of its batch."""
    real_scores, fake_scores = tf.split(critic(tf.concat([real, fake], axis=0), training=True), 2)
    return real_scores, fake_scores


def _rmsprop(learning_rate: float, decay: float) -> keras.optimizers.Optimizer:
    """RMSProp as in the authors' TensorFlow: epsilon is 1e-10, where Keras' default is 1e-7."""
    return keras.optimizers.RMSprop(learning_rate, rho=decay, epsilon=1e-10)
