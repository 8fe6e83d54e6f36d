"""Generators of latents in files of constants: LiteRT for phones, a SavedModel for converters."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i.export.drawing import Drawing, facts_of, one_by_one
from tfi2i.export.formats import LiteRTPrecision
from tfi2i.export.frozen import frozen
from tfi2i.export.integer import check_eight_bits, of_pixels, quantised
from tfi2i.export.litert import converted
from tfi2i.export.litert_metadata import image_facts, with_metadata
from tfi2i.export.plain import SIGNATURE


def plain_drawing(drawing: Drawing) -> dict[str, Any]:
    """The signature: `latents`, and a condition where there is one, to `images` in [-1, 1].

    Latents are float32 (1, latent_length), labels int64 (1,) and captions float32 (1, L).
    """
    taken = drawing.served(1)
    shapes = [(1, drawing.latent_length), (1, drawing.condition_length)]
    draw = frozen(drawing.model, *(shapes if drawing.condition else shapes[:1]))

    def serving(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"images": tf.nest.flatten(draw(*drawing.taken(given)))[0]}

    return {SIGNATURE: tf.function(serving, autograph=False).get_concrete_function(**taken)}


def write_litert(
    drawing: Drawing,
    path: Path,
    precision: LiteRTPrecision,
    given: dict[str, np.ndarray],
    metadata: Mapping[str, Any],
) -> None:
    """Writes a .tflite file with the signature of `plain_drawing`; "uint8" gives pixels.

    Args:
        drawing: The generator in float32.
        path: The file.
        precision: See `tfi2i.export.export_litert`.
        given: Latents, and what is beside them, on which "uint8" finds its scales.
        metadata: Of the model.

    Raises:
        ExportError: An operator is not builtin, or pixels for "uint8" are not of 8 bits.
        MissingExtraError: For "uint8", ai-edge-quantizer is not installed.
    """
    signatures = plain_drawing(drawing)
    if precision == "uint8":
        check_eight_bits(drawing.model.name, drawing.gives)
        model = converted(drawing.model, of_pixels(signatures), "float32")
        model = quantised(model, one_by_one(given))
    else:
        model = converted(drawing.model, signatures, precision)
    size, channels = drawing.image_shape[:2], drawing.image_shape[2]
    facts = {**image_facts(precision, size, channels, drawing.gives), **facts_of(drawing)}
    path.write_bytes(with_metadata(model, metadata, facts))
