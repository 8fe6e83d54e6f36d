"""AAE: Adversarial Autoencoders (Makhzani et al. 2016)."""

from typing import ClassVar

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.image_sizes import Size
from tfi2i.training import Player, Tenths
from tfi2i.zoo.generation._encoding import EncodingGAN


class AAE(EncodingGAN):
    r"""An autoencoder whose latents a discriminator shapes into the prior; it sees no images.

    E encodes, without noise; G decodes; D tells draws z of the prior from latents of images, with
    D = sigmoid of the score. On each batch, one after the other (section 2):

        E and G    |x - G(E(x))|^2 / 2                    (the reconstruction phase)
        D          -E[log D(z)] - E[log(1 - D(E(x)))]     (the regularisation phase)
        E          -E[log D(E(x))]

    A VAE has a divergence in the place of the game, and needs the prior's density; here draws are
    enough. The authors' code is `latent_deviation` times the latents here: of N(0, 5^2) for digits.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.generation.aae import AAE

        digits = np.random.randint(0, 256, (8, 28, 28, 1), np.uint8)  # your images
        model = AAE(units=32, discriminator_units=16)
        model.compile()
        model.fit(digits, batch_size=4)
        pictures = model.sample(16, seed=3)
        latents, copies = model.encode(digits), model.reconstruct(digits)
    """

    batch_kind = "images"
    # -log D(z) - log(1 - D(E(x))) at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("discriminator_loss", 1.386)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """The reconstruction phase, then both steps of the regularisation phase."""
        with tf.GradientTape() as tape:
            copies = self.generator(self.encoder(batch, training=True), training=True)
            reconstruction_loss = losses.squared_distance(batch, copies)
        self.players["autoencoder"].minimize(reconstruction_loss, tape)

        drawn = self.draw_latents(batch.shape[0], site=0)
        latents = self.encoder(batch, training=True)
        with tf.GradientTape() as tape:
            discriminator_loss = losses.minimax_discriminator(
                self.discriminator(drawn, training=True), self.discriminator(latents, training=True)
            )
        self.players["discriminator"].minimize(discriminator_loss, tape)

        with tf.GradientTape() as tape:
            scores = self.discriminator(self.encoder(batch, training=True), training=True)
            encoder_loss = losses.non_saturating_generator(scores)
        self.players["encoder"].minimize(encoder_loss, tape)
        return self.report(
            reconstruction_loss=reconstruction_loss,
            discriminator_loss=discriminator_loss,
            encoder_loss=encoder_loss,
        )

    def make_players(
        self,
        *,
        autoencoder_learning_rate: float = 0.01,
        discriminator_learning_rate: float = 0.1,
        encoder_learning_rate: float = 0.1,
        autoencoder_momentum: float = 0.9,
        adversarial_momentum: float = 0.1,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `autoencoder`, `discriminator` and `encoder`.

        The encoder plays twice, with a memory of its own each time. Rates fall to a tenth after 50
        epochs, and again after 1,000.

        Args:
            autoencoder_learning_rate: Learning rate of gradient descent, in the first phase.
            discriminator_learning_rate: The same of D.
            encoder_learning_rate: The same of E, against D.
            autoencoder_momentum: Share of the step before that each step repeats, in the first
                phase.
            adversarial_momentum: The same in the second.
            ema_decay: Running average of the autoencoder's weights per iteration, None for none.
        """

        def player(owned: list[keras.Model], rate: float, momentum: float, **options) -> Player:
            descent = keras.optimizers.SGD(rate, momentum=momentum)  # type: ignore[arg-type]
            return Player(owned, descent, schedule=Tenths(50, 1000, by="epochs"), **options)

        return {
            "autoencoder": player(
                [self.encoder, self.generator],
                autoencoder_learning_rate,
                autoencoder_momentum,
                ema_decay=ema_decay,
            ),
            "discriminator": player(
                [self.discriminator], discriminator_learning_rate, adversarial_momentum
            ),
            "encoder": player([self.encoder], encoder_learning_rate, adversarial_momentum),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 28,
        channels: int = 1,
        latent_length: int = 8,
        latent_deviation: float = 5.0,
        units: int = 1000,
        discriminator_units: int = 1000,
        **kwargs,
    ):
        """Builds the networks; the defaults are the paper's for MNIST.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            channels: Channels of the images.
            latent_length: Components of the latent z.
            latent_deviation: Of the paper's code, which is so many times z.
            units: Of each hidden layer of E and of G.
            discriminator_units: The same of D.
            **kwargs: See `GenerationGAN`.
        """
        super().__init__(
            crop_size=crop_size, channels=channels, latent_length=latent_length, **kwargs
        )
        code = {"latent_length": latent_length, "deviation": latent_deviation}
        shape = {"image_size": self.crop_size, "channels": channels, "units": units}
        self.encoder = networks.perceptron_encoder(**code, **shape)
        self.generator = networks.perceptron_decoder(**code, **shape)
        self.discriminator = networks.latent_discriminator(**code, units=discriminator_units)
