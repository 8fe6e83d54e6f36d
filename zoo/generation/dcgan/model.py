"""DCGAN: Unsupervised Representation Learning with Deep Convolutional GANs (Radford 2016)."""

from typing import ClassVar, Literal

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.errors import RecipeError
from tfi2i.training import HistoricalAverage, Player, batch_means, paper_adam
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN

GENERATOR_LOSSES = {
    "non_saturating": losses.non_saturating_generator,
    "minimax": losses.minimax_generator,
    "hinge": losses.hinge_generator,
}


class DCGAN(ConvolutionalGAN):
    r"""Plays the game of Goodfellow et al. 2014 with convolutions that train stably.

    Strided and transposed convolutions in place of pooling, batch norm in both networks, ReLU in G
    and LeakyReLU in D, no hidden dense layers (section 3). With D = sigmoid of the score:

        D    -E[log D(x)] - E[log(1 - D(G(z)))]
        G    -E[log D(G(z))]                        (`non_saturating`)

    `objective` chooses G's loss: also `minimax`, E[log(1 - D(G(z)))], which saturates where D wins,
    and `hinge` (Lim and Ye 2017), with E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))] for D.

    The tricks of Salimans et al. 2016 (section 3) are arguments too, each off by default:
    `objective=feature_matching`, with |E[f(x)] - E[f(G(z))]|^2 for G, where f is D's last map;
    `history_weight` of |theta - mean of its past|^2 for both players; `real_label` below 1;
    `reference_batch` for virtual batch norm in G; `minibatch_kernels` for D.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.generation.dcgan import DCGAN

        photos = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        model = DCGAN(crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(photos, batch_size=4)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    # -log D(x) - log(1 - D(G(z))) at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("discriminator_loss", 1.386)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of the discriminator, then one of the generator against it."""
        for player, history in self.histories.items():
            history.note(getattr(self, player), self.iteration.value)
        latents = self.draw_latents(batch.shape[0], site=0)
        fake = self.generator(latents, training=True)
        with tf.GradientTape() as tape:
            # Two passes: batch norm has the statistics of real or of generated images.
            real_scores, _ = self.judge(batch)
            fake_scores, _ = self.judge(fake)
            discriminator_loss = self.discriminator_loss(real_scores, fake_scores)
            loss = discriminator_loss + self.history_penalty("discriminator")
        self.players["discriminator"].minimize(loss, tape)

        with tf.GradientTape() as tape:
            # The same latents, as in the authors' code.
            fake_scores, fake_features = self.judge(self.generator(latents, training=True))
            if self.objective == "feature_matching":
                _, real_features = self.judge(batch)
                generator_loss = losses.feature_matching(
                    [batch_means(real_features)], [batch_means(fake_features)]
                )
            else:
                generator_loss = GENERATOR_LOSSES[self.objective](fake_scores)
            loss = generator_loss + self.history_penalty("generator")
        self.players["generator"].minimize(loss, tape)
        return self.report(generator_loss=generator_loss, discriminator_loss=discriminator_loss)

    def judge(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor | None]:
        """D's scores (B, 1), and its last map where features are matched."""
        judged = self.discriminator(images, training=True)
        return tuple(judged) if self.objective == "feature_matching" else (judged, None)

    def discriminator_loss(self, real_scores: tf.Tensor, fake_scores: tf.Tensor) -> tf.Tensor:
        """D's loss: the game's, or the hinge."""
        if self.objective == "hinge":
            return losses.hinge_discriminator(real_scores, fake_scores)
        return losses.smoothed_discriminator(real_scores, fake_scores, real_label=self.real_label)

    def history_penalty(self, player: str) -> tf.Tensor | float:
        """What historical averaging adds to a player's loss; 0 without it."""
        if not self.histories:
            return 0.0
        return self.history_weight * self.histories[player].distance(getattr(self, player))

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
        objective: Literal[
            "non_saturating", "minimax", "hinge", "feature_matching"
        ] = "non_saturating",
        history_weight: float = 0.0,
        real_label: float = 1.0,
        reference_batch: int = 0,
        minibatch_kernels: int = 0,
        **kwargs,
    ):
        """Builds both networks; the defaults are the paper's for 64 px.

        Args:
            objective: Of G, and with `hinge` of D too.
            history_weight: Of historical averaging; Salimans et al. name no value.
            real_label: One-sided label smoothing: what D is to say of real images, 0.9 in their
                paper.
            reference_batch: Latents of the reference batch of virtual batch norm in G, 0 for batch
                norm. They pass through G in front of every batch, in use too.
            minibatch_kernels: Numbers that minibatch discrimination writes beside D's last map, 0
                for none; 100 in their code.
            **kwargs: See `ConvolutionalGAN`.

        Raises:
            RecipeError: `real_label` is given for the hinge, which has no labels.
        """
        if objective == "hinge" and real_label != 1.0:
            raise RecipeError("the hinge has no labels: leave model.real_label out")
        self.objective = objective
        self.real_label = real_label
        self.reference_batch = reference_batch
        self.minibatch_kernels = minibatch_kernels
        super().__init__(**kwargs)
        self.history_weight = history_weight
        self.histories = {}
        if history_weight:
            self.histories = {
                network.name: HistoricalAverage(network, f"{network.name}_history")
                for network in (self.generator, self.discriminator)
            }

    def make_generator(self, depth: int, filters: int) -> keras.Model:
        """DCGAN's, perhaps with virtual batch norm."""
        return networks.dcgan_generator(
            latent_length=self.latent_length,
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
            reference=self.reference_batch,
            reference_prior=self.latent_prior,
            reference_seed=self.seed,
        )

    def make_rival(self, depth: int, filters: int) -> keras.Model:
        """DCGAN's, perhaps with minibatch discrimination, and with its last map beside scores."""
        return networks.dcgan_discriminator(
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
            minibatch_kernels=self.minibatch_kernels,
            with_features=self.objective == "feature_matching",
        )
