"""Base of the generators that take the class of an image beside a latent."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i import networks
from tfi2i.data import evaluation_arrays, spread_evenly
from tfi2i.errors import DataError, RecipeError
from tfi2i.image_sizes import Size
from tfi2i.training.replicas import draws_for_each
from tfi2i.training.sheet import Column, Panel
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN

if TYPE_CHECKING:
    from tfi2i.data import DataSource

Labels = int | str | Sequence[int | str]

# Columns of a sheet, which has one for each class.
_MOST_SHOWN = 10


class LabelGAN(ConvolutionalGAN):
    """A generator G(z, c) of a latent and a one-hot label; `label_names` says of which classes.

    Attributes:
        generator: [z (B, latent_length), one-hot labels (B, classes)] -> images in [-1, 1].
    """

    condition_kind = "labels"

    @property
    def condition_length(self) -> int:
        """The number of classes."""
        return len(self.label_names)

    @property
    def condition_names(self) -> tuple[str, ...]:
        """The classes."""
        return tuple(self.label_names)

    def make_generator(self, depth: int, filters: int) -> keras.Model:
        """DCGAN's generator, of latent and label one behind the other."""
        return networks.dcgan_generator(
            latent_length=self.latent_length,
            label_length=len(self.label_names),
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
        )

    def one_hot(self, labels: tf.Tensor) -> tf.Tensor:
        """Class numbers (B,) as the vectors (B, classes) that the networks take."""
        return tf.one_hot(labels, len(self.label_names))

    def draw_labels(self, count: int, site: int) -> tf.Tensor:
        """This replica's share of evenly drawn classes for the global batch: int32 (count,)."""

        def draw(shape: Sequence[int], seed: tf.Tensor) -> tf.Tensor:
            return tf.random.stateless_uniform(
                shape, seed, maxval=len(self.label_names), dtype=tf.int32
            )

        return draws_for_each(count, (), self.noise_seed(site, per_replica=False), draw)

    def label_numbers(self, labels: Labels, count: int) -> np.ndarray:
        """Classes by name or number, repeated in turn as often as is needed: int64 (count,).

        Raises:
            DataError: There is no such class.
        """
        given = [labels] if isinstance(labels, str | int | np.integer) else list(labels)
        names = list(self.label_names)
        numbers = [names.index(one) if one in names else one for one in given]
        wrong = [one for one in numbers if isinstance(one, str) or not 0 <= one < len(names)]
        if wrong or not numbers:
            told = f"knows no class {wrong[0]!r}" if wrong else "draws some class: name one"
            raise DataError(f"{self.name} {told}; it has {_in_words(names)}")
        return np.resize(np.array(numbers, np.int64), count)

    def label_conditions(self, labels: Labels, count: int) -> np.ndarray:
        """The same as one-hot vectors, as `decode` takes them: float32 (count, classes)."""
        return np.eye(len(self.label_names), dtype=np.float32)[self.label_numbers(labels, count)]

    def conditions(self, count: int, *, source: "DataSource | None" = None) -> np.ndarray:
        """All classes in turn."""
        return self.label_conditions(range(len(self.label_names)), count)

    def sample(
        self,
        count: int = 16,
        *,
        seed: int = 0,
        truncation: float | None = None,
        labels: Labels | None = None,
    ) -> np.ndarray:
        """Draws images: pixels (count, H, W, channels).

        Args:
            count: How many.
            seed: See `latents`.
            truncation: See `latents`.
            labels: Classes by name or number: one for all samples, or several in turn; None: all
                in turn.

        Raises:
            DataError: There is no such class, or a number is impossible.
        """
        latents = self.latents(count, seed=seed, truncation=truncation)
        return self.decode(
            latents, None if labels is None else self.label_conditions(labels, count)
        )

    def sheet(
        self, source: "DataSource", *, split: str, size: Size, limit: int | None = None
    ) -> list[Panel]:
        """A column for each class, the same latents in each, beside real images of their size."""
        real, _, _ = evaluation_arrays(source, split=split, size=self.crop_size, limit=limit)
        latents = self.latents(len(real))
        columns = [
            Column(
                name,
                self.decode(latents, self.label_conditions(number, len(real))),
                real,
                self._range,
            )
            for number, name in enumerate(self.label_names[:_MOST_SHOWN])
        ]
        return [Panel([], columns, [Column("real", real, None, self._range)])]


class LabelledGAN(LabelGAN):
    """One whose labels are the classes of the training images.

    Attributes:
        classes: Their names, in the order of their numbers.
    """

    def __init__(self, *, classes: tuple[str, ...] = (), **kwargs):
        """Builds the networks.

        Args:
            classes: Names of the classes, in the order of their labels. A recipe may leave them
                out: training then takes those of the images.
            **kwargs: See `ConvolutionalGAN`.

        Raises:
            RecipeError: There are not at least two classes with different names.
        """
        if len(classes) < 2 or len(set(classes)) != len(classes):
            raise RecipeError(
                f"model.classes must name two or more different classes, got {list(classes)}; "
                "training takes them from the images where they are left out"
            )
        self.classes = tuple(classes)
        super().__init__(**kwargs)

    @property
    def label_names(self) -> tuple[str, ...]:
        """The classes."""
        return self.classes

    def conditions(self, count: int, *, source: "DataSource | None" = None) -> np.ndarray:
        """All classes in turn; of a source as often as its training images have them."""
        if source is None:
            return super().conditions(count)
        labels = source.splits["train"].labels
        if labels is None or source.class_names != self.classes:
            there = "no classes" if labels is None else _in_words(source.class_names)
            raise DataError(
                f"{self.name} draws {_in_words(self.classes)}, but {source.name} has {there}"
            )
        labels = sorted(labels)
        shares = [labels[place] for place in spread_evenly(len(labels), count)]
        return self.label_conditions(shares, count)

    def classes_asked(self, conditions: np.ndarray | None) -> np.ndarray | None:
        """The classes of one-hot vectors."""
        return None if conditions is None else np.argmax(conditions, axis=1)

    @classmethod
    def completed_config(cls, config: dict[str, Any], source: "DataSource") -> dict[str, Any]:
        """Takes the names of the classes from the images too, where the recipe names none.

        Raises:
            RecipeError: The recipe names other classes than the images have.
        """
        named, found = tuple(config["classes"]), source.class_names
        if named and found and named != found:
            raise RecipeError(
                f"model.classes is {list(named)}, but {source.name} has {list(found)}; the label "
                "of a class is its place in this list. Leave model.classes out to take the latter"
            )
        return super().completed_config({**config, "classes": list(named or found)}, source)


def _in_words(names: Sequence[str]) -> str:
    """At most ten names of classes."""
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return f"the classes {', '.join(names[:_MOST_SHOWN])}{more}"
