"""GAN: Generative Adversarial Nets (Goodfellow et al. 2014)."""

from typing import TYPE_CHECKING, ClassVar, Literal

import keras
import numpy as np
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.data import evaluation_arrays
from tfi2i.image_sizes import Size
from tfi2i.training import Exponential, Player, mini_batches
from tfi2i.zoo.generation._base import GenerationGAN
from tfi2i.zoo.generation._latents import Prior

if TYPE_CHECKING:
    from tfi2i.data import DataSource

# Training images whose mean G begins with, at most, and how near to black and white it may be.
_MOST_AVERAGED = 10_000
_DARKEST = 1e-3
GENERATOR_LOSSES = {
    "non_saturating": losses.non_saturating_generator,
    "minimax": losses.minimax_generator,
}


class OriginalGAN(GenerationGAN):
    r"""The game itself: G draws images from noise, D learns to tell them from real ones.

    Both are perceptrons. With D = sigmoid of the score, an iteration updates D k times, each time
    on other images and other noise, and then G once (algorithm 1):

        D    -E[log D(x)] - E[log(1 - D(G(z)))]                                (equation 1)
        G    -E[log D(G(z))] (`non_saturating`), or E[log(1 - D(G(z)))] (`minimax`)

    The second loss of G is the game's own, and nearly flat where D rejects samples with confidence,
    as it does early in training; the first has the same fixed point and is steep there (section 3).
    `prepare` lets G begin with the mean of the training images, as the authors' code has it:
    without it D wins at once and G draws one image for all latents.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1]: one mini-batch for each step of D.

    Example:
        import numpy as np
        from tfi2i.zoo.generation.gan import OriginalGAN

        digits = np.random.randint(0, 256, (8, 28, 28, 1), np.uint8)  # your images
        model = OriginalGAN(units=32, discriminator_units=16)
        model.begin_with_mean_of(digits)  # `tfi2i train` does it by itself
        model.compile()
        model.fit(digits, batch_size=4)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    mini_batches = "discriminator_steps"
    # -log D(x) - log(1 - D(G(z))) at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("discriminator_loss", 1.386)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """Algorithm 1: the discriminator on each mini-batch, then the generator once."""
        for step, real in enumerate(mini_batches(batch, self.discriminator_steps)):
            fake = self.generator(self.draw_latents(real.shape[0], site=step), training=True)
            with tf.GradientTape() as tape:
                discriminator_loss = losses.minimax_discriminator(
                    self.discriminator(real, training=True), self.discriminator(fake, training=True)
                )
            self.players["discriminator"].minimize(discriminator_loss, tape)

        latents = self.draw_latents(real.shape[0], site=self.discriminator_steps)
        with tf.GradientTape() as tape:
            fake_scores = self.discriminator(self.generator(latents, training=True), training=True)
            generator_loss = GENERATOR_LOSSES[self.objective](fake_scores)
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(generator_loss=generator_loss, discriminator_loss=discriminator_loss)

    def make_players(
        self,
        *,
        generator_learning_rate: float = 0.1,
        discriminator_learning_rate: float = 0.05,
        momentum: float = 0.5,
        decay: float = 0.999996,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`.

        Args:
            generator_learning_rate: Learning rate of gradient descent.
            discriminator_learning_rate: The same for D. The authors' code has 0.1 for half of its
                loss, which moves D as far.
            momentum: Share of the step before that each step repeats. The authors raise it from 0.5
                to 0.7 in the first 250 epochs.
            decay: Factor of both rates from one iteration to the next.
            ema_decay: Running average of the generator's weights per update, None for none.
        """

        def descent(rate: float) -> keras.optimizers.SGD:
            return keras.optimizers.SGD(rate, momentum=momentum)  # type: ignore[arg-type]

        return {
            "generator": Player(
                [self.generator],
                descent(generator_learning_rate),
                ema_decay=ema_decay,
                schedule=Exponential(decay),
            ),
            "discriminator": Player(
                [self.discriminator],
                descent(discriminator_learning_rate),
                schedule=Exponential(decay),
            ),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 28,
        channels: int = 1,
        latent_prior: Prior = "normal",
        units: int = 1200,
        discriminator_units: int = 240,
        objective: Literal["non_saturating", "minimax"] = "non_saturating",
        discriminator_steps: int = 1,
        dropout: float = 0.5,
        input_dropout: float = 0.2,
        diff_augment: tuple[str, ...] = (),
        **kwargs,
    ):
        """Builds both networks; the defaults are the authors' for MNIST.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            channels: Channels of the images.
            latent_prior: Distribution of the latent z, `normal` or `uniform` on [-1, 1]; the
                authors' settings for MNIST have the first.
            units: Of each hidden layer of G.
            discriminator_units: Maxout units of each hidden layer of D.
            objective: Of G.
            discriminator_steps: The paper's k.
            dropout: Of D's hidden layers.
            input_dropout: Of D's pixels.
            diff_augment: For few images, what D sees is augmented: some of `colour`, `translation`,
                `cutout` (`networks.augmented`).
            **kwargs: See `GenerationGAN`.
        """
        super().__init__(
            crop_size=crop_size, channels=channels, latent_prior=latent_prior, **kwargs
        )
        self.objective = objective
        self.discriminator_steps = discriminator_steps
        self.generator = networks.perceptron_generator(
            latent_length=self.latent_length,
            image_size=self.crop_size,
            channels=channels,
            units=units,
        )
        self.discriminator = networks.augmented(
            networks.maxout_discriminator(
                image_size=self.crop_size,
                channels=channels,
                units=discriminator_units,
                dropout=dropout,
                input_dropout=input_dropout,
            ),
            diff_augment,
        )

    def prepare(self, source: "DataSource") -> None:
        """Lets G begin with the mean of the training images, at most 10,000 of them.

        A generator that has learnt already, in a run that goes on from trained weights, stays.
        """
        if np.any(np.asarray(self.generator.get_layer("pixels").bias)):
            return
        images, _, _ = evaluation_arrays(
            source, split="train", size=self.crop_size, limit=_MOST_AVERAGED
        )
        self.begin_with_mean_of(images)

    def begin_with_mean_of(self, images: np.ndarray) -> None:
        """Sets the bias of G's pixels so that it draws about the mean of images.

        Args:
            images: Pixels (N, H, W, channels) of the depth that the model is trained with.
        """
        floats = np.asarray(self.value_ranges["a"].to_float(images))
        mean = np.clip(0.5 + 0.5 * floats.mean(axis=0), _DARKEST, 1.0 - _DARKEST)
        self.generator.get_layer("pixels").bias.assign(np.log(mean / (1.0 - mean)).ravel())
