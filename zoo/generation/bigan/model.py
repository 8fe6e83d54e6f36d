"""BiGAN: Adversarial Feature Learning (Donahue et al. 2017)."""

from typing import Any, ClassVar, Literal

import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.image_sizes import Size
from tfi2i.training import Player, paper_adam
from tfi2i.zoo.generation._encoding import EncodingGAN
from tfi2i.zoo.generation._latents import Prior

# Of the latents' loss in that of the joint regressor's generator: at 1 it degenerates.
_JOINT = 0.25


class BiGAN(EncodingGAN):
    r"""A game about pairs: D tells images with their inferred latents from latents with images.

    E infers the latent of a real image, G draws the image of a latent. D sees both parts of a pair,
    with D = sigmoid of the score (equation 3):

        D          -E[log D(x, E(x))] - E[log(1 - D(G(z), z))]
        E and G    -E[log(1 - D(x, E(x)))] - E[log D(G(z), z)]          (section 3.4)

    E never sees what G makes, nor G what E infers, and no reconstruction is asked for: to fool an
    optimal D they must invert each other (theorem 2). All kernels decay by `weight_decay`.

    The paper's control is an ordinary GAN, D(x), beside a latent regressor: E learns to name the
    latents of samples, and never sees a real image. With u = (z + 1) / 2 for uniform latents,

        E          -E[u log s(E(G(z))) + (1 - u) log(1 - s(E(G(z))))],  s = sigmoid

    and for normal ones half the squared distance; the joint regressor's G minimises a quarter of it
    too (section 4.1; loss and quarter are those of the authors' code).

    Batches: `images`, float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.generation.bigan import BiGAN

        digits = np.random.randint(0, 256, (8, 28, 28, 1), np.uint8)  # your images
        model = BiGAN(units=32)
        model.compile()
        model.fit(digits, batch_size=4)
        pictures = model.sample(16, seed=3)
        latents, copies = model.encode(digits), model.reconstruct(digits)
    """

    batch_kind = "images"
    # Batch norm of dense layers: the one value of a single image would be its own mean.
    smallest_batch = 2
    # -log D(x, E(x)) - log(1 - D(G(z), z)) at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("discriminator_loss", 1.386)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of the discriminator, then one of the encoder and the generator together."""
        if self.encoder_objective != "game":
            return self._regression_step(batch)
        drawn = self.draw_latents(batch.shape[0], site=0)
        inferred = self.encoder(batch, training=True)
        fake = self.generator(drawn, training=True)
        with tf.GradientTape() as tape:
            # Two passes: batch norm has the statistics of pairs of one kind.
            real_scores = self.discriminator([batch, inferred], training=True)
            fake_scores = self.discriminator([fake, drawn], training=True)
            discriminator_loss = losses.minimax_discriminator(real_scores, fake_scores)
            decay = losses.squared_weights(kernels_of(self.discriminator))
            decayed_loss = discriminator_loss + self.weight_decay * decay
        self.players["discriminator"].minimize(decayed_loss, tape)

        with tf.GradientTape(persistent=True) as tape:
            pairs = [batch, self.encoder(batch, training=True)]
            real_scores = self.discriminator(pairs, training=True)
            fake = self.generator(drawn, training=True)
            fake_scores = self.discriminator([fake, drawn], training=True)
            # The discriminator's own loss, with the two kinds of pairs exchanged.
            inference_loss = losses.minimax_discriminator(fake_scores, real_scores)
            decay = losses.squared_weights(kernels_of(self.encoder) + kernels_of(self.generator))
            decayed_loss = inference_loss + self.weight_decay * decay
        self.players["encoder"].minimize(decayed_loss, tape)
        self.players["generator"].minimize(decayed_loss, tape)
        return self.report(inference_loss=inference_loss, discriminator_loss=discriminator_loss)

    def _regression_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """The same of an ordinary GAN, with an encoder that learns from samples alone."""
        drawn = self.draw_latents(batch.shape[0], site=0)
        fake = self.generator(drawn, training=True)
        with tf.GradientTape() as tape:
            real_scores = self.discriminator(batch, training=True)
            fake_scores = self.discriminator(fake, training=True)
            discriminator_loss = losses.minimax_discriminator(real_scores, fake_scores)
            decay = losses.squared_weights(kernels_of(self.discriminator))
            decayed_loss = discriminator_loss + self.weight_decay * decay
        self.players["discriminator"].minimize(decayed_loss, tape)

        with tf.GradientTape(persistent=True) as tape:
            fake = self.generator(drawn, training=True)
            fake_scores = self.discriminator(fake, training=True)
            generator_loss = losses.non_saturating_generator(fake_scores)
            latent_loss = self._latent_loss(drawn, self.encoder(fake, training=True))
            share = _JOINT if self.encoder_objective == "joint_regression" else 0.0
            decay = losses.squared_weights(kernels_of(self.encoder))
            encoder_total = latent_loss + self.weight_decay * decay
            decay = losses.squared_weights(kernels_of(self.generator))
            generator_total = generator_loss + share * latent_loss + self.weight_decay * decay
        self.players["encoder"].minimize(encoder_total, tape)
        self.players["generator"].minimize(generator_total, tape)
        return self.report(
            generator_loss=generator_loss,
            latent_loss=latent_loss,
            discriminator_loss=discriminator_loss,
        )

    def _latent_loss(self, drawn: tf.Tensor, inferred: Any) -> tf.Tensor:
        """How far inferred latents are from those drawn, a mean over components."""
        if self.latent_prior == "uniform":
            _, logits = inferred
            shares = (drawn + 1.0) / 2.0
            return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(shares, logits))
        return tf.reduce_mean(tf.square(inferred - drawn)) / 2.0

    def make_players(
        self,
        *,
        encoder_learning_rate: float = 2e-4,
        generator_learning_rate: float = 2e-4,
        discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `encoder`, `generator` and `discriminator`.

        Args:
            encoder_learning_rate: Learning rate of the paper's Adam.
            generator_learning_rate: Learning rate of the paper's Adam.
            discriminator_learning_rate: Learning rate of the paper's Adam.
            beta_1: First-moment decay of the paper's Adam.
            ema_decay: Running average of the encoder's and the generator's weights per update, None
                for none.
        """
        return {
            "encoder": Player(
                [self.encoder], paper_adam(encoder_learning_rate, beta_1), ema_decay=ema_decay
            ),
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
        crop_size: Size = 28,
        channels: int = 1,
        latent_length: int = 50,
        latent_prior: Prior = "uniform",
        units: int = 1024,
        weight_decay: float = 2.5e-5,
        encoder_objective: Literal["game", "regression", "joint_regression"] = "game",
        **kwargs,
    ):
        """Builds the networks; the defaults are the paper's for MNIST.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            channels: Channels of the images.
            latent_length: Components of the latent z.
            latent_prior: Its distribution, `uniform` on [-1, 1] or `normal`.
            units: Of each hidden layer.
            weight_decay: Of the kernels of all three, through Adam's moments as the authors have
                it.
            encoder_objective: What E learns from: the game about pairs, or for the paper's
                controls the latents of samples, in which a joint regressor's G has a part.
            **kwargs: See `GenerationGAN`.
        """
        super().__init__(
            crop_size=crop_size,
            channels=channels,
            latent_length=latent_length,
            latent_prior=latent_prior,
            **kwargs,
        )
        self.weight_decay = weight_decay
        shared = {
            "latent_length": latent_length,
            "image_size": self.crop_size,
            "channels": channels,
            "units": units,
        }
        self.encoder_objective = encoder_objective
        regresses = encoder_objective != "game"
        self.encoder = networks.bigan_encoder(
            **shared, bounded=regresses and latent_prior == "uniform"
        )
        self.generator = networks.bigan_generator(**shared)
        judged = {**shared, "latent_length": 0} if regresses else shared
        self.discriminator = networks.joint_discriminator(**judged)


def kernels_of(network) -> list:
    """The weights that decay: matrices, and no biases nor scales."""
    return [variable for variable in network.trainable_variables if len(variable.shape) > 1]
