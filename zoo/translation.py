"""Base of the variants that turn an image into an image."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data import evaluation_arrays, training_images
from tfi2i.data.decode.pixels import check_pixels
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, as_size
from tfi2i.metrics import evaluate
from tfi2i.training.sheet import Column, Panel
from tfi2i.training.views import View
from tfi2i.zoo.translating import Translating

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.metrics import FeatureExtractor

# What the real images beside translations are: unpaired, or the truths in their order.
_WHAT_IT_IS = {False: "(real)", True: "(truth)"}
# Training images that take the place of test images of `b` where there are none.
_MOST_REFERENCES = 1000
# The parts of a source that a direction reads and makes, where these are not `a` and `b`.
_DOMAINS: dict[str, tuple[Literal["a", "b"], Literal["a", "b"]]] = {"b2a": ("b", "a")}


class TranslationGAN(Translating):
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
    def present_translators(self) -> dict[str, keras.Model]:
        """Those that have weights: all of them, but for a saved model that came without some."""
        translators = self.translators
        return {way: one for way, one in translators.items() if one.name not in self.absent}

    def do_without(self, names: Sequence[str]) -> bool:
        """Whether these are translators, and not the first; then it translates the other ways."""
        first, *others = (network.name for network in self.translators.values())
        if first in names or not set(names) <= set(others):
            return False
        self.absent = frozenset(names)
        return True

    @property
    def views(self) -> dict[str, View]:
        """Each translator, which takes images."""
        return {
            direction: View(network, ("images",), *_DOMAINS.get(direction, ("a", "b")))
            for direction, network in self.present_translators.items()
        }

    @property
    def shipped_networks(self) -> list[keras.Model]:
        """The translators."""
        return list(self.present_translators.values())

    def image_view(self, direction: str | None = None) -> View:
        """The view of one direction, None for the first.

        Raises:
            DataError: If the variant does not translate in this direction, or came without the
                weights for it.
        """
        if direction in self.translators and direction not in self.present_translators:
            raise DataError(
                f"the generator {direction} of this {self.name} is not there: its files had "
                f"{' and '.join(self.present_translators)} alone"
            )
        return super().image_view(direction)

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
            for direction in self.present_translators
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
            if "b2a" in self.present_translators:
                skipped["b2a"] = f"the part {split} has no images of b"
        if b is None:
            raise DataError(
                f"{source.name} has one domain of images ({source.kind}); a translator is measured "
                "against images of a second one"
            )
        return {"a": a, "b": b}, skipped
