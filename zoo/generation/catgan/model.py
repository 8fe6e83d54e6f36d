"""CatGAN: Unsupervised and Semi-Supervised Learning with Categorical GANs (Springenberg 2016)."""

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.training import Player, paper_adam
from tfi2i.training.replicas import batch_means, draws_for_each
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN
from tfi2i.zoo.generation._grouping import GroupingGAN


class CatGAN(GroupingGAN, ConvolutionalGAN):
    r"""Sorts images into K groups that nobody named, and draws images that can be sorted.

    D does not tell real from generated: it gives each image a distribution p(y | x) over K groups.
    It should be sure of every real image, unsure of every generated one, and use all groups
    equally; G makes images of which D is sure, of all groups equally. With the entropies H
    (equations 3 to 7):

        D    -H(E[p(y | x)]) + E[H(p(y | x))] - fake_weight * E[H(p(y | G(z)))]
        G    -H(E[p(y | G(z))]) + E[H(p(y | G(z)))]

    The means over images are those of the batch, so that it should be larger than K.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1]. No labels are seen.

    Example:
        import numpy as np
        from tfi2i.zoo.generation.catgan import CatGAN

        photos = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        model = CatGAN(categories=2, crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(photos, batch_size=4)
        groups = model.group(photos)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    # It tells groups apart, not real from generated images.
    discriminator_game = None

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of the discriminator, then one of the generator against it."""
        latents = self.draw_latents(batch.shape[0], site=0)
        noise = [self.pixel_noise(batch, site) for site in (1, 2, 3)]
        fake = self.generator(latents, training=True)
        with tf.GradientTape() as tape:
            real_logits = self.discriminator(batch + noise[0], training=True)
            fake_logits = self.discriminator(fake + noise[1], training=True)
            real_entropy = losses.conditional_entropy(real_logits)
            fake_entropy = losses.conditional_entropy(fake_logits)
            discriminator_loss = (
                real_entropy - self.evenness(real_logits) - self.fake_weight * fake_entropy
            )
        self.players["discriminator"].minimize(discriminator_loss, tape)

        with tf.GradientTape() as tape:
            fake = self.generator(latents, training=True)
            logits = self.discriminator(fake + noise[2], training=True)
            generator_loss = losses.conditional_entropy(logits) - self.evenness(logits)
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            discriminator_loss=discriminator_loss,
            real_entropy=real_entropy,
            fake_entropy=fake_entropy,
        )

    def evenness(self, logits: tf.Tensor) -> tf.Tensor:
        """H(E[p(y | x)]) over the batch of all replicas, a scalar."""
        return losses.marginal_entropy(batch_means(tf.nn.softmax(logits)))

    def pixel_noise(self, images: tf.Tensor, site: int) -> tf.Tensor:
        """Normal noise for the images that D sees: (B, H, W, C)."""
        seed = self.noise_seed(site, per_replica=False)
        return self.noise * draws_for_each(images.shape[0], images.shape[1:], seed)

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
        self, *, categories: int = 10, fake_weight: float = 1.0, noise: float = 0.1, **kwargs
    ):
        """Builds both networks.

        Args:
            categories: The paper's K.
            fake_weight: How much D should be unsure of generated images: 1 in the paper; with 0
                it sorts by real images alone, as regularised information maximisation does.
            noise: Standard deviation of the noise on the images that D sees, in the [-1, 1] scale.
            **kwargs: See `ConvolutionalGAN`.
        """
        self.categories = categories
        super().__init__(**kwargs)
        self.fake_weight = fake_weight
        self.noise = noise

    def make_rival(self, depth: int, filters: int) -> keras.Model:
        """DCGAN's discriminator, with logits of K groups."""
        return networks.dcgan_discriminator(
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
            outputs=self.categories,
        )

    @property
    def group_count(self) -> int:
        """K."""
        return self.categories

    def group_logits(self, images: tf.Tensor) -> tf.Tensor:
        """D's logits."""
        return self.discriminator(images, training=False)
