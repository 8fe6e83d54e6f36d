"""Element editing: StarGAN that adds or removes one element (mask after Pumarola et al. 2018)."""

from typing import ClassVar, Literal

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.image_sizes import Size
from tfi2i.training import mini_batches
from tfi2i.zoo.multidomain.stargan import StarGAN


class ElementEditing(StarGAN):
    r"""Learns to add an element to images, and to take it away, so that they stay plausible.

    The domains are images with and without the element, unpaired. The generator gives a redrawn
    image C(x, c) and a mask M(x, c) of the region that it edits:

        G(x, c) = M * C + (1 - M) * x

    The discriminator and its loss are StarGAN's. With c' the domain of x and c the target:

        outside   E[(1 - M) |C - x|]       nothing changes outside the edited region
        area      E[M]                     every edited pixel has its price
        G         -E[D_src(G(x, c))] + classification_weight * E[-log D_cls(c | G(x, c))]
                  + cycle_weight * E[|x - G(G(x, c), c')|_1]
                  + outside_weight * outside + area_weight * area

    `outside` and `area` count for both passes, there and back. Without `area` the mask would be
    open everywhere; without `outside`, C could differ from x where M is almost closed.

    Batches: `labelled`, images float32 (B, S, S, C) in [-1, 1] and int32 labels (B,); B is a
    multiple of `critic_steps`.

    Example:
        import numpy as np
        from tfi2i.zoo.multidomain.element_editing import ElementEditing

        images = np.random.randint(0, 256, (10, 64, 64, 3), np.uint8)  # your images
        labels = np.arange(10) % 2
        domains = ("bare", "bearded")
        model = ElementEditing(domains=domains, crop_size=64, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(images, labels, batch_size=10)
        picture = model.translate(images[0], direction="to_bearded")
    """

    batch_kind = "labelled"
    keeps_most: ClassVar[bool] = True

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of the discriminator on each mini-batch, then one of the generator."""
        parts = zip(*(mini_batches(part, self.critic_steps) for part in batch), strict=True)
        for step, (images, labels) in enumerate(parts):
            targets = self.target_labels(labels, site=2 * step)
            edited, _, _ = self.generator([images, self.one_hot(targets)], training=True)
            discriminator_logs = self._update_discriminator(
                images, labels, edited, site=2 * step + 1
            )

        with tf.GradientTape() as tape:
            edited, content, mask = self.generator([images, self.one_hot(targets)], training=True)
            back, content_back, mask_back = self.generator(
                [edited, self.one_hot(labels)], training=True
            )
            scores, logits = self.discriminator(edited, training=True)
            adversarial_loss = losses.wasserstein_generator(scores)
            classification_loss = losses.classification(logits, targets)
            cycle_loss = losses.cycle(images, back)
            outside_loss = losses.outside(images, content, mask) + losses.outside(
                edited, content_back, mask_back
            )
            area_loss = tf.reduce_mean(mask) + tf.reduce_mean(mask_back)
            generator_loss = (
                adversarial_loss
                + self.classification_weight * classification_loss
                + self.cycle_weight * cycle_loss
                + self.outside_weight * outside_loss
                + self.area_weight * area_loss
            )
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            classification_loss=classification_loss,
            cycle_loss=cycle_loss,
            outside_loss=outside_loss,
            area_loss=area_loss,
            **discriminator_logs,
        )

    def __init__(
        self,
        *,
        domains: tuple[str, ...] = (),
        crop_size: Size = 128,
        channels: int = 3,
        blocks: int = 6,
        filters: int = 64,
        upsampling: Literal["transposed", "nearest"] = "transposed",
        discriminator_filters: int = 64,
        discriminator_depth: int = 6,
        critic_steps: int = 5,
        classification_weight: float = 1.0,
        cycle_weight: float = 10.0,
        gradient_penalty_weight: float = 10.0,
        outside_weight: float = 10.0,
        area_weight: float = 1.0,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "element_editing",
        **kwargs,
    ):
        """Builds both networks; the defaults that StarGAN shares are those of its paper.

        Args:
            domains: See `StarGAN`: here usually two, without the element and with it.
            crop_size: See `StarGAN`, as for all that is not below.
            channels: Channels of the images.
            blocks: Residual blocks of the generator.
            filters: Channels after the generator's first convolution.
            upsampling: Upsampling of the generator: `transposed` convolutions, or `nearest` and a
                convolution.
            discriminator_filters: Channels after the discriminator's first convolution.
            discriminator_depth: Its strided convolutions.
            critic_steps: Updates of the discriminator in an iteration.
            classification_weight: Weight of the cross-entropies of the domains.
            cycle_weight: Weight of the way there and back.
            gradient_penalty_weight: Weight of the discriminator's penalty.
            outside_weight: Weight of the reconstruction outside the edited region.
            area_weight: Weight of the edited share of the image.
            diff_augment: For few images, what the discriminator sees is augmented: some of
                `colour`, `translation`, `cutout` (`networks.augmented`).
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.

        Raises:
            RecipeError: As `StarGAN`.
        """
        super().__init__(
            domains=domains,
            crop_size=crop_size,
            channels=channels,
            blocks=blocks,
            filters=filters,
            upsampling=upsampling,
            discriminator_filters=discriminator_filters,
            discriminator_depth=discriminator_depth,
            critic_steps=critic_steps,
            classification_weight=classification_weight,
            cycle_weight=cycle_weight,
            gradient_penalty_weight=gradient_penalty_weight,
            diff_augment=diff_augment,
            seed=seed,
            name=name,
            **kwargs,
        )
        self.outside_weight = outside_weight
        self.area_weight = area_weight

    def _make_generator(self, *, input_skip: bool, **options) -> keras.Model:
        # There is no skip: the mask hands on what is not edited.
        return networks.editing_generator(domains=len(self.domains), **options)
