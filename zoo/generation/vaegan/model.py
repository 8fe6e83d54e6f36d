"""VAE-GAN: Autoencoding beyond Pixels Using a Learned Similarity Metric (Larsen et al. 2016)."""

from typing import ClassVar

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size
from tfi2i.training import Player, draws_for_each
from tfi2i.zoo.generation._encoding import EncodingGAN


class VAEGAN(EncodingGAN):
    r"""A VAE whose reconstructions are judged by what a discriminator sees, not pixel by pixel.

    The VAE's decoder is the GAN's generator G. With z a draw from the encoder's q(z|x), f the maps
    of one layer of the discriminator D, and D = sigmoid of the score (section 3):

        L_prior      KL(q(z|x) || N(0, I))
        L_features   |f(x) - f(G(z))|^2 / 2                                        (equations 7, 8)
        L_GAN        log D(x) + log(1 - D(G(z))) + log(1 - D(G(z_p))),  z_p ~ N(0, I)

        encoder          L_prior + L_features
        generator        reconstruction_weight * L_features + L_GAN
        discriminator    - L_GAN                                                      (algorithm 1)

    The game does not reach the encoder, nor the features' error the discriminator (section 3.2).

    Batches: `images`, float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.generation.vaegan import VAEGAN

        photos = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        model = VAEGAN(crop_size=32, filters=8, encoder_filters=8, discriminator_filters=8)
        model.compile()
        model.fit(photos, batch_size=4)
        pictures = model.sample(16, seed=3)
        latents, copies = model.encode(photos), model.reconstruct(photos)
    """

    batch_kind = "images"
    # -log D(x) - log(1 - D(G(z))) - log(1 - D(G(z_p))) at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("discriminator_loss", 2.079)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """Algorithm 1: the three gradients of one forward pass, then the three updates."""
        count, length = batch.shape[0], self.latent_length
        noise = draws_for_each(count, (length,), self.noise_seed(0, per_replica=False))
        with tf.GradientTape(persistent=True) as tape:
            mean, log_variance = self.encoder(batch, training=True)
            latents = losses.reparameterise(mean, log_variance, noise)
            copies = self.generator(latents, training=True)
            samples = self.generator(self.draw_latents(count, site=1), training=True)
            real_scores, real_features = self.discriminator(batch, training=True)
            copy_scores, copy_features = self.discriminator(copies, training=True)
            sample_scores, _ = self.discriminator(samples, training=True)

            kl_loss = losses.kl_to_standard_normal(mean, log_variance)
            feature_loss = losses.squared_distance(real_features, copy_features)
            fooling = losses.minimax_generator(copy_scores) + losses.minimax_generator(
                sample_scores
            )
            encoder_loss = kl_loss + feature_loss
            generator_loss = self.reconstruction_weight * feature_loss + fooling
            discriminator_loss = tf.reduce_mean(tf.nn.softplus(-real_scores)) - fooling
        self.players["encoder"].minimize(encoder_loss, tape)
        self.players["generator"].minimize(generator_loss, tape)
        self.players["discriminator"].minimize(discriminator_loss, tape)
        return self.report(
            kl_loss=kl_loss,
            feature_loss=feature_loss,
            generator_loss=generator_loss,
            discriminator_loss=discriminator_loss,
        )

    def make_players(
        self,
        *,
        encoder_learning_rate: float = 3e-4,
        generator_learning_rate: float = 3e-4,
        discriminator_learning_rate: float = 3e-4,
        decay: float = 0.9,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `encoder`, `generator` and `discriminator`.

        Args:
            encoder_learning_rate: Learning rate of the paper's RMSProp.
            generator_learning_rate: Learning rate of the paper's RMSProp.
            discriminator_learning_rate: Learning rate of the paper's RMSProp.
            decay: Its decay of squared gradients.
            ema_decay: Running average of the encoder's and the generator's weights per update, None
                for none.
        """

        def rmsprop(rate: float) -> keras.optimizers.RMSprop:
            return keras.optimizers.RMSprop(rate, rho=decay, epsilon=1e-8)  # type: ignore[arg-type]

        return {
            "encoder": Player([self.encoder], rmsprop(encoder_learning_rate), ema_decay=ema_decay),
            "generator": Player(
                [self.generator], rmsprop(generator_learning_rate), ema_decay=ema_decay
            ),
            "discriminator": Player([self.discriminator], rmsprop(discriminator_learning_rate)),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 64,
        latent_length: int = 128,
        depth: int | None = None,
        filters: int = 64,
        encoder_filters: int = 64,
        discriminator_filters: int = 64,
        feature_level: int | None = None,
        reconstruction_weight: float = 1e-3,
        **kwargs,
    ):
        """Builds the networks, of DCGAN's convolutions.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            latent_length: Components of the latent z.
            depth: How often a map is doubled on the way to the image; None: as often as the size
                allows.
            filters: Channels of the generator before the image.
            encoder_filters: Channels of the encoder's first convolution.
            discriminator_filters: Channels of the discriminator's first convolution.
            feature_level: Which of D's convolutions f is, from 1; None for the last before the
                score.
            reconstruction_weight: The paper's gamma, of an error that is a sum over all values of
                f: the more values, the smaller it should be.
            **kwargs: See `GenerationGAN`.

        Raises:
            RecipeError: D has no such convolution.
        """
        super().__init__(crop_size=crop_size, latent_length=latent_length, **kwargs)
        levels: int = networks.dcgan_depth(crop_size) if depth is None else depth
        self.settled("depth", levels)
        level: int = self.settled("feature_level", feature_level or levels)
        if level > levels:
            raise RecipeError(
                f"model.feature_level is {level}, but D has {levels} convolutions (model.depth)"
            )
        self.reconstruction_weight = reconstruction_weight
        shared = {"image_size": self.crop_size, "channels": self.channels, "depth": levels}
        self.encoder = networks.dcgan_encoder(
            **shared, latent_length=latent_length, filters=encoder_filters
        )
        self.generator = networks.dcgan_generator(
            **shared, latent_length=latent_length, filters=filters
        )
        judge = networks.dcgan_discriminator(**shared, filters=discriminator_filters)
        features = judge.get_layer(f"down{level}_relu").output
        self.discriminator = keras.Model(
            judge.inputs[0], [judge.outputs[0], features], name="discriminator"
        )
