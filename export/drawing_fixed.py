"""Generators of latents in files of constants: LiteRT for phones, a SavedModel for converters."""

from pathlib import Path
from typing import Any, Literal

import tensorflow as tf

from tfi2i.export.drawing import Drawing
from tfi2i.export.frozen import frozen
from tfi2i.export.litert import converted
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

    return {SIGNATURE: tf.function(serving).get_concrete_function(**taken)}


def write_litert(
    drawing: Drawing, path: Path, precision: Literal["float32", "float16", "int8"]
) -> None:
    """Writes a .tflite file with the signature of `plain_drawing`.

    Raises:
        ExportError: An operator is not builtin.
    """
    path.write_bytes(converted(drawing.model, plain_drawing(drawing), precision))
