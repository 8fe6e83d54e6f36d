"""VAE: Auto-Encoding Variational Bayes (Kingma and Welling 2014)."""

from typing import ClassVar

import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.image_sizes import Size
from tfi2i.training import Player, draws_for_each, paper_adam
from tfi2i.zoo.generation._encoding import EncodingGAN


class VAE(EncodingGAN):
    r"""No game: an encoder and a generator that raise a bound of the likelihood of images.

    The encoder gives q(z|x) = N(mean, variance), of which z = mean + sqrt(variance) * noise is a
    draw with gradients (section 2.4); the generator gives p(x|z), here N(G(z), s^2) with
    s = `pixel_deviation`. Both minimise, in nats for each image but for a constant,

        |x - G(z)|^2 / (2 s^2)  +  KL(q(z|x) || N(0, I))              (equations 8 and 10)

    which is minus the bound: sums over all values of an image, in [-1, 1]. A smaller s makes
    reconstructions sharper, and the latents of images less like the prior, from which samples come.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.generation.vae import VAE

        photos = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        model = VAE(crop_size=32, filters=8, encoder_filters=8)
        model.compile()
        model.fit(photos, batch_size=4)
        pictures = model.sample(16, seed=3)
        latents, copies = model.encode(photos), model.reconstruct(photos)
    """

    batch_kind = "images"
    discriminator_game: ClassVar = None

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of both networks (algorithm 1, with one draw of z for each image)."""
        noise = draws_for_each(
            batch.shape[0], (self.latent_length,), self.noise_seed(0, per_replica=False)
        )
        with tf.GradientTape() as tape:
            mean, log_variance = self.encoder(batch, training=True)
            latents = losses.reparameterise(mean, log_variance, noise)
            distance = losses.squared_distance(batch, self.generator(latents, training=True))
            reconstruction_loss = distance / self.pixel_deviation**2
            kl_loss = losses.kl_to_standard_normal(mean, log_variance)
            bound = reconstruction_loss + kl_loss
        self.players["autoencoder"].minimize(bound, tape)
        return self.report(reconstruction_loss=reconstruction_loss, kl_loss=kl_loss)

    def make_players(
        self,
        *,
        autoencoder_learning_rate: float = 1e-3,
        beta_1: float = 0.9,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the one player, `autoencoder`.

        Args:
            autoencoder_learning_rate: Learning rate of Adam, where the paper has Adagrad.
            beta_1: First-moment decay of Adam.
            ema_decay: Running average of both networks' weights per update, None for none.
        """
        return {
            "autoencoder": Player(
                [self.encoder, self.generator],
                paper_adam(autoencoder_learning_rate, beta_1),
                ema_decay=ema_decay,
            )
        }

    def __init__(
        self,
        *,
        crop_size: Size = 64,
        depth: int | None = None,
        filters: int = 64,
        encoder_filters: int = 64,
        pixel_deviation: float = 1.0,
        **kwargs,
    ):
        """Builds both networks, of DCGAN's convolutions where the paper has perceptrons.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            depth: How often a map is doubled on the way to the image; None: as often as the size
                allows.
            filters: Channels of the generator before the image.
            encoder_filters: Channels of the encoder's first convolution.
            pixel_deviation: s, in the [-1, 1] scale; the paper's decoder learns it for each pixel.
            **kwargs: See `GenerationGAN`.
        """
        super().__init__(crop_size=crop_size, **kwargs)
        self.pixel_deviation = pixel_deviation
        levels: int = networks.dcgan_depth(crop_size) if depth is None else depth
        self.settled("depth", levels)
        shared = {
            "latent_length": self.latent_length,
            "image_size": self.crop_size,
            "channels": self.channels,
            "depth": levels,
        }
        self.encoder = networks.dcgan_encoder(**shared, filters=encoder_filters)
        self.generator = networks.dcgan_generator(**shared, filters=filters)
