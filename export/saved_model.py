"""SavedModel for TF Serving: one signature for float batches, one for encoded images."""

import json
import shutil
import uuid
from pathlib import Path
from typing import Any, Literal

import keras
import tensorflow as tf

from tfi2i.errors import ExportError
from tfi2i.export.encoded import FORMATS, decode_checked, require_pixels
from tfi2i.export.graph import pad_by_reflection
from tfi2i.export.inference import InferenceGenerator, inference_generator

METADATA_FILE = Path("assets.extra") / "tfi2i.json"
MAX_PIXELS = 4096 * 4096
# What both the decoders and the PNG encoder of TensorFlow take.
ENCODABLE_CHANNELS = (1, 3)


def export_saved_model(
    generator: keras.Model,
    folder: str | Path,
    *,
    metadata: dict[str, Any],
    precision: Literal["float32", "bfloat16"] = "float32",
    max_pixels: int = MAX_PIXELS,
) -> Path:
    """Writes a SavedModel as the next version below `folder`, as TF Serving expects it.

    Signatures; both pad by reflection to the generator's size_multiple and crop back, so any
    height and width of at least one pixel works:

    - `serving_default`: `images` float32 (B, H, W, C) in 0..255 -> `images` float32
      (B, H, W, C_out) in 0..255, not rounded.
    - `serving_bytes`: `encoded` string (B,), PNG or JPEG, sizes may differ -> `png_bytes`
      string (B,), one PNG each (TF Serving's REST interface sends names that end in `_bytes` as
      base64). Only for generators with 1 or 3 channels on both sides; the metadata
      lists the signatures. In the graph EXIF orientation is ignored, alpha is dropped, and
      TIFF, WebP, GIF and BMP are refused: `tfi2i.export.client.prepare` makes a right PNG of
      any of them. Headers are checked before decoding.

    One image at a time goes through the fused kernels, several through plain arithmetic, which
    takes batches of any size. Weights stay variables: as constants they would take many times
    their size in memory once loaded. Where the server's environment has
    TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1, oneDNN brings them into the processor's order once, not for
    every image, at the price of a second copy (docs/speed.md has what it brings). The folder is
    written under a temporary name and renamed last, so a server never sees half a version.

    Args:
        generator: functional model, see `tfi2i.export.inference.inference_generator`.
        folder: parent of the versions; the first is 1, later ones count on.
        metadata: JSON-able facts on the model (variant, recipe, run, licence), stored under
            "model" in `assets.extra/tfi2i.json` beside facts on the export.
        precision: of weights and arithmetic; "bfloat16" halves the file, and is about twice as fast
            on processors that compute in it (`tfi2i.machine.computes_bfloat16`).
        max_pixels: refused at serving time: a float batch with more pixels in all, or an encoded
            image with more, each after padding. A ResNet generator computes in about 1 kB a pixel.

    Returns:
        The version's folder.

    Raises:
        ExportError: the generator cannot be exported, or the metadata is not JSON-able.
    """
    folder = Path(folder)
    inference = inference_generator(generator, precision, fused=True)
    signatures = _signatures(inference, max_pixels)
    document = _metadata_text(metadata, inference, sorted(signatures), max_pixels)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".partial-{uuid.uuid4().hex}"
    try:
        module = tf.Module()
        module.weights = [variable.value for variable in inference.model.variables]
        tf.saved_model.save(module, str(partial), signatures=signatures)
        (partial / METADATA_FILE).parent.mkdir()
        (partial / METADATA_FILE).write_text(document, encoding="utf-8")
        version = folder / str(_next_version(folder))
        partial.rename(version)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return version


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


def _signatures(generator: InferenceGenerator, max_pixels: int) -> dict[str, Any]:
    """Builds the tf.functions; both share the generator's graphs and its variables."""
    shape = (None, None, None, generator.input_channels)

    def for_batches_of(size: int | None) -> Any:
        return tf.function(
            lambda images: generator.model(images, training=False),
            input_signature=[tf.TensorSpec((size, *shape[1:]), tf.float32)],
        )

    translate_one, translate_many = for_batches_of(1), for_batches_of(None)

    def translate(images: tf.Tensor) -> tf.Tensor:
        return tf.cond(
            tf.shape(images)[0] == 1,
            lambda: translate_one(tf.ensure_shape(images, (1, *shape[1:]))),
            lambda: translate_many(images),
        )

    def translated(images: tf.Tensor) -> tf.Tensor:
        height, width = tf.shape(images)[1], tf.shape(images)[2]
        outputs = translate(pad_by_reflection(images / 127.5 - 1.0, generator))
        return tf.clip_by_value((outputs[:, :height, :width] + 1.0) * 127.5, 0.0, 255.0)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name="images")])
    def serving_default(images: tf.Tensor) -> dict[str, tf.Tensor]:
        count, height, width, _ = tf.unstack(tf.shape(images))
        with tf.control_dependencies([require_pixels(height, width, count, generator, max_pixels)]):
            return {"images": translated(tf.identity(images))}

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="encoded")])
    def serving_bytes(encoded: tf.Tensor) -> dict[str, tf.Tensor]:
        def one(image: tf.Tensor) -> tf.Tensor:
            pixels = tf.cast(decode_checked(image, generator, max_pixels), tf.float32)
            return tf.io.encode_png(tf.cast(tf.round(translated(pixels[None])[0]), tf.uint8))

        # One at a time: a generator fills every core, and memory stays that of one image.
        pngs = tf.map_fn(one, encoded, fn_output_signature=tf.string, parallel_iterations=1)
        return {"png_bytes": pngs}

    signatures: dict[str, Any] = {"serving_default": serving_default}
    if {generator.input_channels, generator.output_channels} <= {*ENCODABLE_CHANNELS}:
        signatures["serving_bytes"] = serving_bytes
    return signatures


def _metadata_text(
    metadata: dict[str, Any], generator: InferenceGenerator, signatures: list[str], max_pixels: int
) -> str:
    export = {
        "signatures": signatures,
        "precision": generator.precision,
        "value_range": [0, 255],
        "input_channels": generator.input_channels,
        "output_channels": generator.output_channels,
        "size_multiple": generator.size_multiple,
        "max_pixels": max_pixels,
        "encoded_formats": list(FORMATS),
        "exif_orientation": "ignored by the graph; tfi2i.export.client.prepare applies it",
        "alpha": "dropped by the graph",
        "notes": list(generator.notes),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    try:
        return json.dumps({"model": metadata, "export": export}, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ExportError(f"The metadata cannot be written as JSON: {error}") from error


def _next_version(folder: Path) -> int:
    """One above the highest number: TF Serving serves the highest, so a gap is never filled."""
    numbers = [int(child.name) for child in folder.iterdir() if child.name.isdecimal()]
    return max(numbers, default=0) + 1
