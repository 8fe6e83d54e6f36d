"""BiGAN: Adversarial Feature Learning (Donahue et al. 2017)."""

from typing import ClassVar

import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.image_sizes import Size
from tfi2i.training import Player, paper_adam
from tfi2i.zoo.generation._encoding import EncodingGAN
from tfi2i.zoo.generation._latents import Prior


class BiGAN(EncodingGAN):
    r"""A game about pairs: D tells images with their inferred latents from latents with images.

    E infers the latent of a real image, G draws the image of a latent. D sees both parts of a pair,
    with D = sigmoid of the score (equation 3):

        D          -E[log D(x, E(x))] - E[log(1 - D(G(z), z))]
        E and G    -E[log(1 - D(x, E(x)))] - E[log D(G(z), z)]          (section 3.4)

    E never sees what G makes, nor G what E infers, and no reconstruction is asked for: to fool an
    optimal D they must invert each other (theorem 2). All kernels decay by `weight_decay`.

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
        self.encoder = networks.bigan_encoder(**shared)
        self.generator = networks.bigan_generator(**shared)
        self.discriminator = networks.joint_discriminator(**shared)


def kernels_of(network) -> list:
    """The weights that decay: matrices, and no biases nor scales."""
    return [variable for variable in network.trainable_variables if len(variable.shape) > 1]
