"""Generators of images from latents as files: a SavedModel for TF Serving, LiteRT for phones."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data.decode.values import ValueRange
from tfi2i.export.generator import in_precision
from tfi2i.export.metadata import ranges_facts

# Bytes that the largest map of all images of one request may take.
_LARGEST_MAP = 256 * 2**20
_MOST_IMAGES = 1024


@dataclass(frozen=True)
class Drawing:
    """A generator of latents as it is exported.

    Attributes:
        model: Latents (B, latent_length) -> images (B, H, W, C), float32 in [-1, 1]; with a
            condition [latents, float32 (B, L)] -> images.
        prior: Distribution of the latents, "normal" or "uniform" on [-1, 1].
        gives: Depth of the pixels, and the values that are -1 and 1.
        condition: What it takes beside latents: `labels`, served as the numbers of classes, int64
            (B,); `captions`, served as they are; None for nothing.
        classes: Names of the classes of labels.
        text_encoder: Who makes embeddings of captions.
        precision: Of weights and arithmetic.
        notes: Sentences that a reader of the export should know.
    """

    model: keras.Model
    prior: Literal["normal", "uniform"]
    gives: ValueRange
    condition: Literal["labels", "captions"] | None = None
    classes: tuple[str, ...] = ()
    text_encoder: str = ""
    precision: Literal["float32", "bfloat16"] = "float32"
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        generator: keras.Model,
        *,
        prior: Literal["normal", "uniform"],
        gives: ValueRange,
        condition: Literal["labels", "captions"] | None = None,
        classes: tuple[str, ...] = (),
        text_encoder: str = "",
        precision: Literal["float32", "bfloat16"] = "float32",
        fused: bool = False,
    ) -> "Drawing":
        """The generator in a precision; see `inference_generator` for `fused`.

        Raises:
            ExportError: It has weights that are not finite, or cannot be rebuilt.
        """
        model, notes = in_precision(generator, precision, fused=fused)
        return cls(model, prior, gives, condition, classes, text_encoder, precision, notes)

    @property
    def latent_length(self) -> int:
        """Components of a latent."""
        return self.model.inputs[0].shape[-1]

    @property
    def condition_length(self) -> int:
        """Components of a condition as the network takes it; 0 for none."""
        return self.model.inputs[1].shape[-1] if self.condition else 0

    def served(self, batch: int | None) -> dict[str, tf.TensorSpec]:
        """What a client gives for a batch, by name, in the network's order."""
        specs = {"latents": tf.TensorSpec((batch, self.latent_length), tf.float32, "latents")}
        if self.condition == "labels":
            specs["labels"] = tf.TensorSpec((batch,), tf.int64, "labels")
        elif self.condition == "captions":
            shape = (batch, self.condition_length)
            specs["captions"] = tf.TensorSpec(shape, tf.float32, "captions")
        return specs

    def taken(self, given: dict[str, tf.Tensor]) -> list[tf.Tensor]:
        """What a client gives as the network takes it."""
        if self.condition is None:
            return [given["latents"]]
        condition = given[self.condition]
        if self.condition == "labels":
            condition = tf.one_hot(condition, self.condition_length)
        return [given["latents"], condition]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images."""
        return self.model.output_shape[1:]

    @property
    def max_images(self) -> int:
        """The most images of one request: as many as a server has memory for."""
        largest = max(int(np.prod(one.shape[1:])) for one in _maps(self.model))
        return max(1, min(_MOST_IMAGES, _LARGEST_MAP // (4 * largest)))

    def outputs(self, given: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Keras' images of what a client gives, (1, H, W, C) in [-1, 1] each."""
        return [np.asarray(self.network(one)) for one in one_by_one(given)]

    def network(self, given: dict[str, Any]) -> tf.Tensor:
        """The images of a batch of what a client gives."""
        inputs = self.taken({name: tf.convert_to_tensor(one) for name, one in given.items()})
        return self.model(inputs if len(inputs) > 1 else inputs[0], training=False)


def _maps(model: keras.Model) -> Iterator[keras.KerasTensor]:
    """What every layer gives, also those of networks inside the model."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _maps(layer)
        else:
            yield from keras.tree.flatten(layer.output)


def one_by_one(given: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """A batch of what a client gives as batches of one."""
    count = len(given["latents"])
    return [{name: one[place, None] for name, one in given.items()} for place in range(count)]


def facts_of(drawing: Drawing) -> dict[str, Any]:
    """What an export says of latents, of a condition where there is one, and of pixels."""
    facts: dict[str, Any] = {
        "latent_length": drawing.latent_length,
        "latent_prior": drawing.prior,
        "value_ranges": ranges_facts(drawing.gives, drawing.gives),
    }
    if drawing.condition is not None:
        facts["condition"] = drawing.condition
    if drawing.condition == "labels":
        facts["classes"] = list(drawing.classes)
    elif drawing.condition == "captions":
        facts["caption_length"] = drawing.condition_length
        facts["text_encoder"] = drawing.text_encoder
    return facts
