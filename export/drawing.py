"""Generators of images from latents as files: a SavedModel for TF Serving, LiteRT for phones."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data.decode.values import ValueRange
from tfi2i.export.frozen import frozen
from tfi2i.export.generator import in_precision
from tfi2i.export.graph import require
from tfi2i.export.litert import converted
from tfi2i.export.metadata import metadata_text, ranges_facts, write_metadata

# Bytes that the largest map of all images of one request may take.
_LARGEST_MAP = 256 * 2**20
_MOST_IMAGES = 1024
PRIORS = {
    "normal": tf.random.stateless_normal,
    "uniform": lambda shape, seed: tf.random.stateless_uniform(shape, seed, -1.0, 1.0),
}


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


def write_saved_model(drawing: Drawing, folder: Path, metadata: dict[str, Any]) -> None:
    """Writes a SavedModel.

    Signatures: `serving_default`, `latents` float32 (B, latent_length) -> `images`, float32 and not
    rounded where pixels have 8 bits, else of their dtype; `serving_seeds`, `seeds` int64 (B,) ->
    `images` of latents that the graph draws from the prior, the same for the same seed; and where
    pixels are whole numbers in 1 or 3 channels `serving_png`, `seeds` -> `png_bytes`. All take a
    condition too, where there is one: `labels` int64 (B,) or `captions` float32 (B, L). A request
    for more than `Drawing.max_images`, or for a class that is not there, is refused.

    Args:
        drawing: What is exported.
        folder: Of the version; it must not exist.
        metadata: See `export_saved_model`.

    Raises:
        ExportError: The metadata is not JSON-able.
    """
    signatures = _signatures(drawing)
    facts = {
        "signatures": sorted(signatures),
        "precision": drawing.precision,
        "latent_length": drawing.latent_length,
        "latent_prior": drawing.prior,
        **condition_facts(drawing),
        "image_shape": list(drawing.image_shape),
        "max_images": drawing.max_images,
        "value_ranges": ranges_facts(drawing.gives, drawing.gives),
        "notes": list(drawing.notes),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    document = metadata_text(metadata, facts)
    module = tf.Module()
    module.weights = [variable.value for variable in drawing.model.variables]
    tf.saved_model.save(module, str(folder), signatures=signatures)
    write_metadata(folder, document)


def condition_facts(drawing: Drawing) -> dict[str, Any]:
    """What an export says of the condition; nothing where there is none."""
    facts: dict[str, Any] = {}
    if drawing.condition is not None:
        facts["condition"] = drawing.condition
    if drawing.condition == "labels":
        facts["classes"] = list(drawing.classes)
    elif drawing.condition == "captions":
        facts["caption_length"] = drawing.condition_length
        facts["text_encoder"] = drawing.text_encoder
    return facts


def _signatures(drawing: Drawing) -> dict[str, Any]:
    gives, length = drawing.gives, drawing.latent_length
    dtype = "float32" if gives.dtype == "uint8" else gives.dtype

    def drawn(given: dict[str, tf.Tensor]) -> tf.Tensor:
        """float32 pixels, in their range and not rounded."""
        with tf.control_dependencies(_requirements(drawing, given)):
            given = {name: tf.identity(one) for name, one in given.items()}
        images = drawing.network(given)
        low, high = gives.low, gives.high
        return tf.clip_by_value((images + 1.0) * ((high - low) / 2) + low, low, high)

    def of_seeds(given: dict[str, tf.Tensor]) -> tf.Tensor:
        def one(seed: tf.Tensor) -> tf.Tensor:
            return PRIORS[drawing.prior]((length,), tf.stack([seed, 0]))

        latents = tf.map_fn(one, given["seeds"], fn_output_signature=tf.float32)
        return drawn({"latents": latents, **{n: v for n, v in given.items() if n != "seeds"}})

    def in_dtype(pixels: tf.Tensor, wanted: str) -> tf.Tensor:
        return pixels if wanted == "float32" else tf.cast(tf.round(pixels), wanted)

    def serving_default(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"images": in_dtype(drawn(given), dtype)}

    def serving_seeds(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"images": in_dtype(of_seeds(given), dtype)}

    def serving_png(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        pixels = in_dtype(of_seeds(given), gives.dtype)
        return {"png_bytes": tf.map_fn(tf.io.encode_png, pixels, fn_output_signature=tf.string)}

    by_latents = drawing.served(None)
    beside = {name: spec for name, spec in by_latents.items() if name != "latents"}
    by_seeds = {"seeds": tf.TensorSpec((None,), tf.int64, name="seeds"), **beside}

    def traced(function: Any, taken: dict[str, tf.TensorSpec]) -> Any:
        return tf.function(function).get_concrete_function(**taken)

    signatures = {
        "serving_default": traced(serving_default, by_latents),
        "serving_seeds": traced(serving_seeds, by_seeds),
    }
    if gives.is_whole and drawing.image_shape[-1] in (1, 3):
        signatures["serving_png"] = traced(serving_png, by_seeds)
    return signatures


def _requirements(drawing: Drawing, given: dict[str, tf.Tensor]) -> list[tf.Operation]:
    """What stops a request: too many images, or a class that is not there."""
    count, most = tf.shape(given["latents"])[0], drawing.max_images
    found = [require(count <= most, count, f" images in one request: the limit is {most}")]
    if "labels" in given:
        last = len(drawing.classes) - 1
        there = tf.reduce_all((given["labels"] >= 0) & (given["labels"] <= last))
        found.append(require(there, f"labels are from 0 to {last}"))
    return found


def write_litert(
    drawing: Drawing, path: Path, precision: Literal["float32", "float16", "int8"]
) -> None:
    """Writes a .tflite file: latents float32 (1, latent_length) -> images (1, H, W, C) in [-1, 1].

    It takes a condition too, where there is one: `labels` int64 (1,), or `captions`.

    Raises:
        ExportError: An operator is not builtin.
    """
    taken = drawing.served(1)
    shapes = [(1, drawing.latent_length), (1, drawing.condition_length)]
    draw = frozen(drawing.model, *(shapes if drawing.condition else shapes[:1]))

    def serving(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"images": tf.nest.flatten(draw(*drawing.taken(given)))[0]}

    signatures = {"serving_default": tf.function(serving).get_concrete_function(**taken)}
    path.write_bytes(converted(drawing.model, signatures, precision))
