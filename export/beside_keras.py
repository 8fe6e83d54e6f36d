"""One exported file beside Keras: how far its answers differ, how large and how fast it is."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data.decode.images import resize_image
from tfi2i.data.decode.pixels import to_float
from tfi2i.data.scale import scaled_size
from tfi2i.errors import ExportError
from tfi2i.export.agreement import (
    REQUIRED_PSNR_DB,
    Agreement,
    Tolerance,
    checked_agreement,
    keras_inputs,
    keras_outputs,
    tolerance_of,
)
from tfi2i.export.generator import InferenceGenerator, inference_generator
from tfi2i.export.runtime import LiteRTRunner, inspect_litert
from tfi2i.export.saved_model import read_metadata
from tfi2i.export.scale import outputs_at_scale, photos_at_scale
from tfi2i.inference.sizes import padded_side

LATENCY_RUNS = 5


@dataclass(frozen=True)
class References:
    """What files are compared with: real images and what Keras makes from them in float32.

    Attributes:
        generator: the exported generator, in float32.
        images: uint8 (N, H, W, C), N at least 1.
        outputs: the outputs for the images, see `keras_outputs`.
        others: the first image in other sizes, uint8 (1, H', W', C), with its output: for files
            that take any size.
    """

    generator: InferenceGenerator
    images: np.ndarray
    outputs: list[np.ndarray]
    others: list[tuple[np.ndarray, list[np.ndarray]]]

    @classmethod
    def of(
        cls,
        generator: keras.Model,
        images: np.ndarray,
        other_sizes: Sequence[tuple[int, int]] = (),
    ) -> "References":
        """Translates the images with Keras; see `parity_report` for the arguments."""
        if images.dtype != np.uint8 or images.ndim != 4 or not len(images):
            raise ExportError(
                "The parity report needs uint8 images (N, H, W, C), "
                f"not {images.dtype} {images.shape}."
            )
        inference = inference_generator(generator)
        resized = [resize_image(images[0], *size)[np.newaxis] for size in other_sizes]
        others = [(image, keras_outputs(inference, image)) for image in resized]
        return cls(inference, images, keras_outputs(inference, images), others)

    def at_scale(self, images: np.ndarray, scale: float) -> list[np.ndarray]:
        """What Keras makes from images at a scale; at their own pixels it is made already."""
        for known, outputs in [(self.images, self.outputs), *self.others]:
            if scale == 1 and images is known:
                return outputs
        return outputs_at_scale(self.generator, images, scale)

    def report(self, artefacts: list[dict[str, Any]]) -> dict[str, Any]:
        """Puts entries of files together with Keras' own latency; see `parity_report`."""
        return {
            "images": len(self.images),
            "image_size": list(self.images.shape[1:3]),
            "keras": {"latency_ms": _keras_latency(self.generator, self.images)},
            "artefacts": artefacts,
            "notes": list(self.generator.notes),
        }


def saved_model_entry(
    folder: Path, references: References, required_psnr_db: float = REQUIRED_PSNR_DB
) -> dict[str, Any]:
    """Compares a SavedModel; see `parity_report`."""
    if not (folder / "saved_model.pb").is_file():
        raise ExportError(f"{folder} is no SavedModel; give the version folder, such as .../1.")
    name = f"{folder.parent.name}/{folder.name}"
    facts = read_metadata(folder)["export"]
    scale = facts["scale"]
    tolerance = tolerance_of("saved_model", facts["precision"], required_psnr_db)
    if scale != 1:
        # Whole levels may differ: where a value lies between two, rounding decides.
        tolerance = Tolerance(psnr_db=required_psnr_db)
    images = references.images if scale == 1 else photos_at_scale(references.images[:2], scale)
    if _most_pixels(images, references, scale) > facts["max_pixels"]:
        raise ExportError(
            f"{name} takes images of up to {facts['max_pixels']} pixels, and those to compare on "
            f"have {images.shape[2]} x {images.shape[1]}; allow more, or give smaller ones."
        )
    signatures = tf.saved_model.load(str(folder)).signatures
    serve = signatures["serving_default"]
    outputs = references.at_scale(images, scale)
    found, served = _compared(name, serve, images, outputs, tolerance)
    entry = _entry(name, "saved_model", facts["precision"], found, tolerance, images)
    for image, _ in references.others:
        if _most_pixels(image, references, scale) <= facts["max_pixels"]:
            height, width = image.shape[1:3]
            where = f"{name} on an image of {width} x {height}"
            outputs = references.at_scale(image, scale)
            at_size, _ = _compared(where, serve, image, outputs, tolerance)
            entry["sizes"].append(_at_size(image, at_size))
    entry["size_bytes"] = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    first = tf.constant(images[:1], tf.float32)
    entry["latency_ms"] = _latency_ms(lambda: serve(images=first)["images"].numpy())
    if "serving_bytes" in signatures:
        entry["png_levels"] = _png_levels(name, signatures["serving_bytes"], images, served)
    return entry


def _most_pixels(images: np.ndarray, references: References, scale: float) -> int:
    """What the served graph counts of an image: as it comes, or as it is translated."""
    multiple = references.generator.size_multiple
    height, width = images.shape[1:3]
    return max(
        padded_side(rows, multiple) * padded_side(columns, multiple)
        for rows, columns in ((height, width), scaled_size(height, width, scale))
    )


def _compared(
    name: str,
    serve: Callable[..., Any],
    images: np.ndarray,
    outputs: list[np.ndarray],
    tolerance: Tolerance,
) -> tuple[Agreement, list[np.ndarray]]:
    """Compares a signature's answers with Keras' outputs, which it gives in 0..255 and clips."""
    served = [
        serve(images=tf.constant(image[None], tf.float32))["images"].numpy() for image in images
    ]
    found = checked_agreement(
        name,
        [np.clip(output, -1.0, 1.0) for output in outputs],
        [answer / 127.5 - 1.0 for answer in served],
        tolerance,
    )
    return found, served


def _png_levels(
    name: str, serving_bytes: Callable[..., Any], images: np.ndarray, served: list[np.ndarray]
) -> int:
    encoded = tf.stack([tf.io.encode_png(image) for image in images])
    pngs = serving_bytes(encoded=encoded)["png_bytes"].numpy()
    levels = 0
    for png, output in zip(pngs, served, strict=True):
        expected = np.rint(output[0]).astype(np.int64)
        levels = max(levels, int(np.max(np.abs(tf.io.decode_png(png).numpy() - expected))))
    if levels > 1:
        raise ExportError(
            f"{name}: PNGs from serving_bytes differ by {levels} grey levels from serving_default; "
            "1 is allowed, for rounding."
        )
    return levels


def litert_entry(
    path: Path, references: References, required_psnr_db: float = REQUIRED_PSNR_DB
) -> dict[str, Any]:
    """Compares a .tflite file; see `parity_report`."""
    if not path.is_file():
        raise ExportError(f"{path} does not exist.")
    images = references.images
    model = path.read_bytes()
    runner = LiteRTRunner(model)
    if runner.input_shape[1:] != images.shape[1:]:
        raise ExportError(
            f"{path.name} takes images of shape {runner.input_shape[1:]} and was given "
            f"{images.shape[1:]}; resize the images of the report."
        )
    precision = inspect_litert(model).precision
    inputs = to_float(images)
    results = [runner(image[None]) for image in inputs]
    tolerance = tolerance_of("litert", precision, required_psnr_db)
    found = checked_agreement(path.name, references.outputs, results, tolerance)
    entry = _entry(path.name, "litert", precision, found, tolerance, images)
    entry["size_bytes"] = len(model)
    entry["latency_ms"] = _latency_ms(lambda: runner(inputs[:1]))
    return entry


def _entry(
    name: str,
    kind: str,
    precision: str,
    found: Agreement,
    tolerance: Tolerance,
    images: np.ndarray,
) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "precision": precision,
        "max_abs": found.max_abs,
        "mean_abs": found.mean_abs,
        "psnr_db": found.psnr_db,
        "allowed_max_abs": tolerance.max_abs,
        "required_psnr_db": tolerance.psnr_db,
        "sizes": [_at_size(images, found)],
    }


def _at_size(images: np.ndarray, found: Agreement) -> dict[str, Any]:
    size = list(images.shape[1:3])
    return {"size": size, "max_abs": found.max_abs, "psnr_db": found.psnr_db}


def _keras_latency(generator: InferenceGenerator, images: np.ndarray) -> float:
    compiled = tf.function(lambda batch: generator.model(batch, training=False))
    image = tf.constant(keras_inputs(generator, images[:1]))
    return _latency_ms(lambda: compiled(image).numpy())


def _latency_ms(call: Callable[[], object]) -> float:
    call()
    call()
    times = []
    for _ in range(LATENCY_RUNS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times) * 1e3
