"""Base of the variants that turn an image into an image."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data import evaluation_arrays, training_images
from tfi2i.data.decode.pixels import check_pixels
from tfi2i.data.decode.values import ValueRanges
from tfi2i.data.scale import Scale, scale_factor
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, as_size
from tfi2i.inference.sizes import mirrored_to_fit
from tfi2i.metrics import evaluate
from tfi2i.training.gan import GAN
from tfi2i.training.sheet import Column, Panel
from tfi2i.training.views import View

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.metrics import FeatureExtractor

# What the real images beside translations are: unpaired, or the truths in their order.
_WHAT_IT_IS = {False: "(real)", True: "(truth)"}
# Training images that take the place of test images of `b` where there are none.
_MOST_REFERENCES = 1000


class TranslationGAN(GAN):
    """A GAN with generators that take images.

    Attributes:
        crop_size: Side of the training images in pixels, or (height, width).
        keeps_most: Whether most of an image stays as it is: then an output that resembles its input
            is no sign of failure.
    """

    keeps_most: ClassVar[bool] = False

    def __init__(self, *, crop_size: Size, **kwargs):
        """See `GAN`; `crop_size` is the side of the training images, or (height, width)."""
        super().__init__(**kwargs)
        self.crop_size = as_size(crop_size, "crop_size")

    @property
    def translators(self) -> dict[str, keras.Model]:
        """Direction to its generator, a functional model from images to images.

        Directions are `a2b`, `b2a` where the variant learns it, or `to_<domain>` for each of many.
        """
        raise NotImplementedError(f"{type(self).__name__} names no translators")

    @property
    def views(self) -> dict[str, View]:
        """Each translator, which takes images."""
        return {
            direction: View(network, ("images",), reads=domain_read(direction))
            for direction, network in self.translators.items()
        }

    @property
    def shipped_networks(self) -> list[keras.Model]:
        """The translators."""
        return list(self.translators.values())

    def translator(self, direction: str | None = None) -> keras.Model:
        """The generator of one direction, None for the first.

        Raises:
            DataError: If the variant does not translate in this direction.
        """
        translators = self.translators
        direction = direction or next(iter(translators))
        if direction not in translators:
            known = " and ".join(translators)
            raise DataError(f"{self.name} translates {known}, not {direction!r}")
        return translators[direction]

    @property
    def image_channels(self) -> tuple[int, ...]:
        """Shapes of the first translator's input and output."""
        first = self.translator()
        return (int(first.input_shape[-1]), int(first.output_shape[-1]))

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Translates a batch in the first direction, by the newest weights.

        Args:
            inputs: Whole pixels of domain `a`, or float32 in [-1, 1], (B, H, W, C).
            training: Whether dropout and batch statistics work as in training.

        Returns:
            float32 (B, H, W, C_out) in [-1, 1].
        """
        a = self.value_ranges["a"]
        images = a.to_float(inputs) if a.is_whole and inputs.dtype == a.dtype else inputs
        return self.translator()(images, training=training)

    def predict(self, x: Any, **options: Any) -> Any:
        """Keras' `predict`: `call` in batches, by the running averages where there are some.

        Raises:
            DataError: The images, of a dataset those of the first batch, are neither pixels of the
                depth of domain `a` nor floats in [-1, 1].
        """
        for first in x.take(1) if isinstance(x, tf.data.Dataset) else [x]:
            images = first[0] if isinstance(first, tuple) else first
            check_pixels(images, "predict", self.value_ranges["a"].dtype)
        with self.averaged_weights():
            return super().predict(x, **options)

    def predict_on_batch(self, x: Any) -> Any:
        """`predict` for one batch."""
        check_pixels(x, "predict_on_batch", self.value_ranges["a"].dtype)
        with self.averaged_weights():
            return super().predict_on_batch(x)

    def translate(
        self,
        image: np.ndarray | str | Path,
        *,
        direction: str | None = None,
        tile: Size | None = None,
        scale: Scale = "trained",
    ) -> np.ndarray:
        """Translates one image of any size.

        Args:
            image: Pixels (H, W, C) of the depth that the model was trained with (uint8, if nothing
                else was stated), or the path of a file that has it.
            direction: See `translators`; None takes the first.
            tile: Size of tiles that are translated one by one and blended, in pixels: the side of
                a square or (height, width); None for the image as one, as exported files translate
                it. See `translate_image`.
            scale: Factor for the image's sides before it is translated: "trained" for the factor of
                the training images, "fit" for as many pixels as whole images had in training, or a
                number; 1 keeps the image's pixels. See `tfi2i.data.scale`.

        Returns:
            Pixels (H, W, C_out) of the depth of the other domain, in the image's own size at every
            scale.
        """
        from tfi2i.data import read_pixels
        from tfi2i.inference.translate import translate_image

        generator = self.translator(direction)
        domain, ranges = domain_read(direction), self.ranges_of(direction)
        if not isinstance(image, np.ndarray):
            channels = generator.input_shape[-1]
            image = read_pixels(image, channels=channels, value_range=ranges[0])
        ranges[0].require(image, "translate")
        height, width = image.shape[:2]
        factor = scale_factor(scale, self.trained_scale, height=height, width=width, domain=domain)
        with self.averaged_weights():
            return translate_image(generator, image, tile=tile, scale=factor, value_ranges=ranges)

    def translate_files(
        self,
        inputs: Sequence[str | Path],
        out_dir: str | Path,
        *,
        direction: str | None = None,
        tile: Size | None = None,
        scale: Scale = "trained",
        **options,
    ) -> list[Path]:
        """Translates image files into a folder.

        Args:
            inputs: Files, folders and globs.
            out_dir: Where the translations go; it is made if need be.
            direction: The same as for `translate`.
            tile: The same as for `translate`.
            scale: The same as for `translate`.
            **options: See `tfi2i.inference.files.translate_files`.

        Returns:
            The written files.
        """
        from tfi2i.inference.files import translate_files

        with self.averaged_weights():
            return translate_files(
                self.translator(direction),
                inputs,
                out_dir,
                tile=tile,
                scale=scale,
                trained=self.trained_scale,
                domain=domain_read(direction),
                value_ranges=self.ranges_of(direction),
                may_be_pairs=self.batch_kind == "paired",
                **options,
            )

    def ranges_of(self, direction: str | None) -> ValueRanges:
        """The value ranges of what a direction reads and makes."""
        return self.value_ranges[domain_read(direction)], self.value_ranges[domain_made(direction)]

    def translate_batch(self, images: np.ndarray, *, direction: str | None = None) -> np.ndarray:
        """Translates pixels (N, H, W, C), each image whole; pixels out.

        Rows and columns that a generator needs beyond the images are mirrored, and cut off again.

        Raises:
            DataError: The images are not pixels of the depth that the model was trained with, uint8
                where nothing else was stated.
        """
        taken, made = self.ranges_of(direction)
        taken.require(images, "translate_batch")
        generator = self.translator(direction)
        height, width = images.shape[1:3]
        fitting = mirrored_to_fit(images, generator.size_multiple)
        with self.averaged_weights():
            parts = [
                np.asarray(generator(taken.to_float(fitting[i : i + 16]), training=False))
                for i in range(0, len(images), 16)
            ]
        return made.to_pixels(np.concatenate(parts)[:, :height, :width])

    def sheet(
        self, source: "DataSource", *, split: str, size: Size, limit: int | None = None
    ) -> list[Panel]:
        """Images of each domain that is translated, their translations, and the other domain."""
        a, b, _ = evaluation_arrays(source, split=split, size=size, limit=limit)
        aligned = b is not None and source.is_aligned(split)
        names, what_it_is = {"a": "a", "b": "b"}, _WHAT_IT_IS[aligned]
        if source.lacks_b(split):
            # Inputs alone: beside them, what images of `b` look like.
            _, b, _ = evaluation_arrays(source, split="train", size=size, limit=limit)
            what_it_is = "(training)"
            names["b"] = f"b {what_it_is}"
        domains = {"a": a} if b is None else {"a": a, "b": b}
        panels, ranges = [], self.value_ranges
        for direction, view in self.views.items():
            domain = view.reads or "a"
            images, other = domains[domain], "b" if domain == "a" else "a"
            real = domains.get(other)
            panels.append(
                Panel(
                    [
                        Column(
                            names[domain] if real is not None else "input",
                            images,
                            None,
                            ranges[domain],
                        )
                    ],
                    self.made(images, direction, real),
                    []
                    if real is None
                    else [Column(f"{other} {what_it_is}", real, None, ranges[other])],
                    aligned=aligned,
                    may_copy=self.keeps_most,
                )
            )
        return panels

    def made(self, images: np.ndarray, direction: str, real: np.ndarray | None) -> list[Column]:
        """The columns of a sheet that show what one direction makes of pixels."""
        name = {"a2b": "a to b", "b2a": "b to a"}.get(direction, direction)
        made = self.translate_batch(images, direction=direction)
        return [Column(name, made, real, self.ranges_of(direction)[1])]

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
        """`tfi2i.metrics.evaluate` from `a` to `b`; `b2a` has the same for the way back.

        Where the part has images of `a` alone, their translations are compared as a set with
        training images of `b`, and `skipped` says so.

        Raises:
            DataError: If the source does not have two domains, or no such split.
        """
        domains, skipped = self._images_to_measure(source, split, size, limit)
        figures = {
            direction: evaluate(
                partial(self.translate_batch, direction=direction),
                domains[direction[0]],
                domains[direction[-1]],
                paired=source.is_aligned(split),
                training_b=training_images(source, direction[-1], size),
                value_ranges=self.ranges_of(direction),
                extractor=extractor,
                features=features,
            )
            for direction in self.translators
            if direction not in skipped
        }
        forth = figures.pop("a2b")
        return {**forth, "skipped": {**skipped, **forth["skipped"]}, **figures}

    def _images_to_measure(
        self, source: "DataSource", split: str, size: Size, limit: int | None
    ) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Images of `a` and of `b`; and what they cannot show -> why."""
        a, b, _ = evaluation_arrays(source, split=split, size=size, limit=limit)
        skipped = {}
        if source.lacks_b(split):
            _, b, _ = evaluation_arrays(source, split="train", size=size, limit=_MOST_REFERENCES)
            skipped["truth"] = (
                f"the part {split} has images of a alone; their translations are compared with "
                "training images of b, as sets"
            )
            if "b2a" in self.translators:
                skipped["b2a"] = f"the part {split} has no images of b"
        if b is None:
            raise DataError(
                f"{source.name} has one domain of images ({source.kind}); a translator is measured "
                "against images of a second one"
            )
        return {"a": a, "b": b}, skipped


def translator_of(model: GAN) -> TranslationGAN:
    """The model as one that translates images.

    Raises:
        DataError: If its main view does not take images alone.
    """
    main = next(iter(model.views.values()), None)
    if main is None or main.takes != ("images",):
        draws = main is not None and "latents" in main.takes
        way = (
            "tfi2i sample draws its images" if draws else "what it made is among its run's samples"
        )
        raise DataError(f"{model.name} has no generator that translates images; {way}")
    return cast("TranslationGAN", model)


def domain_read(direction: str | None) -> Literal["a", "b"]:
    """The part of a source, `a` or `b`, whose images a direction translates."""
    return "b" if direction == "b2a" else "a"


def domain_made(direction: str | None) -> Literal["a", "b"]:
    """The part of a source, `a` or `b`, of which a direction makes images."""
    return "a" if direction == "b2a" else "b"
