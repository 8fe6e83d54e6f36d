"""Base of the variants that turn one image into many: a latent chooses among the translations.

Zhu et al. 2017 ("Toward Multimodal Image-to-Image Translation") compare four of them, which share
their networks.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal, Protocol, runtime_checkable

import keras
import numpy as np
import tensorflow as tf

from tfi2i import networks
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, height_and_width, shorter_side
from tfi2i.layers import FixedLatent
from tfi2i.training.replicas import draws_for_each
from tfi2i.training.sheet import Column
from tfi2i.training.views import View
from tfi2i.zoo.translation import TranslationGAN

_BATCH_SIZE = 16
# Translations of one image that a sheet shows.
_SHOWN_LATENTS = 3


@runtime_checkable
class TakesLatents(Protocol):
    """A model that gives many translations of one image, by a latent drawn from N(0, I)."""

    name: str
    crop_size: Size
    latent_length: int

    def sample(self, images: np.ndarray, latents: np.ndarray) -> np.ndarray:
        """Translates each image with its own latent."""
        ...

    def encode(self, images: np.ndarray) -> np.ndarray:
        """The latents that the encoder finds for outputs."""
        ...


class LatentTranslationGAN(TranslationGAN):
    """A GAN with a generator that takes an image and a latent z; the prior of z is N(0, I).

    Where one answer is needed (`translate`, evaluation, export), z is 0, the prior's mean: the
    answer is the same every time. `sample` and `diverse` give other answers. `translator_at` gives
    a generator of images alone, for any z, to export.

    Attributes:
        latent_length: Components of z.
        conditional: Whether discriminators see the input beside the output.
        generator: A U-Net, [images (B, H, W, C), latents (B, latent_length)] -> images.
        encoder: Images of `b` -> the latent, or its mean and log-variance; not in every variant.
    """

    def __init__(
        self,
        *,
        crop_size: Size,
        input_channels: int,
        output_channels: int,
        depth: int | None,
        filters: int,
        upsampling: Literal["transposed", "nearest"],
        dropout: float,
        latent_length: int,
        latent_at: Literal["input", "all"],
        conditional: bool,
        diff_augment: tuple[str, ...],
        seed: int,
        name: str,
        **kwargs,
    ):
        """Builds the generator; see `BicycleGAN` for the arguments, and `GAN`."""
        super().__init__(crop_size=crop_size, seed=seed, name=name, **kwargs)
        self.input_channels = input_channels
        self.output_channels = output_channels
        self.latent_length = latent_length
        self.conditional = conditional
        self.diff_augment = diff_augment
        self.generator = networks.unet(
            input_channels=input_channels,
            output_channels=output_channels,
            depth=self.settled("depth", depth or networks.unet_depth(crop_size)),
            filters=filters,
            max_filters=8 * filters,
            norm="instance",
            dropout=dropout,
            upsampling=upsampling,
            latent_length=latent_length,
            latent_at=latent_at,
            name="generator",
        )

    def make_encoder(
        self, kind: Literal["resnet", "cnn"], filters: int, *, variance: bool = True
    ) -> keras.Model:
        """Builds an encoder of outputs: images `b` -> the latent, or its mean and log-variance.

        Args:
            kind: A residual network or a plain convolutional one.
            filters: Channels of its first convolution.
            variance: Whether it gives the log-variance too.
        """
        return networks.latent_encoder(
            kind=kind,
            input_channels=self.output_channels,
            latent_length=self.latent_length,
            depth=max(2, shorter_side(self.crop_size).bit_length() - 4),
            filters=filters,
            variance=variance,
            name="encoder",
        )

    def make_discriminator(
        self, receptive_field: int, filters: int, name: str = "discriminator"
    ) -> keras.Model:
        """Builds a discriminator of patches at two scales, of `judged` images.

        Args:
            receptive_field: Receptive field of the finer scale, in pixels.
            filters: Channels of its first layer at that scale.
            name: Name of the network.
        """
        channels = (self.output_channels,)
        return networks.augmented(
            networks.patchgan(
                channels=(self.input_channels, *channels) if self.conditional else channels,
                receptive_field=receptive_field,
                filters=filters,
                norm="instance",
                scales=2,
                name=name,
            ),
            self.diff_augment,
        )

    @property
    def translators(self) -> dict[str, keras.Model]:
        """The generator at z = 0, from `a` to `b`."""
        return {"a2b": self._translator_at_the_mean}

    @cached_property
    def _translator_at_the_mean(self) -> keras.Model:
        # cached_property escapes Keras' tracking of attributes, which would count the weights
        # twice.
        return self.translator_at([0.0] * self.latent_length)

    @property
    def open_views(self) -> dict[str, View]:
        """`a2b`: an image and a latent; at z = 0 it is the translator."""
        return {"a2b": View(self._translator_at_any, ("images", "latents"), reads="a")}

    @cached_property
    def _translator_at_any(self) -> keras.Model:
        mean, taken = self._translator_at_the_mean, self.generator.inputs
        latent = keras.Input(taken[1].shape[1:], name="latent")
        asked = self.generator([mean.inputs[0], latent])
        model = keras.Model([mean.inputs[0], latent], [mean.outputs[0], asked], name="generators")
        model.size_multiple = self.generator.size_multiple
        return model

    def translator_at(self, latent: Sequence[float] | np.ndarray) -> keras.Model:
        """The generator with its latent fixed: a model of images alone, on the same weights.

        Args:
            latent: `latent_length` numbers.

        Raises:
            DataError: There is another number of them.
        """
        self._check_latents(np.asarray(latent)[None], 1)
        images = keras.Input(self.generator.input_shape[0][1:], name="image")
        output = self.generator([images, FixedLatent(list(latent), name="fixed_latent")(images)])
        model = keras.Model(images, output, name=self.generator.name)
        model.size_multiple = self.generator.size_multiple
        return model

    def sample(self, images: np.ndarray, latents: np.ndarray) -> np.ndarray:
        """Translates each image with its own latent.

        Args:
            images: Pixels (N, H, W, C) of domain `a`, of a size the generator takes.
            latents: (N, latent_length).

        Returns:
            Pixels (N, H, W, C_out) of domain `b`.

        Raises:
            DataError: The latents do not fit the images or the model.
        """
        a, b = self.value_ranges["a"], self.value_ranges["b"]
        a.require(images, "sample")
        self._check_latents(latents, len(images))
        latents = latents.astype(np.float32)
        with self.averaged_weights():
            parts = [
                np.asarray(
                    self.generator(
                        [a.to_float(images[i : i + _BATCH_SIZE]), latents[i : i + _BATCH_SIZE]],
                        training=False,
                    )
                )
                for i in range(0, len(images), _BATCH_SIZE)
            ]
        return b.to_pixels(np.concatenate(parts))

    def diverse(self, images: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
        """Several translations of each image, from latents drawn from the prior.

        Args:
            images: Pixels (N, H, W, C) of domain `a`, of a size the generator takes.
            count: Translations of each; the k-th has the same latent for all images.
            seed: Seed of the latents.

        Returns:
            Pixels (N, count, H, W, C_out) of domain `b`.
        """
        latents = np.random.default_rng(seed).standard_normal((count, self.latent_length))
        outputs = self.sample(np.repeat(images, count, axis=0), np.tile(latents, (len(images), 1)))
        return outputs.reshape(len(images), count, *outputs.shape[1:])

    def encode(self, images: np.ndarray) -> np.ndarray:
        """The latents that the encoder finds for outputs: with them `sample` paints the same way.

        Args:
            images: Pixels (N, H, W, C_out) of domain `b`, of the `crop_size`.

        Returns:
            (N, latent_length); the mean, where the encoder gives a Gaussian.

        Raises:
            DataError: The variant has no encoder, or the images have another size.
        """
        b = self.value_ranges["b"]
        b.require(images, "encode")
        encoder: keras.Model | None = getattr(self, "encoder", None)
        if encoder is None:
            raise DataError(f"{self.name} has no encoder: its latents can only be drawn")
        expected = (*height_and_width(self.crop_size), self.output_channels)
        if images.shape[1:] != expected:
            raise DataError(f"{self.name} encodes images {expected}, got {images.shape[1:]}")
        with self.averaged_weights():
            parts = [
                encoder(b.to_float(images[i : i + _BATCH_SIZE]), training=False)
                for i in range(0, len(images), _BATCH_SIZE)
            ]
        means = [part[0] if isinstance(part, list | tuple) else part for part in parts]
        return np.concatenate([np.asarray(mean) for mean in means])

    def made(self, images: np.ndarray, direction: str, real: np.ndarray | None) -> list[Column]:
        """Translations at a few latents, the same for all images."""
        samples = self.diverse(images, _SHOWN_LATENTS)
        first = f"a to b (at {_SHOWN_LATENTS} latents)"
        return [
            Column(first if number == 0 else "", samples[:, number], real, self.value_ranges["b"])
            for number in range(_SHOWN_LATENTS)
        ]

    def draw_latents(self, count: int, site: int) -> tf.Tensor:
        """This replica's share of N(0, I) draws for the global batch: (count, latent_length).

        Args:
            count: Latents for this replica.
            site: Distinguishes several draws in one iteration.
        """
        seed = self.noise_seed(site, per_replica=False)
        return draws_for_each(count, (self.latent_length,), seed)

    def judged(self, a: tf.Tensor, b: tf.Tensor) -> tf.Tensor | list[tf.Tensor]:
        """What a discriminator sees of a pair: both images, or b alone if it is not conditional."""
        return [a, b] if self.conditional else b

    def _check_latents(self, latents: np.ndarray, count: int) -> None:
        if latents.shape != (count, self.latent_length):
            raise DataError(
                f"{self.name} takes latents of shape {(count, self.latent_length)}, "
                f"got {latents.shape}"
            )
