"""CUT: Contrastive Learning for Unpaired Image-to-Image Translation (Park et al. 2020)."""

from functools import partial
from typing import ClassVar

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size
from tfi2i.training import Player, paper_adam
from tfi2i.training.replicas import random_order
from tfi2i.zoo.translation import TranslationGAN


class CUT(TranslationGAN):
    r"""Learns to translate `a` to `b` from images that are not paired, in one direction alone.

    Generator G, discriminator D, and projectors H, one for each of several layers of G's first
    half. A place in the translation shall resemble the same place in the input more than other
    places of that input. z = H(G_enc(x)) of length 1 at some places; with q from the translation,
    and the key k+ from the input at q's place among all keys k_n (equations 2 and 3):

        PatchNCE(x, y)  E[-log( exp(q . k+ / temperature) / sum_n exp(q . k_n / temperature) )]
        D               (E[(D(b) - 1)^2] + E[D(G(a))^2]) / 2
        G and H         E[(D(G(a)) - 1)^2] + contrastive_weight * PatchNCE(a, G(a))
                            + identity_weight * PatchNCE(b, G(b))                    (equation 4)

    Gradients reach G and H by the queries, and not by the keys.

    Batches: `unpaired`, (a, b) float32 (B, H, W, C) in [-1, 1], drawn independently.

    Example:
        import numpy as np
        from tfi2i.zoo.unpaired.cut import CUT

        a, b = np.random.randint(0, 256, (2, 4, 32, 32, 3), np.uint8)  # your images
        model = CUT(crop_size=32, blocks=1, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        picture = model.translate(a[0])
    """

    batch_kind = "unpaired"
    discriminator_game: ClassVar = ("discriminator_loss", 0.25)

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One gradient step on D, and one on G and H, from one pass of D."""
        a, b = batch
        with tf.GradientTape(persistent=True) as tape:
            # G(a) and G(b) in one pass: the norm is per image. On its way G makes the keys.
            given = tf.concat([a, b], axis=0) if self.identity_weight else a
            *keys, made = self.generator_and_encoder(given, training=True)
            queries = self.encoder(made, training=True)
            if self.identity_weight:
                (keys, keys_b), (queries, queries_b) = _halves(keys), _halves(queries)
                made = tf.split(made, 2)[0]
                identity_loss = self._patch_contrast(queries_b, keys_b, site=1)
            else:
                identity_loss = tf.zeros(())
            contrastive_loss = self._patch_contrast(queries, keys, site=0)

            # One pass of D serves both players: G steps against D as it was before this step's
            # update, where the authors' code evaluates D once more.
            real_scores = self.discriminator(b, training=True)
            fake_scores = self.discriminator(made, training=True)
            # Halved, as in the authors' code.
            discriminator_loss = 0.5 * losses.least_squares_discriminator(real_scores, fake_scores)
            adversarial_loss = losses.least_squares_generator(fake_scores)
            generator_loss = (
                adversarial_loss
                + self.contrastive_weight * contrastive_loss
                + self.identity_weight * identity_loss
            )

        self.players["discriminator"].minimize(discriminator_loss, tape)
        self.players["generator"].minimize(generator_loss, tape)
        self.players["projector"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            contrastive_loss=contrastive_loss,
            identity_loss=identity_loss,
            discriminator_loss=discriminator_loss,
        )

    def _patch_contrast(
        self, query_maps: list[tf.Tensor], key_maps: list[tf.Tensor], *, site: int
    ) -> tf.Tensor:
        """PatchNCE, the mean over the layers, of some random places in each."""
        sites = range(site * len(key_maps), (site + 1) * len(key_maps))
        places = [
            self._places(keys, self.noise_seed(number, per_replica=False))
            for number, keys in zip(sites, key_maps, strict=True)
        ]
        queries = self.projector(list(map(_channels_at, query_maps, places)), training=True)
        keys = self.projector(list(map(_channels_at, key_maps, places)), training=True)
        contrast = partial(losses.patch_contrast, temperature=self.temperature)
        return tf.add_n(list(map(contrast, queries, keys))) / len(keys)

    def _places(self, maps: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Indices (N,) into the H * W places of maps (B, H, W, C)."""
        return random_order(maps.shape[1] * maps.shape[2], seed)[: self.patches]

    def make_players(
        self,
        *,
        generator_learning_rate: float = 2e-4,
        discriminator_learning_rate: float = 2e-4,
        projector_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator`, `discriminator` and `projector`.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            discriminator_learning_rate: Learning rate of the paper's Adam.
            projector_learning_rate: Learning rate of the paper's Adam for H.
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
            "projector": Player([self.projector], paper_adam(projector_learning_rate, beta_1)),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 256,
        a_channels: int = 3,
        b_channels: int = 3,
        blocks: int | None = None,
        filters: int = 64,
        receptive_field: int = 70,
        discriminator_filters: int = 64,
        projector_filters: int = 256,
        patches: int = 256,
        temperature: float = 0.07,
        contrastive_weight: float = 0.5,
        identity_weight: float = 0.5,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "cut",
        **kwargs,
    ):
        """Builds the players' networks; the defaults are the paper's.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            a_channels: Channels of `a`.
            b_channels: Channels of `b`.
            blocks: Residual blocks of G; None takes 9 from 256 pixels on (of the shorter side) and
                6 below.
            filters: Channels after the first convolution of G.
            receptive_field: Receptive field of the PatchGAN in pixels: 1, 16, 34, 70, 142 or 286.
            discriminator_filters: Channels of the PatchGAN's first layer.
            projector_filters: Channels of both layers of each projector.
            patches: Places of an image that are compared in each layer, at most all.
            temperature: Cosines are divided by it.
            contrastive_weight: Of PatchNCE(a, G(a)). The paper's 1 for both terms is halved, as in
                the authors' code.
            identity_weight: Of PatchNCE(b, G(b)); 0 turns it off. It needs as many channels in `a`
                as in `b`.
            diff_augment: For few images, what D sees is augmented: some of
                `colour`, `translation`, `cutout` (`networks.augmented`).
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.

        Raises:
            RecipeError: The domains differ in channels: G's first half reads its own translations.
        """
        super().__init__(crop_size=crop_size, seed=seed, name=name, **kwargs)
        if a_channels != b_channels:
            raise RecipeError(
                f"one network encodes images of {a_channels} and {b_channels} channels: give both "
                "domains equal channels (data.channels)"
            )
        self.patches = patches
        self.temperature = temperature
        self.contrastive_weight = contrastive_weight
        self.identity_weight = identity_weight
        # The paper's networks are CycleGAN's. The authors' code also blurs before each halving and
        # after each doubling, which the paper does not mention; here the networks are CycleGAN's
        # as they are, so that the two can be compared.
        self.generator = networks.resnet(
            input_channels=a_channels,
            output_channels=b_channels,
            blocks=self.settled("blocks", blocks or networks.resnet_blocks(crop_size)),
            filters=filters,
            name="generator",
        )
        self.discriminator = networks.augmented(
            networks.patchgan(
                channels=(b_channels,),
                receptive_field=receptive_field,
                filters=discriminator_filters,
                norm="instance",
                name="discriminator",
            ),
            diff_augment,
        )
        maps = networks.resnet_encoder_maps(self.generator)
        self.encoder = keras.Model(self.generator.input, maps, name="encoder")
        self.generator_and_encoder = keras.Model(
            self.generator.input, [*maps, self.generator.output], name="generator_and_encoder"
        )
        self.projector = networks.patch_projector(
            [one.shape[-1] for one in maps], filters=projector_filters, name="projector"
        )

    @property
    def translators(self) -> dict[str, keras.Model]:
        """The generator, from `a` to `b`."""
        return {"a2b": self.generator}


def _channels_at(maps: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """(B, H, W, C) -> (B, N, C), at N places of all H * W, the same in all images."""
    flat = tf.reshape(maps, (-1, maps.shape[1] * maps.shape[2], maps.shape[3]))
    return tf.gather(flat, places, axis=1)


def _halves(maps: list[tf.Tensor]) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """Of maps of a and b, one after the other, those of a and those of b."""
    both = [tf.split(one, 2) for one in maps]
    return [a for a, _ in both], [b for _, b in both]
