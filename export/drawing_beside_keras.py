"""A file that draws from latents beside Keras: how far its images differ, how fast it is."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i.errors import ExportError
from tfi2i.export.agreement import checked_agreement, tolerance_of
from tfi2i.export.beside_keras import report_entry, size_of
from tfi2i.export.drawing import Drawing, one_by_one
from tfi2i.export.drawing_saved_model import PRIORS
from tfi2i.export.metadata import read_metadata
from tfi2i.export.plain import SIGNATURE
from tfi2i.export.references import latency_ms
from tfi2i.export.runtime import LiteRTRunner, inspect_litert


def compared_on(drawing: Drawing, latents: np.ndarray) -> dict[str, np.ndarray]:
    """What files are compared on: latents, and beside them all classes in turn, or embeddings."""
    if drawing.condition == "labels":
        classes = np.arange(len(latents), dtype=np.int64) % len(drawing.classes)
        return {"latents": latents, "labels": classes}
    if drawing.condition == "captions":
        shape = (len(latents), drawing.condition_length)
        embeddings = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
        return {"latents": latents, "captions": embeddings}
    return {"latents": latents}


def saved_model_entry(
    folder: Path,
    name: str,
    drawing: Drawing,
    given: dict[str, np.ndarray],
    required_psnr_db: float,
) -> dict[str, Any]:
    """Compares a SavedModel with Keras on latents, and its seeds with latents of its prior.

    Args:
        folder: Of the version.
        name: What the report calls it.
        drawing: The generator in float32.
        given: What a client gives (`compared_on`).
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
    asked = one_by_one(given)
    answers = [gives.to_float(serve(**_tensors(one))["images"].numpy()) for one in asked]
    expected = [np.clip(one, -1.0, 1.0) for one in drawing.outputs(given)]
    found = checked_agreement(name, expected, answers, tolerance)

    seeds = tf.constant([0, 7, 0], tf.int64)
    # The condition of the first latent beside all three.
    beside = {name: np.repeat(one[:1], 3, axis=0) for name, one in given.items()}
    del beside["latents"]
    drawn = signatures["serving_seeds"](seeds=seeds, **_tensors(beside))["images"].numpy()
    stood_for = np.stack([PRIORS[drawing.prior]((drawing.latent_length,), (s, 0)) for s in (0, 7)])
    stood_for = {"latents": stood_for, **{name: one[:2] for name, one in beside.items()}}
    checked_agreement(
        f"{name}, serving_seeds",
        [np.clip(one, -1.0, 1.0) for one in drawing.outputs(stood_for)],
        [gives.to_float(one[None]) for one in drawn[:2]],
        tolerance,
    )
    if not np.allclose(drawn[0], drawn[2], atol=1e-3):
        raise ExportError(f"{name}: serving_seeds draws two images of one seed")
    entry = report_entry(name, "saved_model", precision, found, tolerance, drawing.image_shape[:2])
    entry["size_bytes"] = size_of(folder)
    first = _tensors(asked[0])
    entry["latency_ms"] = latency_ms(lambda: serve(**first)["images"].numpy())
    return entry


def litert_entry(
    path: Path, drawing: Drawing, given: dict[str, np.ndarray], required_psnr_db: float
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
    asked = one_by_one(given)
    results = [runner.named(**one) for one in asked]
    if runner.makes_pixels:
        results = [drawing.gives.to_float(one) for one in results]
    found = checked_agreement(path.name, drawing.outputs(given), results, tolerance)
    entry = report_entry(
        path.name, "litert", contents.precision, found, tolerance, drawing.image_shape[:2]
    )
    entry["size_bytes"] = len(model)
    entry["latency_ms"] = latency_ms(lambda: runner.named(**asked[0]))
    return entry


def plain_entry(folder: Path, drawing: Drawing, given: dict[str, np.ndarray]) -> dict[str, Any]:
    """Compares a SavedModel for converters with Keras on latents.

    Raises:
        ExportError: It is further from Keras than a LiteRT file in float32 may be.
    """
    draw = tf.saved_model.load(str(folder)).signatures[SIGNATURE]
    asked = [_tensors(one) for one in one_by_one(given)]
    results = [draw(**one)["images"].numpy() for one in asked]
    tolerance = tolerance_of("litert", "float32")
    found = checked_agreement(folder.name, drawing.outputs(given), results, tolerance)
    size = drawing.image_shape[:2]
    entry = report_entry(folder.name, "plain", "float32", found, tolerance, size)
    entry["size_bytes"] = size_of(folder)
    entry["latency_ms"] = latency_ms(lambda: draw(**asked[0])["images"].numpy())
    return entry


def _tensors(given: dict[str, np.ndarray]) -> dict[str, tf.Tensor]:
    return {name: tf.constant(one) for name, one in given.items()}
