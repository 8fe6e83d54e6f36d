"""The answers of a SavedModel's signatures beside what Keras makes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i.errors import ExportError
from tfi2i.export.agreement import Agreement, Tolerance, checked_agreement
from tfi2i.export.generator import InferenceGenerator


def sent(generator: InferenceGenerator, images: np.ndarray) -> tf.Tensor:
    """Pixels as `serving_default` takes them."""
    return tf.constant(images, tf.float32 if generator.is_plain else generator.takes.dtype)


def compared(
    name: str,
    serve: Callable[..., Any],
    generator: InferenceGenerator,
    images: np.ndarray,
    outputs: list[np.ndarray],
    tolerance: Tolerance,
) -> tuple[Agreement, list[np.ndarray]]:
    """Compares a signature's answers with Keras' outputs, which it clips to their range."""
    served = [serve(images=sent(generator, image[None]))["images"].numpy() for image in images]
    gives = generator.gives
    expected = [np.clip(output, -1.0, 1.0) for output in outputs]
    if not generator.is_plain:
        expected = [gives.to_float(gives.to_pixels(output)) for output in outputs]
    answers = [gives.to_float(answer) for answer in served]
    return checked_agreement(name, expected, answers, tolerance), served


def png_levels(
    name: str,
    serving_bytes: Callable[..., Any],
    generator: InferenceGenerator,
    images: np.ndarray,
    served: list[np.ndarray],
) -> int:
    """The largest difference of a signature's PNGs from the pixels that were served.

    Raises:
        ExportError: It is more than rounding explains.
    """
    encoded = tf.stack([tf.io.encode_png(image) for image in images])
    pngs = serving_bytes(encoded=encoded)["png_bytes"].numpy()
    levels = 0
    for png, output in zip(pngs, served, strict=True):
        expected = np.rint(output[0]).astype(np.int64)
        made = tf.io.decode_png(png, dtype=generator.gives.dtype).numpy()
        levels = max(levels, int(np.max(np.abs(made - expected))))
    if levels > 1:
        raise ExportError(
            f"{name}: PNGs from serving_bytes differ by {levels} grey levels from serving_default; "
            "1 is allowed, for rounding."
        )
    return levels
