"""What translators take beside images, left open: one file for all domains, latents or styles."""

from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data.decode.values import EIGHT_BITS, ValueRanges
from tfi2i.export.condition import Condition
from tfi2i.export.exportable import check_repeatable
from tfi2i.export.generator import InferenceGenerator, in_precision, inference_generator
from tfi2i.zoo.translating import Translating

# How many latents or styles files are compared on.
_COMPARED = 3


@dataclass(frozen=True)
class Opened:
    """A translator that takes one thing more than an image.

    Attributes:
        network: [images, what is beside them] -> images in [-1, 1]; or to two batches of images, of
            which the first are those of clients that give nothing beside.
        condition: What is beside images.
    """

    network: keras.Model
    condition: Condition

    @classmethod
    def of(cls, model: Translating, name: str) -> "Opened | None":
        """An open view of a model; None where it has none of this name."""
        view = model.open_views.get(name)
        if view is None:
            return None
        kind = cast('Literal["domain", "latents", "style"]', view.takes[1])
        names = tuple(model.label_names) if kind == "domain" else ()
        return cls(view.network, Condition(kind, view.network.inputs[1].shape[-1], names))

    @property
    def answers_alone(self) -> bool:
        """Whether it has an answer to an image alone."""
        return len(self.network.outputs) > 1

    def outputs(self, images: Any, beside: np.ndarray) -> np.ndarray:
        """Keras' images of what a client gives for one: images are float32 (1, H, W, C)."""
        return np.asarray(Bound(self, beside)(images, training=False))

    def examples(self, images: np.ndarray) -> list[np.ndarray]:
        """What a client could give beside an image: every domain, some latents, some styles.

        Args:
            images: uint8 (N, H, W, 3), of which styles are taken; and the latents' seed is fixed.
        """
        condition = self.condition
        if condition.kind == "domain":
            return [np.asarray(number, np.int64) for number in range(condition.length)]
        if condition.kind == "style":
            # Not of the images' own size: a style may have any.
            return [image[:-3, :-1].astype(np.float32) for image in images[::-1][:_COMPARED]]
        drawn = np.random.default_rng(0).standard_normal((_COMPARED, condition.length))
        return list(drawn.astype(np.float32))


@dataclass(frozen=True)
class Bound:
    """An opened translator with what is beside images given: it is used as one of images alone.

    Attributes:
        opened: The translator.
        beside: What a client gives for one image; see `Opened.examples`.
    """

    opened: Opened
    beside: np.ndarray

    @property
    def inputs(self) -> list[Any]:
        """The images."""
        return self.opened.network.inputs[:1]

    @property
    def outputs(self) -> list[Any]:
        """The images that are asked for."""
        return self.opened.network.outputs[-1:]

    @property
    def size_multiple(self) -> int:
        """Height and width have to be multiples of this, in pixels."""
        return self.opened.network.size_multiple

    def __call__(self, images: Any, training: bool) -> tf.Tensor:
        """float32 (1, H, W, C) to float32 (1, H, W, C_out)."""
        inputs = [
            tf.convert_to_tensor(images),
            self.opened.condition.as_input(tf.constant(self.beside)),
        ]
        return tf.nest.flatten(self.opened.network(inputs, training=training))[-1]


def inference_generators(
    generator: keras.Model | Opened,
    precision: Literal["float32", "bfloat16"] = "float32",
    *,
    fused: bool = False,
    value_ranges: ValueRanges = (EIGHT_BITS, EIGHT_BITS),
) -> tuple[InferenceGenerator, ...]:
    """The generators that one export holds, on the same weights; see `inference_generator`.

    Returns:
        One; of an opened one that answers to images alone too, that answer's and then the other's.

    Raises:
        ExportError: As `inference_generator` does.
    """
    if not isinstance(generator, Opened):
        only = inference_generator(generator, precision, fused=fused, value_ranges=value_ranges)
        return (only,)
    network = generator.network
    rebuilt, notes = in_precision(network, precision, fused=fused)
    inputs, outputs = rebuilt.inputs, rebuilt.outputs
    asked = InferenceGenerator(
        _sized(keras.Model(inputs, outputs[-1], name=rebuilt.name), network),
        precision, notes, *value_ranges, condition=generator.condition,
    )  # fmt: skip
    if not generator.answers_alone:
        return (asked,)
    alone = _sized(keras.Model(inputs[0], outputs[0], name=rebuilt.name), network)
    check_repeatable(alone)
    return (replace(asked, model=alone, condition=None), asked)


def _sized(model: keras.Model, like: keras.Model) -> keras.Model:
    model.size_multiple = like.size_multiple
    return model
