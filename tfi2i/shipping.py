"""From a trained model to a folder of files that ship, with the proof that they agree."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from tfi2i.export import export_litert, export_saved_model, parity_report
from tfi2i.export.agreement import SAVED_MODEL_TOLERANCES, agreement, keras_outputs
from tfi2i.export.inference import inference_generator
from tfi2i.machine import computes_bfloat16
from tfi2i.training import TranslationGAN

LITERT_PRECISIONS: dict[str, Literal["float32", "float16", "int8"]] = {
    "litert": "float32",
    "litert_float16": "float16",
    "litert_int8": "int8",
}
FORMATS = ("saved_model", *LITERT_PRECISIONS)
Precision = Literal["auto", "float32", "bfloat16"]


def ship(
    model: TranslationGAN,
    folder: Path,
    *,
    direction: str,
    formats: Sequence[str],
    size: int,
    images: np.ndarray,
    metadata: dict[str, Any],
    precision: Precision = "auto",
) -> dict[str, Any]:
    """Exports one generator and writes `parity.json` beside the files.

    Args:
        model: With its weights.
        folder: Gets `saved_model/<version>`, `<variant>-<direction>-float32.tflite`,
            `...-float16.tflite` and `...-int8.tflite`.
        direction: Of the generator.
        formats: Some of `FORMATS`.
        size: Side in pixels of the images that the LiteRT files take.
        images: Real images to compare on, uint8 (N, size, size, C).
        metadata: Facts for the SavedModel; see `export_saved_model`.
        precision: Of the SavedModel. "auto" takes bfloat16 where this machine computes in it and
            these images come out as in float32 to 40 dB, and else float32; the report says which.

    Returns:
        The parity report; see `tfi2i.export.parity_report`.

    Raises:
        ExportError: If a file cannot be made, or does not agree with Keras.
    """
    generator = model.translator(direction)
    stem = f"{model.variant_name()}-{direction}"
    saved_model, litert, notes = None, [], []
    with model.averaged_weights():
        if "saved_model" in formats:
            chosen = precision
            if chosen == "auto":
                chosen, reason = _suitable_precision(generator, images)
                notes.append(f"SavedModel in {chosen}: {reason}.")
            saved_model = export_saved_model(
                generator, folder / "saved_model", metadata=metadata, precision=chosen
            )
        for name, stored in LITERT_PRECISIONS.items():
            if name in formats:
                path = folder / f"{stem}-{stored}.tflite"
                export_litert(
                    generator, path, image_size=(size, size), precision=stored, images=images
                )
                litert.append(path)
        report = parity_report(generator, images, saved_model=saved_model, litert=litert)
    report["notes"] += notes
    (folder / "parity.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _suitable_precision(
    generator: keras.Model, images: np.ndarray
) -> tuple[Literal["float32", "bfloat16"], str]:
    """The faster precision that gives the images of float32, and why."""
    if not computes_bfloat16():
        return "float32", "this machine has no bfloat16 instructions"
    full, half = (
        inference_generator(generator, kind, fused=True) for kind in ("float32", "bfloat16")
    )
    found = agreement(keras_outputs(full, images), keras_outputs(half, images))
    decibels = "equal" if found.psnr_db is None else f"{found.psnr_db:.1f} dB"
    if found.satisfies(SAVED_MODEL_TOLERANCES["bfloat16"]):
        return "bfloat16", f"this machine computes in it, and the images agree ({decibels})"
    return "float32", f"in bfloat16 the images would differ ({decibels})"
