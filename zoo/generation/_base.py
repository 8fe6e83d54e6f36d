"""Base of the variants that draw images from noise."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data import ValueRange, evaluation_arrays, spread_evenly
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, as_size, size_in_words
from tfi2i.metrics.samples import evaluate_samples
from tfi2i.training.gan import GAN
from tfi2i.training.sheet import Column, Panel
from tfi2i.training.views import View
from tfi2i.zoo.generation._latents import Latents, Prior

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.metrics import FeatureExtractor

_BATCH_SIZE = 64
# Columns of samples in a sheet: with as many rows as a run shows images.
_SHOWN = 4
# Training images in which copies are looked for, spread evenly over all.
_MOST_TRAINING = 20_000


class GenerationGAN(Latents):
    """A GAN with a generator of latents.

    `sample` draws images, `decode` makes those of given latents, and a sheet shows the images of
    the same latents all through a training. A generator that takes a condition beside each latent
    says so in `condition_kind`, `condition_length` and `conditions`.

    Attributes:
        channels: Of the images.
        generator: z (B, latent_length) -> images (B, H, W, channels) in [-1, 1]; with a condition
            [z, float32 (B, condition_length)] -> images. The variant makes it.
        condition_kind: What the generator takes beside z: one-hot `labels` of `label_names`, or the
            embeddings of `captions`; None for nothing.
        text_encoder: Who makes these embeddings.
    """

    measures_one_domain = True
    condition_kind: ClassVar[Literal["labels", "captions"] | None] = None
    text_encoder: str = ""
    generator: keras.Model

    def __init__(
        self,
        *,
        crop_size: Size = 64,
        channels: int = 3,
        latent_length: int = 100,
        latent_prior: Prior = "normal",
        seed: int = 0,
        name: str | None = None,
        **kwargs,
    ):
        """Takes what all generators have.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            channels: Channels of the images.
            latent_length: Components of the latent z.
            latent_prior: Its distribution, `normal` or `uniform` on [-1, 1].
            seed: See `GAN`.
            name: Name of the model; None for that of the variant.
            **kwargs: `dtype`, as for any Keras model.
        """
        name = self.settled("name", name or self.variant_name())
        super().__init__(seed=seed, name=name, **kwargs)
        self.crop_size = as_size(crop_size, "crop_size")
        self.channels = channels
        self.latent_length = latent_length
        self.latent_prior = latent_prior

    @property
    def image_channels(self) -> tuple[int, ...]:
        """Those of the images."""
        return (self.channels,)

    @property
    def views(self) -> dict[str, View]:
        """The generator, which takes latents, and perhaps a condition."""
        kind = self.condition_kind
        return {"sample": View(self.generator, ("latents", kind) if kind else ("latents",))}

    @property
    def condition_length(self) -> int:
        """Components of a condition; 0 where the generator takes none."""
        return 0

    @property
    def condition_names(self) -> tuple[str, ...]:
        """What the conditions that it knows by itself are called, in the order of `conditions`."""
        return ()

    def conditions(self, count: int, *, source: "DataSource | None" = None) -> np.ndarray | None:
        """Conditions for samples that are given none: float32 (count, condition_length).

        Args:
            count: How many.
            source: Images whose training part they are to resemble; None: evenly, the first ones
                the same for every count.

        Returns:
            None where the generator takes latents alone.
        """
        return None

    def classes_asked(self, conditions: np.ndarray | None) -> np.ndarray | None:
        """The class of the training images that each sample is meant to show: int64 (N,).

        None where conditions name no classes.
        """
        return None

    @property
    def shipped_networks(self) -> list[keras.Model]:
        """The generator."""
        return [self.generator]

    def call(self, inputs: Any, training: bool = False) -> tf.Tensor:
        """The generator: its inputs to images in [-1, 1], by the newest weights."""
        return self.generator(inputs, training=training)

    def predict(self, x: Any, **options: Any) -> Any:
        """Keras' `predict`: `call` in batches, by the running averages where there are some."""
        with self.averaged_weights():
            return super().predict(x, **options)

    def decode(self, latents: np.ndarray, condition: np.ndarray | None = None) -> np.ndarray:
        """The images of latents, by the running averages where there are some.

        Args:
            latents: (N, latent_length).
            condition: (N, condition_length), for a generator that takes one; None: `conditions`.

        Returns:
            Pixels (N, H, W, channels) of the depth that the model was trained with, uint8 where
            nothing else was stated.

        Raises:
            DataError: They have another shape, or the generator takes no condition.
        """
        latents = np.asarray(latents, np.float32)
        if latents.ndim != 2 or latents.shape[1] != self.latent_length or not len(latents):
            raise DataError(
                f"{self.name} takes latents (N, {self.latent_length}), not {latents.shape}"
            )
        inputs = [latents]
        condition = self.conditions(len(latents)) if condition is None else condition
        if condition is not None:
            inputs.append(self._checked_condition(condition, len(latents)))
        with self.averaged_weights():
            parts = [
                np.asarray(self.generator(_of_batch(inputs, start), training=False))
                for start in range(0, len(latents), _BATCH_SIZE)
            ]
        return self.value_ranges["a"].to_pixels(np.concatenate(parts))

    def _checked_condition(self, condition: np.ndarray, count: int) -> np.ndarray:
        condition = np.asarray(condition, np.float32)
        if self.condition_kind is None:
            raise DataError(f"{self.name} draws from latents alone, and takes no condition")
        if condition.shape != (count, self.condition_length):
            raise DataError(
                f"{self.name} takes {self.condition_kind} ({count}, {self.condition_length}) "
                f"beside {count} latents, not {condition.shape}"
            )
        return condition

    def sample(
        self, count: int = 16, *, seed: int = 0, truncation: float | None = None
    ) -> np.ndarray:
        """Draws images: pixels (count, H, W, channels); see `latents` and `decode`."""
        return self.decode(self.latents(count, seed=seed, truncation=truncation))

    def sheet(
        self, source: "DataSource", *, split: str, size: Size, limit: int | None = None
    ) -> list[Panel]:
        """Samples of latents that are always the same, beside real images of their size."""
        real, _, _ = evaluation_arrays(source, split=split, size=self.crop_size, limit=limit)
        samples = self.sample(_SHOWN * len(real))
        columns = [
            Column("samples" if number == 0 else "", samples[number::_SHOWN], real, self._range)
            for number in range(_SHOWN)
        ]
        return [Panel([], columns, [Column("real", real, None, self._range)])]

    @property
    def _range(self) -> ValueRange:
        return self.value_ranges["a"]

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
        """`tfi2i.metrics.samples.evaluate_samples` of as many samples as there are test images.

        Raises:
            DataError: If the source has no such split, the size is another than that of samples, or
                features are not asked for: without them sets of images cannot be compared.
        """
        if as_size(size, "size") != self.crop_size:
            raise DataError(
                f"{self.name} draws images of {size_in_words(self.crop_size)} px, and is measured "
                f"beside real ones of that size, not of {size}: --size crop"
            )
        if not features:
            raise DataError(f"samples of {self.name} are measured by features alone: take some")
        real, _, _ = evaluation_arrays(source, split=split, size=size, limit=limit)
        training, _, _ = evaluation_arrays(source, split="train", size=size, limit=_MOST_TRAINING)
        labels = source.splits["train"].labels
        if labels is not None:
            labels = [labels[place] for place in spread_evenly(len(labels), _MOST_TRAINING)]
        test_labels = source.splits[split].labels
        if test_labels is not None:
            test_labels = [test_labels[place] for place in spread_evenly(len(test_labels), limit)]
        conditions = self.conditions(len(real), source=source)
        return evaluate_samples(
            self.decode(self.latents(len(real)), conditions),
            real,
            training,
            labels=labels,
            classes=len(source.class_names),
            real_labels=test_labels,
            asked=self.classes_asked(conditions),
            extractor=extractor,
            value_range=self._range,
        )


def _of_batch(inputs: list[np.ndarray], start: int) -> Any:
    """The inputs of one batch of the generator, in the form that it takes them."""
    parts = [one[start : start + _BATCH_SIZE] for one in inputs]
    return parts if len(parts) > 1 else parts[0]


def generator_of(model: GAN) -> GenerationGAN:
    """The model as one that draws images from latents.

    Raises:
        DataError: If none of its views does.
    """
    if not any(view.takes[0] == "latents" for view in model.views.values()):
        raise DataError(
            f"{model.name} draws no images from noise: it translates some (tfi2i translate)"
        )
    return cast("GenerationGAN", model)
