"""AC-GAN: Conditional Image Synthesis with Auxiliary Classifier GANs (Odena et al. 2017)."""

from typing import ClassVar

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.training import Player, paper_adam
from tfi2i.zoo.generation._labelled import LabelledGAN


class ACGAN(LabelledGAN):
    r"""Draws images of the class that it is asked for; D is not told it, but has to name it.

    D has two heads: the odds that an image is real, P(S | X), and its class, P(C | X). Of

        L_S = E[log P(S = real | x)] + E[log P(S = fake | G(z, c))]            (equation 2)
        L_C = E[log P(C = c' | x)] + E[log P(C = c | G(z, c))]                 (equation 3)

    D maximises L_C + L_S and G maximises L_C - L_S, here in the non-saturating form of Goodfellow
    et al. 2014, with L_C weighted by `classification_weight`:

        D    -E[log D(x)] - E[log(1 - D(G(z, c)))] - weight * L_C
        G    -E[log D(G(z, c))] - weight * E[log P(C = c | G(z, c))]

    c' is the class of a real image x; c is drawn evenly.

    Batches: `labelled`, images float32 (B, H, W, C) in [-1, 1] and int32 labels (B,).

    Example:
        import numpy as np
        from tfi2i.zoo.generation.acgan import ACGAN

        images = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        labels = np.arange(8) % 2
        model = ACGAN(classes=("cat", "dog"), crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(images, labels, batch_size=4)
        dogs = model.sample(16, seed=3, labels="dog")
    """

    batch_kind = "labelled"
    # -log D(x) - log(1 - D(G(z))) at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("adversarial_loss", 1.386)

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of the discriminator, then one of the generator against it."""
        real, real_labels = batch
        latents = self.draw_latents(real.shape[0], site=0)
        labels = self.draw_labels(real.shape[0], site=1)
        fake = self.generator([latents, self.one_hot(labels)], training=True)
        with tf.GradientTape() as tape:
            real_scores, real_logits = self.judge(real)
            fake_scores, fake_logits = self.judge(fake)
            adversarial_loss = losses.minimax_discriminator(real_scores, fake_scores)
            real_classification_loss = losses.classification(real_logits, real_labels)
            discriminator_loss = adversarial_loss + self.classification_weight * (
                real_classification_loss + losses.classification(fake_logits, labels)
            )
        self.players["discriminator"].minimize(discriminator_loss, tape)

        with tf.GradientTape() as tape:
            scores, logits = self.judge(
                self.generator([latents, self.one_hot(labels)], training=True)
            )
            classification_loss = losses.classification(logits, labels)
            generator_loss = (
                losses.non_saturating_generator(scores)
                + self.classification_weight * classification_loss
            )
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            classification_loss=classification_loss,
            adversarial_loss=adversarial_loss,
            real_classification_loss=real_classification_loss,
        )

    def judge(self, images: tf.Tensor) -> list[tf.Tensor]:
        """Both heads of D on a batch: scores (B, 1), and logits of the classes (B, classes)."""
        return tf.split(self.discriminator(images, training=True), [1, len(self.classes)], axis=1)

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

    def __init__(self, *, classification_weight: float = 1.0, **kwargs):
        """Builds both networks.

        Args:
            classification_weight: Of L_C, for both players; 1 in the paper.
            **kwargs: See `LabelledGAN`.
        """
        super().__init__(**kwargs)
        self.classification_weight = classification_weight

    def make_rival(self, depth: int, filters: int) -> keras.Model:
        """DCGAN's discriminator; its last convolution gives both heads, (B, 1 + classes)."""
        return networks.dcgan_discriminator(
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
            outputs=1 + len(self.classes),
        )
