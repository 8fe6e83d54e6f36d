"""Progressive Growing of GANs for Improved Quality, Stability, and Variation (Karras 2018)."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.layers import FadeIn
from tfi2i.training import Player, Stage, paper_adam, uniform_for_each
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN


class ProgressiveGAN(ConvolutionalGAN):
    r"""Learns small images first, and doubles both networks when it knows them.

    Training begins at 4x4 pixels. At each next size new layers fade in: a sample is (1 - a) times
    the enlarged older image plus a times the newer one while a goes from 0 to 1, and so are real
    images and what the discriminator sees (figure 2). The game is WGAN-GP's with a small pull of
    the scores of real images towards 0, which would drift (appendix A.1), x^ on the line between a
    real and a generated image:

        D    E[D(G(z))] - E[D(x)] + penalty_weight E[(|grad D(x^)| - 1)^2] + drift_weight E[D(x)^2]
        G    -E[D(G(z))]

    Kernels are scaled as they are used, pixels of G are normalised, and D sees how much the images
    of a batch differ (sections 3 and 4). When a size is added both optimizers start anew, as in the
    authors' code. The log `distance` is E[D(x)] - E[D(G(z))].

    Batches: `images`, float32 (B, H, W, C) in [-1, 1], at the final size; best a multiple of
    `group_size` on each device.

    Example:
        import numpy as np
        from tfi2i.zoo.generation.progressive_gan import ProgressiveGAN

        photos = np.random.randint(0, 256, (8, 16, 16, 3), np.uint8)  # your images
        model = ProgressiveGAN(
            crop_size=16, filters=8, discriminator_filters=8, stage_epochs=1, fade_iterations=1
        )
        model.compile()
        model.fit(photos, batch_size=4, epochs=3)  # 4x4, 8x8, 16x16
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    # A critic with a gradient penalty keeps its slope however well it tells real from fake.
    discriminator_game: ClassVar = None
    pace = ("stage_epochs", "fade_iterations")
    # For each stage the parts of both networks up to its size.
    grown: list[tuple[keras.Model, keras.Model]]

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of the discriminator and one of the generator, at the size of the stage."""
        generator, discriminator = self.grown[self.level]
        judge = partial(discriminator, training=True)
        real = self.at_present_size(batch)
        fake = generator(self.draw_latents(real.shape[0], site=0), training=True)
        mixing = uniform_for_each(real, self.noise_seed(1, per_replica=False))
        with tf.GradientTape() as tape:
            real_scores = judge(real)
            critic_loss = losses.wasserstein_critic(real_scores, judge(fake))
            gradient_penalty = losses.gradient_penalty(judge, real, fake, mixing)
            drift = tf.reduce_mean(tf.square(real_scores))
            loss = critic_loss + self.penalty_weight * gradient_penalty + self.drift_weight * drift
        self.players["discriminator"].minimize(loss, tape)

        latents = self.draw_latents(real.shape[0], site=2)
        with tf.GradientTape() as tape:
            fake_scores = judge(generator(latents, training=True))
            generator_loss = losses.wasserstein_generator(fake_scores)
        self.players["generator"].minimize(generator_loss, tape)

        for fade in self.fades():
            fade.advance()
        return self.report(
            generator_loss=generator_loss,
            distance=tf.negative(critic_loss),
            gradient_penalty=gradient_penalty,
        )

    def at_present_size(self, images: tf.Tensor) -> tf.Tensor:
        """Real images of the stage's size, mixed with those of the size before like samples."""
        for _ in range(self.level, self.depth):
            images = _halved(images)
        if not self.fades():
            return images
        older = tf.repeat(tf.repeat(_halved(images), 2, axis=1), 2, axis=2)
        return self.fades()[0]([older, images])

    def fades(self) -> list[FadeIn]:
        """What mixes the newest size with the one before, in both networks; none at the first."""
        names = (f"image{self.level}", f"fade{self.level}") if self.level else ()
        parts = self.grown[self.level]
        return [part.get_layer(name) for part, name in zip(parts, names, strict=False)]

    def make_players(
        self,
        *,
        generator_learning_rate: float = 1e-3,
        discriminator_learning_rate: float = 1e-3,
        beta_1: float = 0.0,
        beta_2: float = 0.99,
        ema_decay: float | None = 0.999,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            discriminator_learning_rate: Learning rate of the paper's Adam.
            beta_1: First-moment decay of the paper's Adam.
            beta_2: Its second-moment decay.
            ema_decay: Running average of the generator's weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.generator],
                paper_adam(generator_learning_rate, beta_1, beta_2),
                ema_decay=ema_decay,
            ),
            "discriminator": Player(
                [self.discriminator], paper_adam(discriminator_learning_rate, beta_1, beta_2)
            ),
        }

    def __init__(
        self,
        *,
        latent_length: int = 512,
        filters: int = 256,
        discriminator_filters: int = 256,
        group_size: int = 4,
        stage_epochs: int = 10,
        fade_iterations: int = 37_500,
        growing: bool = True,
        penalty_weight: float = 10.0,
        drift_weight: float = 1e-3,
        **kwargs,
    ):
        """Builds both networks (`tfi2i.networks.progressive`); the defaults are the paper's.

        Args:
            latent_length: Components of the latent z.
            filters: Channels of the generator's largest maps: 256 for the paper's 64 px. Each size
                below has twice as many, up to 512.
            discriminator_filters: The same for the discriminator.
            group_size: Images among which the discriminator sees differences.
            stage_epochs: Epochs of each size; the last one has the rest of the training. The paper
                shows 1,200,000 images at each size.
            fade_iterations: Over how many iterations a new size takes over: half of those of a size
                in the paper, 600,000 images in batches of 16.
            growing: False trains the same networks at the final size from the start.
            penalty_weight: The lambda of WGAN-GP.
            drift_weight: The paper's epsilon_drift.
            **kwargs: See `ConvolutionalGAN`.
        """
        self.group_size = group_size
        self.stage_epochs = stage_epochs
        self.growing = growing
        self.fade_iterations = fade_iterations if growing else 0
        super().__init__(
            latent_length=latent_length,
            filters=filters,
            discriminator_filters=discriminator_filters,
            **kwargs,
        )
        self.penalty_weight = penalty_weight
        self.drift_weight = drift_weight
        self.depth = self.get_config()["depth"]
        # Keras would count the parts as networks of their own if they were an attribute.
        self.__dict__["grown"] = [
            (
                networks.grown_generator(self.generator, level),
                networks.grown_discriminator(self.discriminator, level),
            )
            for level in range(self.depth + 1)
        ]

    @property
    def stages(self) -> Sequence[Stage]:
        """One for each size."""
        if not self.growing:
            return super().stages
        shapes = [generator.output_shape[1:3] for generator, _ in self.grown]
        return [Stage(f"{height}x{width}", epochs=self.stage_epochs) for height, width in shapes]

    @property
    def level(self) -> int:
        """How often the first map is doubled in the present stage."""
        names = [stage.name for stage in self.stages]
        return names.index(self.stage.name) if self.growing else self.depth

    def begin_epoch(self, epoch: int) -> None:
        """Starts the optimizers anew where a size is added."""
        before = self.stage.name
        super().begin_epoch(epoch)
        if self.stage.name != before:
            for player in self.players.values():
                player.forget()

    def make_generator(self, depth: int, filters: int) -> keras.Model:
        """Builds the generator."""
        return networks.progressive_generator(
            latent_length=self.latent_length,
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
            fade_iterations=self.fade_iterations,
        )

    def make_rival(self, depth: int, filters: int) -> keras.Model:
        """Builds the discriminator."""
        return networks.progressive_discriminator(
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
            group_size=self.group_size,
            fade_iterations=self.fade_iterations,
        )


def _halved(images: tf.Tensor) -> tf.Tensor:
    return tf.nn.avg_pool2d(images, 2, 2, "VALID")
