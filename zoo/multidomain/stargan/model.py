"""StarGAN: Unified GANs for Multi-Domain Image-to-Image Translation (Choi et al. 2018)."""

from typing import Literal

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.image_sizes import Size
from tfi2i.training import Player, mini_batches, paper_adam, uniform_for_each
from tfi2i.zoo.multidomain._base import MultiDomainGAN


class StarGAN(MultiDomainGAN):
    r"""Learns to translate between any two of several domains with one generator.

    The generator G(x, c) takes an image and the label of the domain to translate to. The
    discriminator has two heads: D_src, scores of patches, and D_cls, the domain. For an image x of
    domain c' and a target c, which comes from a permutation of the labels of the batch:

        D     E[D_src(G(x, c))] - E[D_src(x)] + 10 E[(|grad D_src(x^)| - 1)^2]     (equation 8)
              + classification_weight * E[-log D_cls(c' | x)]                      (equation 2)
        G     -E[D_src(G(x, c))] + classification_weight * E[-log D_cls(c | G(x, c))]  (equation 3)
              + cycle_weight * E[|x - G(G(x, c), c')|_1]                           (equation 4)

    with x^ on the line between x and G(x, c). An iteration takes 5 mini-batches: D is updated on
    each, then G once, on the last (section 4). D has no norms, and all padding is with zeros.

    Batches: `labelled`, images float32 (B, S, S, C) in [-1, 1] and int32 labels (B,). B is a
    multiple of `critic_steps`: the paper's 16 images a mini-batch are a batch of 80.

    Example:
        import numpy as np
        from tfi2i.zoo.multidomain.stargan import StarGAN

        images = np.random.randint(0, 256, (10, 64, 64, 3), np.uint8)  # your images
        labels = np.arange(10) % 2
        domains = ("summer", "winter")
        model = StarGAN(domains=domains, crop_size=64, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(images, labels, batch_size=10)
        picture = model.translate(images[0], direction="to_winter")
    """

    batch_kind = "labelled"
    # A critic with a gradient penalty keeps its slope however well it tells real from fake.
    discriminator_game = None

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of the discriminator on each mini-batch, then one of the generator."""
        parts = zip(*(mini_batches(part, self.critic_steps) for part in batch), strict=True)
        for step, (images, labels) in enumerate(parts):
            targets = self.target_labels(labels, site=2 * step)
            fake = self.generator([images, self.one_hot(targets)], training=True)
            discriminator_logs = self._update_discriminator(images, labels, fake, site=2 * step + 1)

        # The last mini-batch and its targets serve the generator too, as in the authors' code.
        with tf.GradientTape() as tape:
            fake = self.generator([images, self.one_hot(targets)], training=True)
            cycled = self.generator([fake, self.one_hot(labels)], training=True)
            scores, logits = self.discriminator(fake, training=True)
            adversarial_loss = losses.wasserstein_generator(scores)
            classification_loss = losses.classification(logits, targets)
            cycle_loss = losses.cycle(images, cycled)
            generator_loss = (
                adversarial_loss
                + self.classification_weight * classification_loss
                + self.cycle_weight * cycle_loss
            )
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            classification_loss=classification_loss,
            cycle_loss=cycle_loss,
            **discriminator_logs,
        )

    def _update_discriminator(
        self, images: tf.Tensor, labels: tf.Tensor, fake: tf.Tensor, *, site: int
    ) -> dict[str, tf.Tensor]:
        """One step on a mini-batch and its translations (equation 5); returns its logs."""
        mixing = uniform_for_each(images, self.noise_seed(site, per_replica=False))
        with tf.GradientTape() as tape:
            # One pass over both: without norms, no image of a batch depends on another.
            scores, logits = self.discriminator(tf.concat([images, fake], axis=0), training=True)
            real_scores, fake_scores = tf.split(scores, 2)
            real_logits, _ = tf.split(logits, 2)
            critic_loss = losses.wasserstein_critic(real_scores, fake_scores)
            real_classification_loss = losses.classification(real_logits, labels)
            gradient_penalty = losses.gradient_penalty(
                lambda between: self.discriminator(between, training=True)[0], images, fake, mixing
            )
            discriminator_loss = (
                critic_loss
                + self.gradient_penalty_weight * gradient_penalty
                + self.classification_weight * real_classification_loss
            )
        self.players["discriminator"].minimize(discriminator_loss, tape)
        return {
            "critic_loss": critic_loss,
            "gradient_penalty": gradient_penalty,
            "real_classification_loss": real_classification_loss,
        }

    def make_players(
        self,
        *,
        generator_learning_rate: float = 1e-4,
        discriminator_learning_rate: float = 1e-4,
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
        domains: tuple[str, ...] = (),
        crop_size: Size = 128,
        channels: int = 3,
        blocks: int = 6,
        filters: int = 64,
        upsampling: Literal["transposed", "nearest"] = "transposed",
        input_skip: bool = False,
        discriminator_filters: int = 64,
        discriminator_depth: int = 6,
        critic_steps: int = 5,
        classification_weight: float = 1.0,
        cycle_weight: float = 10.0,
        gradient_penalty_weight: float = 10.0,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "stargan",
        **kwargs,
    ):
        """Builds both networks; the defaults are the paper's.

        Args:
            domains: Names of the domains, in the order of their labels. A recipe may leave them
                out: training then takes the names of the images' folders.
            crop_size: Side of the training images in pixels, a multiple of
                2^`discriminator_depth`.
            channels: Channels of the images of all domains.
            blocks: Residual blocks of the generator.
            filters: Channels after the generator's first convolution.
            upsampling: Upsampling of the generator: `transposed` convolutions, or `nearest` and a
                convolution.
            input_skip: Whether the generator's last convolution sees the images too, so that what
                the label leaves as it is need not be drawn anew; not in the paper.
            discriminator_filters: Channels after the discriminator's first convolution.
            discriminator_depth: Its strided convolutions.
            critic_steps: Updates of the discriminator in an iteration.
            classification_weight: The paper's lambda_cls.
            cycle_weight: The paper's lambda_rec.
            gradient_penalty_weight: The paper's lambda_gp.
            diff_augment: For few images, what the discriminator sees is augmented: some of
                `colour`, `translation`, `cutout` (`networks.augmented`).
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.

        Raises:
            RecipeError: If there are fewer than two domains, or the images cannot be halved as
                often as the discriminator does.
        """
        super().__init__(
            domains=domains,
            critic_steps=critic_steps,
            crop_size=crop_size,
            seed=seed,
            name=name,
            **kwargs,
        )
        self.classification_weight = classification_weight
        self.cycle_weight = cycle_weight
        self.gradient_penalty_weight = gradient_penalty_weight
        self.generator = self._make_generator(
            channels=channels,
            blocks=blocks,
            filters=filters,
            upsampling=upsampling,
            input_skip=input_skip,
        )
        self.discriminator = networks.augmented(
            networks.stargan_discriminator(
                domains=len(domains),
                crop_size=crop_size,
                channels=channels,
                depth=discriminator_depth,
                filters=discriminator_filters,
            ),
            diff_augment,
        )

    def _make_generator(self, **options) -> keras.Model:
        return networks.stargan_generator(domains=len(self.domains), **options)
