"""The LiteRT file of a page: float inputs that have names, and the figures beside Keras."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i.export.agreement import checked_agreement, tolerance_of
from tfi2i.export.beside_keras import report_entry
from tfi2i.export.formats import LiteRTPrecision
from tfi2i.export.frozen import frozen
from tfi2i.export.litert import converted
from tfi2i.export.references import latency_ms
from tfi2i.export.runtime import LiteRTRunner
from tfi2i.export.web.unfused import unfused

Given = dict[str, np.ndarray]


def page_file(
    model: keras.Model, shapes: Mapping[str, tuple[int, ...]], precision: LiteRTPrecision
) -> bytes:
    """Converts a network for one size; all inputs are float32, browsers' runtimes know no int64.

    Args:
        model: It gives one batch of images.
        shapes: Name to shape of its inputs, in their order.
        precision: Of the weights.

    Raises:
        ExportError: LiteRT has an operator not built in.
    """
    compute = frozen(model, *shapes.values())

    def serving(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"images": tf.nest.flatten(compute(*(inputs[name] for name in shapes)))[0]}

    specs = {name: tf.TensorSpec(shape, tf.float32, name) for name, shape in shapes.items()}
    signatures = {
        "serving_default": tf.function(serving, autograph=False).get_concrete_function(**specs)
    }
    return unfused(converted(model, signatures, precision))


def page_entry(
    place: str,
    content: bytes,
    precision: LiteRTPrecision,
    given: Sequence[Given],
    outputs: list[np.ndarray],
    required_psnr_db: float,
) -> dict[str, Any]:
    """What the parity report says of a file, which is run beside Keras.

    Args:
        place: Of the file in its page.
        content: The file.
        precision: Of its weights.
        given: Named inputs, a batch of one for each output.
        outputs: What Keras makes of them, float32 (1, H, W, C).
        required_psnr_db: Least agreement of int8.

    Raises:
        ExportError: It does not agree with Keras.
    """
    runner = LiteRTRunner(content)
    tolerance = tolerance_of("litert", precision, required_psnr_db)
    results = [runner.named(**one) for one in given]
    found = checked_agreement(Path(place).name, outputs, results, tolerance)
    entry = report_entry(place, "web", precision, found, tolerance, outputs[0].shape[1:3])
    entry["size_bytes"] = len(content)
    entry["latency_ms"] = latency_ms(lambda: runner.named(**given[0]))
    return entry
