"""A SavedModel for converters beside Keras: it is run before it gets its name."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i.export.agreement import checked_agreement, keras_inputs, tolerance_of
from tfi2i.export.beside_keras import report_entry, size_of
from tfi2i.export.opened import Opened
from tfi2i.export.plain import SIGNATURE
from tfi2i.export.references import References, latency_ms


def plain_entry(folder: Path, references: References, opened: Opened | None) -> dict[str, Any]:
    """Compares a SavedModel for converters.

    Args:
        folder: Of the SavedModel.
        references: Of the translator, whose images have the size of the file.
        opened: What was exported, where it takes more than images.

    Raises:
        ExportError: It is further from Keras than a LiteRT file in float32 may be.
    """
    run = tf.saved_model.load(str(folder)).signatures[SIGNATURE]
    images, outputs, beside = references.images, references.outputs, {}
    if opened is not None:
        given, taken = _example(opened, images)
        beside = {opened.condition.kind: tf.constant(taken[np.newaxis])}
        height, width = images.shape[1:3]
        fitting = keras_inputs(references.generator, images)
        outputs = [opened.outputs(one[None], given)[:, :height, :width] for one in fitting]
    inputs = references.generator.takes.to_float(images)
    results = [run(images=tf.constant(image[None]), **beside)["images"].numpy() for image in inputs]
    tolerance = tolerance_of("litert", "float32")
    found = checked_agreement(folder.name, outputs, results, tolerance)
    entry = report_entry(folder.name, "plain", "float32", found, tolerance, images.shape[1:3])
    first = tf.constant(inputs[:1])
    entry["size_bytes"] = size_of(folder)
    entry["latency_ms"] = latency_ms(lambda: run(images=first, **beside)["images"].numpy())
    return entry


def _example(opened: Opened, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Something to give beside an image: as clients of a server do, and as the file takes it."""
    if opened.condition.kind != "style":
        last = opened.examples(images)[-1]
        return last, last
    style = images[-1].astype(np.float32)
    return style, (style / 127.5 - 1.0).astype(np.float32)
