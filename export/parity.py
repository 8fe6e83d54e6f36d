"""The parity report: every exported file run on real images beside Keras."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data.pixels import to_float
from tfi2i.errors import ExportError
from tfi2i.export.agreement import (
    LITERT_TOLERANCES,
    SAVED_MODEL_TOLERANCES,
    Agreement,
    Tolerance,
    checked_agreement,
    keras_inputs,
    keras_outputs,
)
from tfi2i.export.inference import InferenceGenerator, inference_generator
from tfi2i.export.runtime import LiteRTRunner, inspect_litert
from tfi2i.export.saved_model import read_metadata

LATENCY_RUNS = 5


def parity_report(
    generator: keras.Model,
    images: np.ndarray,
    *,
    saved_model: str | Path | None = None,
    litert: Sequence[str | Path] = (),
) -> dict[str, Any]:
    """Runs exported files on images and compares each with Keras.

    Latencies are medians over 5 runs on the first image at batch 1, after warming up, on all
    cores. Keras is timed as a compiled function (`tf.function`), its faster form.

    Args:
        generator: the functional model that was exported.
        images: real images, uint8 (N, H, W, C), N at least 1; of the fixed size of the .tflite
            files if there are any.
        saved_model: version folder from `export_saved_model`.
        litert: files from `export_litert`.

    Returns:
        JSON-able: "images" (count), "image_size" [H, W], "keras" {"latency_ms"}, "notes", and
        "artefacts", each with name, kind, precision, max_abs and mean_abs (difference from Keras
        in the [-1, 1] scale), psnr_db (peak 2; None when equal), allowed_max_abs and
        required_psnr_db (one of the two is None), size_bytes, latency_ms,
        and for a SavedModel with encoded images png_levels, the largest difference in grey
        levels between its PNG and its rounded float output.

    Raises:
        ExportError: a file is missing, does not take these images, returns values that are not
            finite, or is further from Keras than its tolerance.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or not len(images):
        raise ExportError(
            f"The parity report needs uint8 images (N, H, W, C), not {images.dtype} {images.shape}."
        )
    inference = inference_generator(generator)
    references = keras_outputs(inference, images)
    artefacts = []
    if saved_model is not None:
        artefacts.append(_saved_model_entry(Path(saved_model), images, references))
    artefacts += [_litert_entry(Path(path), images, references) for path in litert]
    return {
        "images": len(images),
        "image_size": list(images.shape[1:3]),
        "keras": {"latency_ms": _keras_latency(inference, images)},
        "artefacts": artefacts,
        "notes": list(inference.notes),
    }


def parity_table(report: dict[str, Any]) -> str:
    """Renders a parity report as a plain-text table, one line an artefact."""
    rows = [("artefact", "precision", "max diff", "PSNR dB", "allowed", "size MB", "ms", "x Keras")]
    keras_ms = report["keras"]["latency_ms"]
    rows.append(("Keras", "float32", "", "", "", "", f"{keras_ms:.3g}", "1"))
    for entry in report["artefacts"]:
        psnr = entry["psnr_db"]
        rows.append(
            (
                entry["name"],
                entry["precision"],
                f"{entry['max_abs']:.1e}",
                "equal" if psnr is None else f"{psnr:.1f}",
                allowed_text(entry),
                f"{entry['size_bytes'] / 1e6:.2f}",
                f"{entry['latency_ms']:.3g}",
                f"{keras_ms / entry['latency_ms']:.3g}",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    height, width = report["image_size"]
    lines.append(
        f"{report['images']} images of {width} x {height}; differences on the [-1, 1] scale"
    )
    return "\n".join(lines + report["notes"])


def allowed_text(entry: dict[str, Any]) -> str:
    """What an entry's difference had to be, in a few characters."""
    if entry["allowed_max_abs"] is not None:
        return f"<= {entry['allowed_max_abs']:.0e}"
    return f">= {entry['required_psnr_db']:g} dB"


def _saved_model_entry(
    folder: Path, images: np.ndarray, references: list[np.ndarray]
) -> dict[str, Any]:
    if not (folder / "saved_model.pb").is_file():
        raise ExportError(f"{folder} is no SavedModel; give the version folder, such as .../1.")
    name = f"{folder.parent.name}/{folder.name}"
    precision = read_metadata(folder)["export"]["precision"]
    tolerance = SAVED_MODEL_TOLERANCES[precision]
    signatures = tf.saved_model.load(str(folder)).signatures
    serve = signatures["serving_default"]
    batches = [tf.constant(image[None], tf.float32) for image in images]
    served = [serve(images=batch)["images"].numpy() for batch in batches]
    # The signature gives 0..255 and clips, which Keras does not.
    found = checked_agreement(
        name,
        [np.clip(reference, -1.0, 1.0) for reference in references],
        [output / 127.5 - 1.0 for output in served],
        tolerance,
    )
    entry = _entry(name, "saved_model", precision, found, tolerance)
    entry["size_bytes"] = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    entry["latency_ms"] = _latency_ms(lambda: serve(images=batches[0])["images"].numpy())
    if "serving_bytes" in signatures:
        entry["png_levels"] = _png_levels(name, signatures["serving_bytes"], images, served)
    return entry


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


def _litert_entry(path: Path, images: np.ndarray, references: list[np.ndarray]) -> dict[str, Any]:
    if not path.is_file():
        raise ExportError(f"{path} does not exist.")
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
    tolerance = LITERT_TOLERANCES[precision]
    found = checked_agreement(path.name, references, results, tolerance)
    entry = _entry(path.name, "litert", precision, found, tolerance)
    entry["size_bytes"] = len(model)
    entry["latency_ms"] = _latency_ms(lambda: runner(inputs[:1]))
    return entry


def _entry(
    name: str, kind: str, precision: str, found: Agreement, tolerance: Tolerance
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
    }


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
