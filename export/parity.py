"""The parity report: every exported file run on real images beside Keras."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfi2i.data.decode.values import EIGHT_BITS, ValueRanges
from tfi2i.export.agreement import REQUIRED_PSNR_DB
from tfi2i.export.beside_keras import litert_entry, saved_model_entry
from tfi2i.export.metadata import ranges_of_facts
from tfi2i.export.references import References


def parity_report(
    generator: keras.Model,
    images: np.ndarray,
    *,
    saved_model: str | Path | None = None,
    litert: Sequence[str | Path] = (),
    other_sizes: Sequence[tuple[int, int]] = (),
    required_psnr_db: float = REQUIRED_PSNR_DB,
    value_ranges: ValueRanges = (EIGHT_BITS, EIGHT_BITS),
) -> dict[str, Any]:
    """Runs exported files on images and compares each with Keras.

    Latencies are medians over 5 runs on the first image at batch 1, after warming up, on all
    cores. Keras is timed as a compiled function (`tf.function`), its faster form.

    Args:
        generator: the functional model that was exported.
        images: real images, pixels (N, H, W, C) of the first value range, N at least 1; of the
            fixed size of the .tflite files if there are any.
        saved_model: version folder from `export_saved_model`.
        litert: files from `export_litert`.
        other_sizes: heights and widths in pixels at which the SavedModel is compared too, on the
            first image; those beyond its limit are left out.
        required_psnr_db: least agreement of files that compute in less than float32.
        value_ranges: of the pixels that go in, and of those that come out. What gives whole
            numbers of other than 8 bits is compared with the pixels that Keras' outputs become.

    Returns:
        JSON-able: "images" (count), "image_size" [H, W], "value_ranges" ("input" and "output", each
        with dtype, low and high), "keras" {"latency_ms"}, "notes", and
        "artefacts", each with name, kind, precision, max_abs and mean_abs (difference from Keras
        in the [-1, 1] scale), psnr_db (the peak is the whole range; None when
        equal), allowed_max_abs and required_psnr_db (one of the two is None), sizes (a list of
        size, max_abs and psnr_db at each size that was compared), size_bytes, latency_ms,
        and for a SavedModel with encoded images png_levels, the largest difference in grey
        levels between its PNG and its rounded float output.

    Raises:
        ExportError: a file is missing, does not take these images, returns values that are not
            finite, or is further from Keras than its tolerance.
    """
    references = References.of(generator, images, other_sizes, value_ranges)
    artefacts = []
    if saved_model is not None:
        artefacts.append(saved_model_entry(Path(saved_model), references, required_psnr_db))
    artefacts += [litert_entry(Path(path), references, required_psnr_db) for path in litert]
    return references.report(artefacts)


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
    scale = "differences on the [-1, 1] scale"
    takes, gives = ranges_of_facts(report["value_ranges"])
    if (takes, gives) != (EIGHT_BITS, EIGHT_BITS):
        scale += f", which is {gives.low:g}..{gives.high:g} of {gives.dtype} pixels"
    lines.append(f"{report['images']} images of {width} x {height}; {scale}")
    return "\n".join(lines + report["notes"])


def allowed_text(entry: dict[str, Any]) -> str:
    """What was required of an entry's difference, in a few characters."""
    if entry["allowed_max_abs"] is not None:
        return f"<= {entry['allowed_max_abs']:.0e}"
    return f">= {entry['required_psnr_db']:g} dB"
