"""Generators of images from latents as files: a SavedModel for TF Serving, LiteRT for phones."""

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
        model: Latents (B, latent_length) -> images (B, H, W, C), float32 in [-1, 1].
        prior: Distribution of the latents, "normal" or "uniform" on [-1, 1].
        gives: Depth of the pixels, and the values that are -1 and 1.
        precision: Of weights and arithmetic.
        notes: Sentences that a reader of the export should know.
    """

    model: keras.Model
    prior: Literal["normal", "uniform"]
    gives: ValueRange
    precision: Literal["float32", "bfloat16"] = "float32"
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        generator: keras.Model,
        *,
        prior: Literal["normal", "uniform"],
        gives: ValueRange,
        precision: Literal["float32", "bfloat16"] = "float32",
        fused: bool = False,
    ) -> "Drawing":
        """The generator in a precision; see `inference_generator` for `fused`.

        Raises:
            ExportError: It has weights that are not finite, or cannot be rebuilt.
        """
        model, notes = in_precision(generator, precision, fused=fused)
        return cls(model, prior, gives, precision, notes)

    @property
    def latent_length(self) -> int:
        """Components of a latent."""
        return self.model.input_shape[-1]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images."""
        return self.model.output_shape[1:]

    @property
    def max_images(self) -> int:
        """The most images of one request: as many as a server has memory for."""
        maps = [layer.output for layer in self.model.layers]
        largest = max(int(np.prod(one.shape[1:])) for one in maps)
        return max(1, min(_MOST_IMAGES, _LARGEST_MAP // (4 * largest)))

    def outputs(self, latents: np.ndarray) -> list[np.ndarray]:
        """Keras' images of latents, (1, H, W, C) in [-1, 1] each."""
        return [np.asarray(self.model(latent[None], training=False)) for latent in latents]


def write_saved_model(drawing: Drawing, folder: Path, metadata: dict[str, Any]) -> None:
    """Writes a SavedModel.

    Signatures: `serving_default`, `latents` float32 (B, latent_length) -> `images`, float32 and not
    rounded where pixels have 8 bits, else of their dtype; `serving_seeds`, `seeds` int64 (B,) ->
    `images` of latents that the graph draws from the prior, the same for the same seed; and where
    pixels are whole numbers in 1 or 3 channels `serving_png`, `seeds` -> `png_bytes`. A request for
    more than `Drawing.max_images` is refused.

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


def _signatures(drawing: Drawing) -> dict[str, Any]:
    gives, length = drawing.gives, drawing.latent_length
    dtype = "float32" if gives.dtype == "uint8" else gives.dtype

    def drawn(latents: tf.Tensor) -> tf.Tensor:
        """float32 pixels, in their range and not rounded."""
        count = tf.shape(latents)[0]
        most = drawing.max_images
        fits = require(count <= most, count, f" images in one request: the limit is {most}")
        with tf.control_dependencies([fits]):
            images = drawing.model(tf.identity(latents), training=False)
        low, high = gives.low, gives.high
        return tf.clip_by_value((images + 1.0) * ((high - low) / 2) + low, low, high)

    def of_seeds(seeds: tf.Tensor) -> tf.Tensor:
        def one(seed: tf.Tensor) -> tf.Tensor:
            return PRIORS[drawing.prior]((length,), tf.stack([seed, 0]))

        return drawn(tf.map_fn(one, seeds, fn_output_signature=tf.float32))

    def in_dtype(pixels: tf.Tensor, wanted: str) -> tf.Tensor:
        return pixels if wanted == "float32" else tf.cast(tf.round(pixels), wanted)

    seeds_spec = tf.TensorSpec((None,), tf.int64, name="seeds")

    @tf.function(input_signature=[tf.TensorSpec((None, length), tf.float32, name="latents")])
    def serving_default(latents: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"images": in_dtype(drawn(latents), dtype)}

    @tf.function(input_signature=[seeds_spec])
    def serving_seeds(seeds: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"images": in_dtype(of_seeds(seeds), dtype)}

    @tf.function(input_signature=[seeds_spec])
    def serving_png(seeds: tf.Tensor) -> dict[str, tf.Tensor]:
        pixels = in_dtype(of_seeds(seeds), gives.dtype)
        return {"png_bytes": tf.map_fn(tf.io.encode_png, pixels, fn_output_signature=tf.string)}

    signatures = {"serving_default": serving_default, "serving_seeds": serving_seeds}
    if gives.is_whole and drawing.image_shape[-1] in (1, 3):
        signatures["serving_png"] = serving_png
    return signatures


def write_litert(
    drawing: Drawing, path: Path, precision: Literal["float32", "float16", "int8"]
) -> None:
    """Writes a .tflite file: latents float32 (1, latent_length) -> images (1, H, W, C) in [-1, 1].

    Raises:
        ExportError: An operator is not builtin.
    """
    shape = (1, drawing.latent_length)
    draw = frozen(drawing.model, shape)

    def serving(latents: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"images": tf.nest.flatten(draw(latents))[0]}

    taken = tf.TensorSpec(shape, tf.float32, name="latents")
    signatures = {"serving_default": tf.function(serving, input_signature=[taken])}
    path.write_bytes(converted(drawing.model, signatures, precision))
