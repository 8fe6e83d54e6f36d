"""One exported file beside Keras: how far its answers differ, how large and how fast it is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i.data.scale import scaled_size
from tfi2i.errors import ExportError
from tfi2i.export.agreement import (
    REQUIRED_PSNR_DB,
    Agreement,
    Tolerance,
    checked_agreement,
    tolerance_of,
)
from tfi2i.export.litert import outputs_of
from tfi2i.export.metadata import read_metadata
from tfi2i.export.opened import Opened
from tfi2i.export.opened_beside_keras import compared_beside, of_domain
from tfi2i.export.references import References, latency_ms
from tfi2i.export.runtime import LiteRTRunner, inspect_litert
from tfi2i.export.scale import photos_at_scale
from tfi2i.export.served_answers import compared, png_levels, sent
from tfi2i.inference.sizes import padded_side


def saved_model_entry(
    folder: Path,
    references: References,
    required_psnr_db: float = REQUIRED_PSNR_DB,
    opened: Opened | None = None,
) -> dict[str, Any]:
    """Compares a SavedModel; see `parity_report`.

    Args:
        folder: The version.
        references: Of the translator; of an opened one that has no answer to images alone, of the
            first domain's.
        required_psnr_db: Least agreement where it computes in less than float32.
        opened: What was exported, where it takes more than images: it is compared for several of
            what clients can give.
    """
    if not (folder / "saved_model.pb").is_file():
        raise ExportError(f"{folder} is no SavedModel; give the version folder, such as .../1.")
    name = f"{folder.parent.name}/{folder.name}"
    facts = read_metadata(folder)["export"]
    scale = facts["scale"]
    tolerance = tolerance_of("saved_model", facts["precision"], required_psnr_db)
    if scale != 1 or references.generator.only_size is not None:
        # Whole levels may differ: where a value lies between two, rounding decides.
        tolerance = Tolerance(psnr_db=required_psnr_db)
    if not references.generator.is_plain:
        tolerance = tolerance.with_rounding(references.generator.gives)
    images = references.images if scale == 1 else photos_at_scale(references.images[:2], scale)
    if _most_pixels(images, references, scale) > facts["max_pixels"]:
        raise ExportError(
            f"{name} takes images of up to {facts['max_pixels']} pixels, and those to compare on "
            f"have {images.shape[2]} x {images.shape[1]}; allow more, or give smaller ones."
        )
    signatures = dict(tf.saved_model.load(str(folder)).signatures)
    asked = {}
    if opened is not None:
        compare_on = references, images[:1], scale, tolerance
        asked = compared_beside(name, signatures, opened, *compare_on)
        if not opened.answers_alone:
            signatures = {key: of_domain(one, 0) for key, one in signatures.items()}
    serve = signatures["serving_default"]
    outputs = references.at_scale(images, scale)
    generator = references.generator
    found, served = compared(name, serve, generator, images, outputs, tolerance)
    entry = report_entry(
        name, "saved_model", facts["precision"], found, tolerance, images.shape[1:3]
    )
    for image, _ in references.others:
        if _most_pixels(image, references, scale) <= facts["max_pixels"]:
            height, width = image.shape[1:3]
            where = f"{name} on an image of {width} x {height}"
            outputs = references.at_scale(image, scale)
            at_size, _ = compared(where, serve, generator, image, outputs, tolerance)
            entry["sizes"].append(_at_size((height, width), at_size))
    entry |= asked
    entry["size_bytes"] = size_of(folder)
    first = sent(generator, images[:1])
    entry["latency_ms"] = latency_ms(lambda: serve(images=first)["images"].numpy())
    if "serving_bytes" in signatures:
        entry["png_levels"] = png_levels(
            name, signatures["serving_bytes"], generator, images, served
        )
    return entry


def _most_pixels(images: np.ndarray, references: References, scale: float) -> int:
    """What the served graph counts of an image: as it comes, or as it is translated."""
    multiple = references.generator.size_multiple
    height, width = images.shape[1:3]
    return max(
        padded_side(rows, multiple) * padded_side(columns, multiple)
        for rows, columns in ((height, width), scaled_size(height, width, scale))
    )


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
    results = outputs_of(runner, references.generator, images)
    tolerance = tolerance_of("litert", precision, required_psnr_db)
    found = checked_agreement(path.name, references.outputs, results, tolerance)
    entry = report_entry(path.name, "litert", precision, found, tolerance, images.shape[1:3])
    entry |= references.task_figures(results)
    entry["size_bytes"] = len(model)
    entry["latency_ms"] = latency_ms(lambda: outputs_of(runner, references.generator, images[:1]))
    return entry


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def report_entry(
    name: str,
    kind: str,
    precision: str,
    found: Agreement,
    tolerance: Tolerance,
    size: Sequence[int],
) -> dict[str, Any]:
    """What a report says of a file; see `parity_report`.

    Args:
        name: The file.
        kind: "saved_model" or "litert".
        precision: That it stores or computes in.
        found: Its differences from Keras.
        tolerance: What was allowed.
        size: Height and width of the images.
    """
    return {
        "name": name,
        "kind": kind,
        "precision": precision,
        "max_abs": found.max_abs,
        "mean_abs": found.mean_abs,
        "psnr_db": found.psnr_db,
        "allowed_max_abs": tolerance.max_abs,
        "required_psnr_db": tolerance.psnr_db,
        "sizes": [_at_size(size, found)],
    }


def _at_size(size: Sequence[int], found: Agreement) -> dict[str, Any]:
    return {"size": list(size), "max_abs": found.max_abs, "psnr_db": found.psnr_db}
