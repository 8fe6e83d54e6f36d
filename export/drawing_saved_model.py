"""The SavedModel of a generator of latents, for TF Serving: by latents, and by seeds."""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfi2i.export.drawing import Drawing, facts_of
from tfi2i.export.graph import in_shape, require
from tfi2i.export.metadata import drawing_words, metadata_text, write_metadata
from tfi2i.export.serving.batching import BATCHING_FILE, batches, batching_params
from tfi2i.export.serving.warmup import write_warmup

PRIORS = {
    "normal": tf.random.stateless_normal,
    "uniform": lambda shape, seed: tf.random.stateless_uniform(shape, seed, -1.0, 1.0),
}


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
    made = facts_of(drawing)
    facts = {
        "signatures": sorted(signatures),
        "signatures_in_words": drawing_words(sorted(signatures), made),
        "precision": drawing.precision,
        **made,
        "image_shape": list(drawing.image_shape),
        "max_images": drawing.max_images,
        "notes": list(drawing.notes),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    document = metadata_text(metadata, facts)
    module = tf.Module()
    module.weights = [variable.value for variable in drawing.model.variables]
    tf.saved_model.save(module, str(folder), signatures=signatures)
    write_metadata(folder, document)
    alone = drawing.condition == "labels"
    together = (1,) if alone else batches(drawing.max_images)
    write_warmup(folder, folder.parent.name, facts, batches=together)
    if not alone:
        (folder / BATCHING_FILE).write_text(batching_params(drawing.max_images))


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

    def checked(given: dict[str, tf.Tensor], specs: dict[str, tf.TensorSpec]) -> dict[str, Any]:
        return dict(zip(specs, in_shape(given, specs), strict=True))

    def in_dtype(pixels: tf.Tensor, wanted: str) -> tf.Tensor:
        return pixels if wanted == "float32" else tf.cast(tf.round(pixels), wanted)

    def serving_default(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"images": in_dtype(drawn(checked(given, by_latents)), dtype)}

    def serving_seeds(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"images": in_dtype(of_seeds(checked(given, by_seeds)), dtype)}

    def serving_png(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        pixels = in_dtype(of_seeds(checked(given, by_seeds)), gives.dtype)
        return {"png_bytes": tf.map_fn(tf.io.encode_png, pixels, fn_output_signature=tf.string)}

    by_latents = drawing.served(None)
    beside = {name: spec for name, spec in by_latents.items() if name != "latents"}
    by_seeds = {"seeds": tf.TensorSpec((None,), tf.int64, name="seeds"), **beside}

    def traced(function: Any, taken: dict[str, tf.TensorSpec]) -> Any:
        return tf.function(function, autograph=False).get_concrete_function(**taken)

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
    for name, one in given.items():
        beside = tf.shape(one)[0]
        words = count, " latent(s) or seed(s) and ", beside, f" of {name}: give one for each"
        found.append(require(beside == count, *words))
    if "labels" in given:
        last = len(drawing.classes) - 1
        there = tf.reduce_all((given["labels"] >= 0) & (given["labels"] <= last))
        found.append(require(there, f"labels are from 0 to {last}"))
    return found
