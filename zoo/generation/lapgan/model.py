"""LAPGAN: Deep Generative Image Models using a Laplacian Pyramid of Adversarial Networks (2015)."""

from typing import ClassVar

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.image_sizes import Size
from tfi2i.layers import LinearUpsampling2D
from tfi2i.networks.blocks import halved_size
from tfi2i.training import Player
from tfi2i.zoo.generation._base import GenerationGAN
from tfi2i.zoo.generation._latents import Prior


class LAPGAN(GenerationGAN):
    r"""Draws a small image, and then for each larger size what the enlarged smaller one lacks.

    Denton, Chintala, Szlam and Fergus 2015. Real images I_0 are halved to I_1, ..., I_K. With
    l_k = u(I_k+1), the next smaller one enlarged, the bands of the Laplacian pyramid are
    h_k = I_k - l_k. Each size has its own G_k(z_k, l_k), which draws a band, and its own D_k, which
    sees l_k + h_k (section 3.2, equation 2); D = sigmoid of the score:

        D_k    -E[log D_k(I_k)] - E[log(1 - D_k(l_k + G_k(z_k, l_k)))]
        G_k    -E[log D_k(l_k + G_k(z_k, l_k))]
        D_K, G_K the same for I_K and G_K(z_K)

    All sizes learn independently, from real smaller images. A sample goes through all of them: the
    generator takes one latent, in which the noises of all sizes stand one after the other.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.generation.lapgan import LAPGAN

        photos = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        model = LAPGAN(filters=8, discriminator_filters=8, units=32, discriminator_units=32)
        model.compile()
        model.fit(photos, batch_size=4)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    # -log D(x) - log(1 - D(G(z))) at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("discriminator_loss", 1.386)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of all discriminators, then one of all generators."""
        pyramid = self.pyramid(batch)
        fakes = self.draw_each(pyramid, site=0)
        with tf.GradientTape() as tape:
            discriminator_losses = [
                losses.minimax_discriminator(
                    discriminator(real, training=True), discriminator(fake, training=True)
                )
                for discriminator, real, fake in zip(
                    self.discriminators, pyramid, fakes, strict=True
                )
            ]
            # They share no weights: to minimise the sum is to minimise each.
            discriminator_loss = tf.add_n(discriminator_losses)
        self.players["discriminator"].minimize(discriminator_loss, tape)

        with tf.GradientTape() as tape:
            fakes = self.draw_each(pyramid, site=1)
            generator_losses = [
                losses.non_saturating_generator(discriminator(fake, training=True))
                for discriminator, fake in zip(self.discriminators, fakes, strict=True)
            ]
            generator_loss = tf.add_n(generator_losses)
        self.players["generator"].minimize(generator_loss, tape)
        sizes = len(pyramid)
        return self.report(
            generator_loss=generator_loss / sizes, discriminator_loss=discriminator_loss / sizes
        )

    def pyramid(self, images: tf.Tensor) -> list[tf.Tensor]:
        """Real images of all sizes, the smallest first."""
        sizes = [images]
        for _ in range(len(self.discriminators) - 1):
            sizes.insert(0, tf.nn.avg_pool2d(sizes[0], 2, 2, "VALID"))
        return sizes

    def draw_each(self, pyramid: list[tf.Tensor], site: int) -> list[tf.Tensor]:
        """Generated images of all sizes, each but the first from the real one of half its size."""
        latents = self.draw_latents(pyramid[0].shape[0], site)
        coarse_noise, *noises = tf.split(latents, networks.noise_lengths(self.levels), axis=1)
        coarse, *bands = self.levels
        drawn = [coarse(coarse_noise, training=True)]
        for generator, noise, smaller in zip(bands, noises, pyramid, strict=False):
            low = LinearUpsampling2D(dtype="float32")(smaller)
            drawn.append(low + generator([low, noise], training=True))
        return drawn

    def make_players(
        self,
        *,
        generator_learning_rate: float = 0.02,
        discriminator_learning_rate: float = 0.02,
        momentum: float = 0.5,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`, each of all sizes.

        Args:
            generator_learning_rate: Learning rate of the paper's gradient descent.
            discriminator_learning_rate: Learning rate of the paper's gradient descent.
            momentum: Of the authors' convolutional sizes. Constant here: theirs rises by 0.0008 an
                epoch to 0.7, while the rate falls by four millionths of itself an update.
            ema_decay: Running average of the generators' weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.generator],
                keras.optimizers.SGD(generator_learning_rate, momentum=momentum),
                ema_decay=ema_decay,
            ),
            "discriminator": Player(
                self.discriminators,
                keras.optimizers.SGD(discriminator_learning_rate, momentum=momentum),
            ),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 32,
        depth: int | None = None,
        latent_length: int = 100,
        latent_prior: Prior = "uniform",
        filters: int = 64,
        discriminator_filters: int = 64,
        units: int = 8000,
        discriminator_units: int = 1600,
        dropout: float = 0.5,
        diff_augment: tuple[str, ...] = (),
        **kwargs,
    ):
        """Builds the networks of all sizes; the defaults are the paper's for CIFAR-10.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            depth: How often they are halved; None: until about 8 pixels are left.
            latent_length: Components of the noise of the smallest images. Each other size has one
                for each pixel.
            latent_prior: Distribution of all noises.
            filters: Hidden channels of each G_k.
            discriminator_filters: Hidden channels of each D_k.
            units: Hidden units of the generator of the smallest images.
            discriminator_units: Hidden units of their discriminator.
            dropout: Share of a discriminator's last values, or hidden units, that training zeroes.
            diff_augment: For few images, what discriminators see is augmented: some of `colour`,
                `translation`, `cutout` (`networks.augmented`).
            **kwargs: See `GenerationGAN`.
        """
        super().__init__(
            crop_size=crop_size, latent_length=latent_length, latent_prior=latent_prior, **kwargs
        )
        halvings: int = networks.pyramid_depth(crop_size) if depth is None else depth
        self.settled("depth", halvings)
        height, width = halved_size(crop_size, halvings)
        sizes = [(height << level, width << level) for level in range(halvings + 1)]
        generators, discriminators = [], []
        for level, size in enumerate(sizes):
            name = f"{size[0]}x{size[1]}"
            shape = {"map_size": size, "channels": self.channels}
            drawing = shape | {"name": f"generator_{name}"}
            judging = shape | {"name": f"discriminator_{name}", "dropout": dropout}
            if not level:
                coarse = networks.coarse_generator(
                    **drawing, latent_length=latent_length, units=units
                )
                generators.append(coarse)
                judge = networks.coarse_discriminator(**judging, units=discriminator_units)
            else:
                generators.append(networks.band_generator(**drawing, filters=filters))
                judge = networks.band_discriminator(**judging, filters=discriminator_filters)
            discriminators.append(networks.augmented(judge, diff_augment))
        self.generator = networks.pyramid_generator(generators)
        self.discriminators = discriminators
        # A latent has the noises of all sizes.
        self.latent_length = sum(networks.noise_lengths(generators))

    @property
    def levels(self) -> list[keras.Model]:
        """The generators of all sizes, the smallest first."""
        return [layer for layer in self.generator.layers if isinstance(layer, keras.Model)]
