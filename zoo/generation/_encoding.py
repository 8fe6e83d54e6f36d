"""Base of the generators with a way back: an encoder that infers the latent of an image."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from tfi2i.data import evaluation_arrays, spread_evenly
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.metrics import evaluate
from tfi2i.metrics.codes import class_accuracies
from tfi2i.training.sheet import Column, Panel
from tfi2i.training.views import View
from tfi2i.zoo.generation._base import GenerationGAN
from tfi2i.zoo.translating import Translating

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.metrics import FeatureExtractor

_BATCH_SIZE = 64
# Training images whose latents teach the classifiers of `measure`, spread evenly over all.
_MOST_TAUGHT = 10_000


class EncodingGAN(Translating, GenerationGAN):
    """A generator with an encoder: images to latents, and back to images.

    `encode` infers latents, `reconstruct` draws their images; so does `translate`, of images of any
    size, which are resized to the training's.

    Attributes:
        encoder: Images (B, H, W, channels) -> latents (B, latent_length), or a list that begins
            with their means; the variant makes it.
    """

    encoder: keras.Model

    @property
    def views(self) -> dict[str, View]:
        """`sample` takes latents; `reconstruct` takes images of the training's size."""
        return {**super().views, "reconstruct": View(self._reconstruction, ("images",), reads="a")}

    @property
    def shipped_networks(self) -> list[keras.Model]:
        """Both."""
        return [self.generator, self.encoder]

    # Not plain attributes: Keras would take these views of two networks for further ones.
    @cached_property
    def _inference(self) -> keras.Model:
        return keras.Model(self.encoder.inputs[0], self.encoder.outputs[0], name="inference")

    @cached_property
    def _reconstruction(self) -> keras.Model:
        images = self.encoder.inputs[0]
        return keras.Model(images, self.generator(self._inference(images)), name="reconstruction")

    def encode(self, images: np.ndarray) -> np.ndarray:
        """The latents of images, where the encoder gives a distribution its mean.

        By the running averages where there are some.

        Args:
            images: Pixels (N, H, W, channels) of the training's size and depth.

        Returns:
            float32 (N, latent_length).

        Raises:
            DataError: They have another shape or depth.
        """
        self.value_ranges["a"].require(images, "encode")
        wanted = (*height_and_width(self.crop_size), self.channels)
        if images.ndim != 4 or images.shape[1:] != wanted or not len(images):
            shape = ", ".join(map(str, ("N", *wanted)))
            raise DataError(f"{self.name} encodes images ({shape}), not {images.shape}")
        floats = self.value_ranges["a"].to_float(images)
        with self.averaged_weights():
            parts = [
                np.asarray(self._inference(floats[i : i + _BATCH_SIZE], training=False))
                for i in range(0, len(floats), _BATCH_SIZE)
            ]
        return np.concatenate(parts).astype(np.float32)

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """The generator's images of the latents of images: pixels (N, H, W, channels).

        Raises:
            DataError: See `encode`.
        """
        return self.decode(self.encode(images))

    def sheet(
        self, source: "DataSource", *, split: str, size: Size, limit: int | None = None
    ) -> list[Panel]:
        """Samples, and beside them real images with their reconstructions."""
        samples = super().sheet(source, split=split, size=size, limit=limit)
        real = samples[0].real[0].images
        made = Column("reconstructed", self.reconstruct(real), real, self._range)
        given = Column("real", real, None, self._range)
        return [*samples, Panel([given], [made], aligned=True, may_copy=True)]

    def measure(
        self,
        source: "DataSource",
        *,
        split: str,
        size: Size,
        limit: int | None = None,
        extractor: "FeatureExtractor | None" = None,
        features: bool = True,
    ) -> dict[str, Any]:
        """Figures of samples, of reconstructions, and of what latents know of classes.

        `samples` also has `reconstruction_l1`, `reconstruction_psnr` and `reconstruction_ssim` of
        the held-out images, beside those of the mean training colour under `mean_colour`; and where
        classes are known `nearest_accuracy` and `linear_accuracy` of the latents
        (`tfi2i.metrics.codes`), beside those of the pixels under `pixels`.

        Raises:
            DataError: See `GenerationGAN.measure`.
        """
        figures = super().measure(
            source, split=split, size=size, limit=limit, extractor=extractor, features=features
        )
        real, _, _ = evaluation_arrays(source, split=split, size=size, limit=limit)
        training, _, _ = evaluation_arrays(source, split="train", size=size, limit=_MOST_TAUGHT)
        compared = evaluate(
            self.reconstruct,
            real,
            real,
            paired=True,
            features=False,
            training_b=training,
            value_ranges=(self._range, self._range),
        )
        figures["samples"] |= _of_reconstructions(compared["translated"])
        figures["mean_colour"] = _of_reconstructions(compared["mean_colour"])
        taught, asked = source.splits["train"].labels, source.splits[split].labels
        if taught is not None and asked is not None:
            taught = [taught[place] for place in spread_evenly(len(taught), _MOST_TAUGHT)]
            asked = [asked[place] for place in spread_evenly(len(asked), limit)]
            vectors = {
                "samples": (self.encode(training), self.encode(real)),
                "pixels": (training.reshape(len(training), -1), real.reshape(len(real), -1)),
            }
            for name, (known, unknown) in vectors.items():
                found = class_accuracies(known, taught, unknown, asked)
                figures[name] = {**figures.get(name, {}), **found}
        return figures


def _of_reconstructions(figures: dict[str, Any]) -> dict[str, Any]:
    return {
        f"reconstruction_{key}": figures[key] for key in ("l1", "psnr", "ssim") if key in figures
    }
