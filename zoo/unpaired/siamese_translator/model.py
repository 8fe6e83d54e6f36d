"""The Siamese translator: a Siamese network as the discriminator of an unpaired translator.

The style part is the Siamese GAN, the content part TraVeLGAN's transformation vectors (Amodio and
Krishnaswamy 2019) without its third network.
"""

from typing import Literal

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size, shorter_side
from tfi2i.training import Player, gather_replicas, paper_adam
from tfi2i.zoo.translation import TranslationGAN


class SiameseTranslator(TranslationGAN):
    r"""Translates `a` to `b` with one generator G and one discriminator S, which outputs a vector.

    Style is magnitude: the closer S(x) lies to the origin, the more x looks like a `b`.

        triplet        S: E[max(0, |S(b)|^2 - |S(G(a))|^2 + margin)]          G: E[|S(G(a))|^2]
        least_squares  S: E[|S(b)|^2] + E[(|S(G(a))| - margin)^2]             G: the same

    Content is angle: for each pair of images in the batch the transformation vectors
    s_ij = S(a_i) - S(a_j) and t_ij = S(G(a_i)) - S(G(a_j)) shall point the same way, for both
    players:

        travel         content_weight * E[1 - cos(s_ij, t_ij)]

    Both are constraints on one vector space, since angle and magnitude are independent. Nothing
    cycles: there is one generator, in one direction. Spectral normalisation, attention and TTUR
    keep training stable.

    The angle alone is also kept by translations that hardly differ, and by an S that hardly tells
    its inputs apart. Against these trivial solutions TraVeLGAN has two more terms, which look at
    lengths:

        distance       distance_weight * E[|s_ij - t_ij|^2]                          S and G
        separation     separation_weight * E[max(0, separation_margin - |s_ij|)^2]   S alone

    S gives one vector for each patch (or one for the image, see `vectors`): style is the mean over
    patches, and content takes the vectors of all patches as one. Two terms that the article does
    not have keep a training steady; a weight of 0 leaves them out:

        identity       identity_weight * E[|G(b) - b|_1]                             G alone
        penalty        gradient_penalty_weight * E[|grad_b S(b)|^2]                  S alone

    Batches: `unpaired`, (a, b) float32 (B, H, W, C) in [-1, 1], at least two images in a batch.

    Example:
        import numpy as np
        from tfi2i.zoo.unpaired.siamese_translator import SiameseTranslator

        a, b = np.random.randint(0, 256, (2, 4, 32, 32, 3), np.uint8)  # your images
        model = SiameseTranslator(crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        picture = model.translate(a[0])
    """

    batch_kind = "unpaired"
    smallest_batch = 2

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One gradient step on S and one on G, from one pass of each."""
        a, b = batch
        with tf.GradientTape(persistent=True) as tape:
            if self.identity_weight:
                # G(a) and G(b) in one pass: the norm is per image.
                both = self.generator(tf.concat([a, b], axis=0), training=True)
                fake_b, same_b = tf.split(both, 2)
                identity_loss = losses.identity(b, same_b)
            else:
                fake_b = self.generator(a, training=True)
                identity_loss = tf.zeros(())
            # S has no batch statistics: one pass encodes all three batches, for both players.
            encoded = self.discriminator(tf.concat([a, b, fake_b], axis=0), training=True)
            encoded_a, encoded_b, encoded_fake = tf.split(encoded, 3)
            # Style is judged patch by patch, content over all patches of an image together, and
            # content couples the images of the whole batch, so replicas exchange their vectors.
            b_vectors, fake_vectors = _of_patches(encoded_b), _of_patches(encoded_fake)
            all_a_content = gather_replicas(_of_images(encoded_a))
            all_fake_content = gather_replicas(_of_images(encoded_fake))
            travel_loss = losses.travel_cosine(all_a_content, all_fake_content)
            distance_loss = losses.travel_distance(all_a_content, all_fake_content)
            separation_loss = losses.separation(all_a_content, margin=self.separation_margin)
            content_loss = self.content_weight * travel_loss + self.distance_weight * distance_loss

            if self.style == "triplet":
                discriminator_style_loss = losses.triplet_discriminator(
                    b_vectors, fake_vectors, margin=self.margin
                )
            else:
                discriminator_style_loss = losses.least_squares_vector_discriminator(
                    b_vectors, fake_vectors, margin=self.margin
                )
            gradient_penalty = self._gradient_penalty(b)
            discriminator_loss = (
                discriminator_style_loss
                + content_loss
                + self.separation_weight * separation_loss
                + self.gradient_penalty_weight * gradient_penalty
            )
            style_loss = losses.vector_generator(fake_vectors)
            generator_loss = style_loss + content_loss + self.identity_weight * identity_loss

        self.players["discriminator"].minimize(discriminator_loss, tape)
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            style_loss=style_loss,
            travel_loss=travel_loss,
            distance_loss=distance_loss,
            separation_loss=separation_loss,
            gradient_penalty=gradient_penalty,
            identity_loss=identity_loss,
            discriminator_loss=discriminator_loss,
            discriminator_style_loss=discriminator_style_loss,
        )

    def _gradient_penalty(self, b: tf.Tensor) -> tf.Tensor:
        if not self.gradient_penalty_weight:
            return tf.zeros(())
        seed = self.noise_seed(0, per_replica=False)
        direction = tf.random.stateless_normal((self.discriminator.output_shape[-1],), seed)
        # training=False, because spectral normalisation has already made this step's power
        # iteration.
        return losses.vector_gradient_penalty(
            lambda images: self.discriminator(images, training=False), b, direction
        )

    def make_players(
        self,
        *,
        generator_learning_rate: float = 4e-4,
        discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        ema_decay: float | None = 0.999,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`.

        Args:
            generator_learning_rate: TTUR (Heusel et al. 2017) the other way round: at the rates of
                SAGAN, 1e-4 and 4e-4, S wins within hundreds of iterations.
            discriminator_learning_rate: Half of it.
            beta_1: First-moment decay of Adam.
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
        crop_size: Size = 256,
        input_channels: int = 3,
        output_channels: int = 3,
        depth: int | None = None,
        filters: int = 64,
        upsampling: Literal["transposed", "nearest"] = "nearest",
        input_skip: bool = True,
        discriminator_depth: int = 4,
        discriminator_filters: int = 64,
        vectors: Literal["patches", "image"] = "patches",
        vector_length: int = 128,
        style: Literal["triplet", "least_squares"] = "least_squares",
        margin: float = 1.0,
        content_weight: float = 3.0,
        distance_weight: float = 3.0,
        identity_weight: float = 1.0,
        separation_weight: float = 3.0,
        separation_margin: float = 0.25,
        gradient_penalty_weight: float = 0.5,
        attention: bool = True,
        spectral: bool = True,
        generator_spectral: bool = False,
        padding: Literal["same", "reflect"] = "reflect",
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "siamese_translator",
        **kwargs,
    ):
        """Builds G and S.

        The article states no sizes and no weights. The defaults are those of recipe `full_256`,
        whose training was measured: with the article's spectral normalisation of G, TraVeLGAN's
        weights of 10, zero padding and no terms beside the article's, S won.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            input_channels: Channels of `a`; S sees both domains, so `b` has as many.
            output_channels: Channels of `b`.
            depth: Down-samplings of the U-Net; None goes down to a 4x4 map.
            filters: Channels after the first down-sampling of the U-Net.
            upsampling: Upsampling of the U-Net: `transposed` convolutions, or `nearest` and a
                convolution, which cannot answer S with periodic patterns.
            input_skip: Whether the U-Net's last convolution sees the image itself. With `nearest`
                upsampling detail of single pixels reaches the translation in no other way.
            discriminator_depth: Strided convolutions of S.
            discriminator_filters: Channels of S's first layer.
            vectors: `patches` takes S as fully convolutional, with a vector for each patch of the
                image: style is the mean over patches, as in a PatchGAN, and content the angle of
                all of them together. `image` ends S in one convolution over the whole image.
            vector_length: Length of a vector, the article's VecLen.
            style: Form of S's style objective.
            margin: How far from the origin S pushes translations: a squared distance for
                `triplet`, a distance for `least_squares`.
            content_weight: Weight of the angle between transformation vectors, for both players.
            distance_weight: Weight of the distance between transformation vectors, for both
                players.
            identity_weight: Weight of |G(b) - b|_1, which keeps a short training from settling on
                patterns that no image has; 0, as in the article, leaves it out.
            separation_weight: Weight of the hinge that keeps the vectors of different `a` apart.
            separation_margin: The distance that the hinge asks for. Vectors far from each other
                cannot all lie near the origin: it must be small beside `margin`.
            gradient_penalty_weight: Weight of R1 (Mescheder et al. 2018) on S at real images, which
                keeps S from winning in a few hundred iterations; 0, as in the article, leaves it
                out.
            attention: Self-attention in G and in S, at a quarter of the image's side.
            spectral: Spectral normalisation of the convolution kernels of S.
            generator_spectral: Spectral normalisation of the convolution kernels of G.
            padding: Padding of both networks' convolutions: "same", with zeros, or "reflect",
                without which G may answer S with a frame around the picture.
            diff_augment: For few images, what the discriminator sees is augmented: some of
                `colour`, `translation`, `cutout` (`networks.augmented`).
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.

        Raises:
            RecipeError: If the domains differ in channels, or `style` or `vectors` is unknown.
        """
        super().__init__(crop_size=crop_size, seed=seed, name=name, **kwargs)
        if input_channels != output_channels:
            raise RecipeError(
                "one discriminator encodes both domains, so they need equal channels, got "
                f"{input_channels} and {output_channels}"
            )
        if style not in ("triplet", "least_squares"):
            raise RecipeError(f"model.style is 'triplet' or 'least_squares', got {style!r}")
        if vectors not in ("patches", "image"):
            raise RecipeError(f"model.vectors is 'patches' or 'image', got {vectors!r}")
        self.style = style
        self.margin = margin
        self.content_weight = content_weight
        self.distance_weight = distance_weight
        self.identity_weight = identity_weight
        self.separation_weight = separation_weight
        self.separation_margin = separation_margin
        self.gradient_penalty_weight = gradient_penalty_weight
        attention_at = (2,) if attention else ()
        self.generator = networks.unet(
            input_channels=input_channels,
            output_channels=output_channels,
            depth=self.settled("depth", depth or shorter_side(crop_size).bit_length() - 3),
            filters=filters,
            max_filters=8 * filters,
            norm="instance",
            dropout=0.0,
            upsampling=upsampling,
            input_skip=input_skip,
            attention_at=attention_at,
            spectral=generator_spectral,
            padding=padding,
            name="generator",
        )
        self.discriminator = networks.augmented(
            networks.siamese_encoder(
                input_channels=output_channels,
                vector_length=vector_length,
                image_size=crop_size if vectors == "image" else None,
                pooled=False,
                depth=discriminator_depth,
                filters=discriminator_filters,
                max_filters=8 * discriminator_filters,
                attention_at=attention_at,
                spectral=spectral,
                padding=padding,
                name="discriminator",
            ),
            diff_augment,
        )

    @property
    def discriminator_game(self) -> tuple[str, float]:
        """The triplet loss when all vectors have the same magnitude: the margin."""
        chance = self.margin if self.style == "triplet" else self.margin**2 / 2
        return "discriminator_style_loss", chance

    @property
    def translators(self) -> dict[str, keras.Model]:
        """The generator, from `a` to `b`."""
        return {"a2b": self.generator}


def _of_patches(encoded: tf.Tensor) -> tf.Tensor:
    """(B, h, w, V) -> (B h w, V): every patch's vector."""
    return tf.reshape(encoded, (-1, encoded.shape[-1]))


def _of_images(encoded: tf.Tensor) -> tf.Tensor:
    """(B, h, w, V) -> (B, h w V): an image's vectors as one, with their mean squared length."""
    patches = encoded.shape[1] * encoded.shape[2]
    return tf.reshape(encoded, (-1, patches * encoded.shape[3])) / patches**0.5
