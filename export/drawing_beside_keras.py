"""A file that draws from latents beside Keras: how far its images differ, how fast it is."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i.errors import ExportError
from tfi2i.export.agreement import checked_agreement, tolerance_of
from tfi2i.export.beside_keras import report_entry
from tfi2i.export.drawing import PRIORS, Drawing
from tfi2i.export.metadata import read_metadata
from tfi2i.export.references import latency_ms
from tfi2i.export.runtime import LiteRTRunner, inspect_litert


def saved_model_entry(
    folder: Path, name: str, drawing: Drawing, latents: np.ndarray, required_psnr_db: float
) -> dict[str, Any]:
    """Compares a SavedModel with Keras on latents, and its seeds with latents of its prior.

    Args:
        folder: Of the version.
        name: What the report calls it.
        drawing: The generator in float32.
        latents: (N, latent_length).
        required_psnr_db: Least agreement where it computes in less than float32.

    Raises:
        ExportError: It is further from Keras than its tolerance, or equal seeds give two images.
    """
    signatures = tf.saved_model.load(str(folder)).signatures
    serve, gives = signatures["serving_default"], drawing.gives
    precision = read_metadata(folder)["export"]["precision"]
    tolerance = tolerance_of("saved_model", precision, required_psnr_db)
    if gives.dtype != "uint8":
        tolerance = tolerance.with_rounding(gives)
    answers = [gives.to_float(serve(latents=one[None])["images"].numpy()) for one in latents]
    expected = [np.clip(one, -1.0, 1.0) for one in drawing.outputs(latents)]
    found = checked_agreement(name, expected, answers, tolerance)

    seeds = tf.constant([0, 7, 0], tf.int64)
    drawn = signatures["serving_seeds"](seeds=seeds)["images"].numpy()
    stood_for = np.stack([PRIORS[drawing.prior]((drawing.latent_length,), (s, 0)) for s in (0, 7)])
    checked_agreement(
        f"{name}, serving_seeds",
        [np.clip(one, -1.0, 1.0) for one in drawing.outputs(stood_for)],
        [gives.to_float(one[None]) for one in drawn[:2]],
        tolerance,
    )
    if not np.allclose(drawn[0], drawn[2], atol=1e-3):
        raise ExportError(f"{name}: serving_seeds draws two images of one seed")
    entry = report_entry(name, "saved_model", precision, found, tolerance, drawing.image_shape[:2])
    entry["size_bytes"] = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    first = tf.constant(latents[:1])
    entry["latency_ms"] = latency_ms(lambda: serve(latents=first)["images"].numpy())
    return entry


def litert_entry(
    path: Path, drawing: Drawing, latents: np.ndarray, required_psnr_db: float
) -> dict[str, Any]:
    """Compares a .tflite file with Keras on latents.

    Raises:
        ExportError: It needs operators that are not builtin, or is further from Keras than its
            tolerance.
    """
    model = path.read_bytes()
    contents = inspect_litert(model)
    if contents.custom_operators:
        raise ExportError(f"{path.name} needs {', '.join(contents.custom_operators)}")
    tolerance = tolerance_of("litert", contents.precision, required_psnr_db)
    runner = LiteRTRunner(model)
    results = [runner(one[None]) for one in latents]
    found = checked_agreement(path.name, drawing.outputs(latents), results, tolerance)
    entry = report_entry(
        path.name, "litert", contents.precision, found, tolerance, drawing.image_shape[:2]
    )
    entry["size_bytes"] = len(model)
    entry["latency_ms"] = latency_ms(lambda: runner(latents[:1]))
    return entry
