"""SavedModel for TF Serving: one signature for float batches, one for encoded images."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import keras
import tensorflow as tf

from tfi2i.errors import ExportError
from tfi2i.export.encoded import FORMATS, decode_checked, require_pixels
from tfi2i.export.generator import InferenceGenerator, inference_generator
from tfi2i.export.graph import pad_by_reflection
from tfi2i.export.growth import largest_image
from tfi2i.export.partial import partial_folder
from tfi2i.export.scale import at_scale, scaled_sides

METADATA_FILE = Path("assets.extra") / "tfi2i.json"
# The channels that both the decoders and the PNG encoder of TensorFlow take.
ENCODABLE_CHANNELS = (1, 3)


def export_saved_model(
    generator: keras.Model,
    folder: str | Path,
    *,
    metadata: dict[str, Any],
    precision: Literal["float32", "bfloat16"] = "float32",
    max_pixels: int | None = None,
    scale: float = 1.0,
) -> Path:
    """Writes a SavedModel as the next version below `folder`, as TF Serving expects it.

    Signatures; both pad by reflection to the generator's size_multiple and crop back, so any
    height and width of at least one pixel works:

    - `serving_default`: `images` float32 (B, H, W, C) in 0..255 -> `images` float32
      (B, H, W, C_out) in 0..255, not rounded.
    - `serving_bytes`: `encoded` string (B,), PNG or JPEG, sizes may differ -> `png_bytes`
      string (B,), one PNG each (TF Serving's REST interface sends names that end in `_bytes` as
      base64). Only for generators with 1 or 3 channels on both sides; the metadata
      lists the signatures. In the graph EXIF orientation and colour profiles are
      ignored, and TIFF, WebP, GIF and BMP are refused: `tfi2i.export.client.prepare` makes a right
      PNG of any of them. Headers are checked before decoding, and a refusal names the index of the
      image in the batch.

    Images of a batch are translated in turn, so that a batch takes as long as its images one by
    one, and the memory of one. Weights stay variables: as constants they would take many times
    their size in memory once loaded. Where the server's environment has
    TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1, oneDNN brings them into the processor's order once, not for
    every image, at the price of a second copy (docs/speed.md says what it brings). The folder is
    written under a temporary name and renamed last, so that a server never sees half a version.

    Args:
        generator: functional model, see `tfi2i.export.generator.inference_generator`.
        folder: parent of the versions; the first is 1, later ones count on.
        metadata: JSON-able facts about the model (variant, recipe, run, licence), stored under
            "model" in `assets.extra/tfi2i.json` beside facts about the export.
        precision: precision of weights and arithmetic; "bfloat16" halves the file, and is about
            twice as fast on processors that compute in it (`tfi2i.machine.computes_bfloat16`).
        max_pixels: the limit at serving time. A float batch with more pixels in all is refused, and
            so is an encoded image with more, each after padding, and at the scale at which it is
            translated too. The default is what the generator translates in 4 GiB and in about the
            time of a ResNet of 9 blocks for 4 million pixels; see
            `tfi2i.export.growth.largest_image`.
        scale: factor for the sides of images in the graph before they are translated; results are
            brought back to the images' size, in whole levels (`tfi2i.export.scale`). 1 translates
            the images' own pixels.

    Returns:
        The version's folder.

    Raises:
        ExportError: the generator cannot be exported, or the metadata is not JSON-able.
    """
    folder = Path(folder)
    inference = inference_generator(generator, precision, fused=True)
    if max_pixels is None:
        max_pixels = largest_image(
            lambda image: translated_pixels(inference, image),
            channels=inference.input_channels,
            size_multiple=inference.size_multiple,
        )
    signatures = _signatures(inference, max_pixels, scale)
    document = _metadata_text(metadata, inference, sorted(signatures), max_pixels, scale)
    with partial_folder(folder) as unfinished:
        module = tf.Module()
        module.weights = [variable.value for variable in inference.model.variables]
        written = unfinished / "model"
        tf.saved_model.save(module, str(written), signatures=signatures)
        (written / METADATA_FILE).parent.mkdir()
        (written / METADATA_FILE).write_text(document, encoding="utf-8")
        return written.rename(folder / str(next_version(folder)))


def read_metadata(version: str | Path) -> dict[str, Any]:
    """Returns what `export_saved_model` noted beside a model: keys "model" and "export".

    Raises:
        ExportError: the folder holds no SavedModel of tfi2i.
    """
    path = Path(version) / METADATA_FILE
    if not path.is_file():
        raise ExportError(
            f"{version} has no {METADATA_FILE}: not a SavedModel of tfi2i. "
            "Give the numbered version folder that the export wrote."
        )
    return json.loads(path.read_text(encoding="utf-8"))


def _signatures(generator: InferenceGenerator, max_pixels: int, scale: float) -> dict[str, Any]:
    """Builds the tf.functions; both share the generator's graph and its variables."""
    shape = (None, None, generator.input_channels)

    @tf.function(input_signature=[tf.TensorSpec((), tf.int32), tf.TensorSpec(shape, tf.float32)])
    def translated(index: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
        if scale == 1:
            return translated_pixels(generator, image)
        height, width = tf.unstack(scaled_sides(tf.shape(image)[:2], scale))
        where = "the image at index ", index, f", with its sides times {scale:g}: "
        fits = require_pixels(height, width, 1, generator, max_pixels, *where)
        with tf.control_dependencies([fits]):
            return at_scale(partial(translated_pixels, generator), tf.identity(image), scale)

    @tf.function(input_signature=[tf.TensorSpec((None, *shape), tf.float32, name="images")])
    def serving_default(images: tf.Tensor) -> dict[str, tf.Tensor]:
        count, height, width, _ = tf.unstack(tf.shape(images))
        with tf.control_dependencies([require_pixels(height, width, count, generator, max_pixels)]):
            numbered = tf.range(count), tf.identity(images)
            return {"images": _one_by_one(translated, numbered, tf.float32)}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="encoded")])
    def serving_bytes(encoded: tf.Tensor) -> dict[str, tf.Tensor]:
        def one(index: tf.Tensor, image: tf.Tensor) -> tf.Tensor:
            pixels = tf.cast(decode_checked(image, index, generator, max_pixels), tf.float32)
            return tf.io.encode_png(tf.cast(tf.round(translated(index, pixels)), tf.uint8))

        numbered = tf.range(tf.size(encoded)), encoded
        return {"png_bytes": _one_by_one(one, numbered, tf.string)}

    signatures: dict[str, Any] = {"serving_default": serving_default}
    if {generator.input_channels, generator.output_channels} <= {*ENCODABLE_CHANNELS}:
        signatures["serving_bytes"] = serving_bytes
    return signatures


def translated_pixels(generator: InferenceGenerator, image: tf.Tensor) -> tf.Tensor:
    """What both signatures compute for one image, float32 (H, W, C) to (H, W, C_out) in 0..255."""
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    padded = pad_by_reflection(image[tf.newaxis] / 127.5 - 1.0, generator)
    output = generator.model(padded, training=False)[0, :height, :width]
    return tf.clip_by_value((output + 1.0) * 127.5, 0.0, 255.0)


def _one_by_one(
    function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    numbered: tuple[tf.Tensor, tf.Tensor],
    dtype: tf.DType,
) -> tf.Tensor:
    """Maps one image after the other: one fills every core by the fused kernels, which take one."""
    return tf.map_fn(
        lambda one: function(*one), numbered, fn_output_signature=dtype, parallel_iterations=1
    )


def _metadata_text(
    metadata: dict[str, Any],
    generator: InferenceGenerator,
    signatures: list[str],
    max_pixels: int,
    scale: float,
) -> str:
    export = {
        "signatures": signatures,
        "precision": generator.precision,
        "value_range": [0, 255],
        "input_channels": generator.input_channels,
        "output_channels": generator.output_channels,
        "size_multiple": generator.size_multiple,
        "max_pixels": max_pixels,
        "scale": scale,
        "encoded_formats": list(FORMATS),
        "exif_orientation": "ignored by the graph; tfi2i.export.client.prepare applies it",
        "colour_profile": "ignored by the graph; tfi2i.export.client.prepare applies it",
        "alpha": "laid over white, as in training",
        "notes": list(generator.notes),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    try:
        return json.dumps({"model": metadata, "export": export}, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ExportError(f"The metadata cannot be written as JSON: {error}") from error


def next_version(folder: Path) -> int:
    """One above the highest number: TF Serving serves the highest, so a gap is never filled."""
    children = folder.iterdir() if folder.is_dir() else ()
    numbers = [int(child.name) for child in children if child.name.isdecimal()]
    return max(numbers, default=0) + 1
