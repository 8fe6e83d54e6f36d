"""Conditional GAN: Conditional Generative Adversarial Nets (Mirza and Osindero 2014)."""

from typing import ClassVar, Literal

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.training import Exponential, Player, paper_adam
from tfi2i.zoo.generation._labelled import LabelledGAN


class ConditionalGAN(LabelledGAN):
    r"""Draws images of the class that it is asked for: both players know the label y.

    With D = sigmoid of the score (section 3.2, equation 2):

        D    -E[log D(x | y)] - E[log(1 - D(G(z | y) | y))]
        G    -E[log D(G(z | y) | y)]

    Images and labels of a batch belong together, and G draws images of the same labels. An image of
    another class than its label is not real, whatever it looks like.

    Batches: `labelled`, images float32 (B, H, W, C) in [-1, 1] and int32 labels (B,).

    Example:
        import numpy as np
        from tfi2i.zoo.generation.cgan import ConditionalGAN

        images = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        labels = np.arange(8) % 2
        model = ConditionalGAN(
            classes=("cat", "dog"), crop_size=32, filters=8, discriminator_filters=8
        )
        model.compile()
        model.fit(images, labels, batch_size=4)
        dogs = model.sample(16, seed=3, labels="dog")
    """

    batch_kind = "labelled"
    # -log D(x) - log(1 - D(G(z))) at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("discriminator_loss", 1.386)

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of the discriminator, then one of the generator, on the labels of the batch."""
        real, numbers = batch
        labels, latents = self.one_hot(numbers), self.draw_latents(real.shape[0], site=0)
        fake = self.generator([latents, labels], training=True)
        with tf.GradientTape() as tape:
            real_scores = self.discriminator([real, labels], training=True)
            fake_scores = self.discriminator([fake, labels], training=True)
            discriminator_loss = losses.minimax_discriminator(real_scores, fake_scores)
        self.players["discriminator"].minimize(discriminator_loss, tape)

        with tf.GradientTape() as tape:
            fake = self.generator([latents, labels], training=True)
            fake_scores = self.discriminator([fake, labels], training=True)
            generator_loss = losses.non_saturating_generator(fake_scores)
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(generator_loss=generator_loss, discriminator_loss=discriminator_loss)

    def make_players(
        self,
        *,
        generator_learning_rate: float = 2e-4,
        discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        momentum: float | None = None,
        decay: float | None = None,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`.

        Args:
            generator_learning_rate: Learning rate of DCGAN's Adam, or of gradient descent.
            discriminator_learning_rate: Likewise.
            beta_1: First-moment decay of Adam.
            momentum: Gradient descent with this momentum takes Adam's place, as in the paper.
            decay: Both rates are multiplied by this after every iteration; None keeps them.
            ema_decay: Running average of the generator's weights per update, None for none.
        """

        def optimizer(rate: float) -> keras.optimizers.Optimizer:
            if momentum is None:
                return paper_adam(rate, beta_1)
            return keras.optimizers.SGD(rate, momentum=momentum)  # type: ignore[arg-type]

        schedule = None if decay is None else Exponential(decay)

        return {
            "generator": Player(
                [self.generator],
                optimizer(generator_learning_rate),
                ema_decay=ema_decay,
                schedule=schedule,
            ),
            "discriminator": Player(
                [self.discriminator],
                optimizer(discriminator_learning_rate),
                schedule=schedule,
            ),
        }

    def __init__(
        self,
        *,
        form: Literal["convolutions", "perceptrons"] = "convolutions",
        **kwargs,
    ):
        """Builds both networks.

        Args:
            form: DCGAN's `convolutions`, with the label behind G's latent and as maps beside what
                each of D's convolutions sees; or the paper's `perceptrons`, D's of maxout units.
            **kwargs: See `LabelledGAN`; of `perceptrons` the widths of layers are the paper's, and
                `depth` and both `filters` have no meaning.
        """
        self.form = form
        super().__init__(**kwargs)

    def make_generator(self, depth: int, filters: int) -> keras.Model:
        """G(z | y)."""
        if self.form == "convolutions":
            return super().make_generator(depth, filters)
        return networks.labelled_perceptron_generator(
            latent_length=self.latent_length,
            label_length=len(self.classes),
            image_size=self.crop_size,
            channels=self.channels,
        )

    def make_rival(self, depth: int, filters: int) -> keras.Model:
        """D(x | y)."""
        if self.form == "convolutions":
            return networks.dcgan_discriminator(
                label_length=len(self.classes),
                image_size=self.crop_size,
                channels=self.channels,
                depth=depth,
                filters=filters,
            )
        return networks.labelled_maxout_discriminator(
            label_length=len(self.classes), image_size=self.crop_size, channels=self.channels
        )
