"""A SavedModel that takes more than images beside Keras: for several of what clients can give."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf

from tfi2i.export.agreement import Tolerance
from tfi2i.export.opened import Bound, Opened
from tfi2i.export.references import References
from tfi2i.export.scale import outputs_at_scale
from tfi2i.export.served_answers import compared, png_levels


def compared_beside(
    name: str,
    signatures: Mapping[str, Callable[..., Any]],
    opened: Opened,
    references: References,
    photo: np.ndarray,
    scale: float,
    tolerance: Tolerance,
) -> dict[str, Any]:
    """Compares the signatures that take more than images with Keras.

    Args:
        name: What messages call the SavedModel.
        signatures: Those of the SavedModel.
        opened: What was exported.
        references: Give images and value ranges.
        photo: The image to translate, pixels (1, H, W, C).
        scale: At which the SavedModel translates.
        tolerance: What passes.

    Returns:
        For the report: "beside_images", a list of what was given, with max_abs and psnr_db.

    Raises:
        ExportError: An answer is further from Keras than the tolerance.
    """
    kind = opened.condition.kind
    ending = f"_{kind}" if opened.answers_alone else ""
    serve = signatures[f"serving{ending}" if ending else "serving_default"]
    figures = []
    for number, beside in enumerate(opened.examples(references.images)):
        words = opened.condition.names[number] if kind == "domain" else f"number {number}"
        bound = cast("keras.Model", Bound(opened, beside))
        reference = replace(references.generator, model=bound)
        outputs = outputs_at_scale(reference, photo, scale)

        def asking(images: tf.Tensor, given: np.ndarray = beside) -> Any:
            return serve(**{"images": images, kind: tf.constant(given[np.newaxis])})

        where = f"{name}, {kind} {words}"
        found, served = compared(where, asking, references.generator, photo, outputs, tolerance)
        figures.append({kind: words, "max_abs": found.max_abs, "psnr_db": found.psnr_db})
        files = signatures.get(f"serving_bytes{ending}")
        if files is not None and number == 0:
            _check_files(where, files, opened, references, photo, beside, served)
    return {"beside_images": figures}


def of_domain(signature: Callable[..., Any], number: int) -> Callable[..., Any]:
    """A signature that takes domains as one of images alone, for one domain."""

    def asked(**given: tf.Tensor) -> Any:
        (images,) = given.values()
        domains = tf.fill(tf.shape(images)[:1], tf.constant(number, tf.int64))
        return signature(**given, domain=domains)

    return asked


def _check_files(
    where: str,
    signature: Callable[..., Any],
    opened: Opened,
    references: References,
    photo: np.ndarray,
    beside: np.ndarray,
    served: list[np.ndarray],
) -> None:
    """Compares the PNG of a signature of files with the pixels that were served for one image."""
    kind = opened.condition.kind
    given = tf.constant(beside[np.newaxis])
    if kind == "style":
        given = tf.io.encode_png(tf.constant(beside.astype(np.uint8)))[tf.newaxis]

    def asking(encoded: tf.Tensor) -> Any:
        return signature(**{"encoded": encoded, kind: given})

    png_levels(where, asking, references.generator, photo, served)
