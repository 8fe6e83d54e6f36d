"""From a trained model to a folder of files that ship, with the proof that they agree."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.export import export_litert, export_saved_model, parity_report
from tfi2i.training import TranslationGAN

FORMATS = ("saved_model", "litert", "litert_float16")


def ship(
    model: TranslationGAN,
    folder: Path,
    *,
    direction: str,
    formats: Sequence[str],
    size: int,
    images: np.ndarray,
    metadata: dict[str, Any],
) -> dict[str, Any]:
    """Exports one generator and writes `parity.json` beside the files.

    Args:
        model: With its weights.
        folder: Gets `saved_model/<version>`, `<variant>-<direction>-float32.tflite` and
            `...-float16.tflite`.
        direction: Of the generator.
        formats: Some of `FORMATS`.
        size: Side in pixels of the images that the LiteRT files take.
        images: Real images to compare on, uint8 (N, size, size, C).
        metadata: Facts for the SavedModel; see `export_saved_model`.

    Returns:
        The parity report; see `tfi2i.export.parity_report`.

    Raises:
        ExportError: If a file cannot be made, or does not agree with Keras.
    """
    generator = model.translator(direction)
    stem = f"{model.variant_name()}-{direction}"
    saved_model, litert = None, []
    with model.averaged_weights():
        if "saved_model" in formats:
            saved_model = export_saved_model(generator, folder / "saved_model", metadata=metadata)
        for precision in ("float32", "float16"):
            name = "litert" if precision == "float32" else "litert_float16"
            if name in formats:
                path = folder / f"{stem}-{precision}.tflite"
                export_litert(
                    generator, path, image_size=(size, size), precision=precision, images=images
                )
                litert.append(path)
        report = parity_report(generator, images, saved_model=saved_model, litert=litert)
    (folder / "parity.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report
