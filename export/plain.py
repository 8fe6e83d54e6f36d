"""A SavedModel for converters: one signature of constants, with nothing that they do not know.

ONNX, OpenVINO, Core ML and TensorFlow.js have no assertions, strings or control flow, which a
served graph needs. Sizes are fixed, weights are constants, the batch is one image, and images are
floats in [-1, 1], as in LiteRT files; what clients give beside images has its name here too.
"""

from pathlib import Path
from typing import Any

import tensorflow as tf

from tfi2i.errors import ExportError
from tfi2i.export.frozen import frozen
from tfi2i.export.generator import InferenceGenerator
from tfi2i.export.metadata import metadata_text, write_metadata
from tfi2i.image_sizes import size_in_words
from tfi2i.inference.sizes import padded_side

SIGNATURE = "serving_default"


def plain_translator(generator: InferenceGenerator, image_size: tuple[int, int]) -> dict[str, Any]:
    """The signature of a translator: `images`, and what it takes beside them, to `images`.

    Args:
        generator: In float32.
        image_size: Height and width of the images, and of a style. Where they are no multiples of
            the generator's size_multiple, what images miss is mirrored, and cut off again, as
            `translate` does.

    Raises:
        ExportError: The size is too small for the generator.
    """
    check_fixed_size(generator, image_size)
    height, width = image_size
    beyond = [padded_side(side, generator.size_multiple) - side for side in image_size]
    channels, condition = generator.input_channels, generator.condition
    shapes: list[tuple[int, ...]] = [(1, height + beyond[0], width + beyond[1], channels)]
    taken = {"images": tf.TensorSpec((1, *image_size, channels), tf.float32, name="images")}
    if condition is not None:
        beside = condition.fixed_spec(image_size)
        taken[condition.kind] = beside
        shapes.append((1, condition.length) if condition.kind == "domain" else (*beside.shape,))
    translate = frozen(generator.model, *shapes)

    def serving(images: tf.Tensor, **given: tf.Tensor) -> dict[str, tf.Tensor]:
        if any(beyond):
            missing = [(0, 0), (0, beyond[0]), (0, beyond[1]), (0, 0)]
            images = tf.pad(images, missing, "REFLECT")
        if condition is not None and condition.kind == "domain":
            given = {"domain": tf.one_hot(given["domain"], condition.length)}
        translated = tf.nest.flatten(translate(images, *given.values()))[0]
        return {"images": translated[:, :height, :width] if any(beyond) else translated}

    return {SIGNATURE: tf.function(serving, autograph=False).get_concrete_function(**taken)}


def check_fixed_size(generator: InferenceGenerator, image_size: tuple[int, int]) -> None:
    """Refuses a (height, width) in pixels that is too small to be mirrored to what is computed.

    Raises:
        ExportError: naming the smallest size, or the one that the generator takes.
    """
    if generator.only_size not in (None, image_size):
        raise ExportError(
            f"files for images of {size_in_words(image_size)} px do not suit "
            f"{generator.model.name!r}: it takes {size_in_words(generator.only_size)} px alone."
        )
    for name, side in zip(("height", "width"), image_size, strict=True):
        if side < generator.smallest_side:
            raise ExportError(
                f"image {name} {side} of files of a fixed size does not suit "
                f"{generator.model.name!r}: it takes {generator.smallest_side} pixels or more."
            )


def write_plain(
    signatures: dict[str, Any], folder: Path, metadata: dict[str, Any], facts: dict[str, Any]
) -> None:
    """Writes the SavedModel.

    Args:
        signatures: From `plain_translator` or `plain_drawing`.
        folder: It must not exist.
        metadata: See `export_saved_model`.
        facts: About the export.

    Raises:
        ExportError: The metadata is not JSON-able.
    """
    document = metadata_text(metadata, {**facts, "tensorflow": tf.__version__})
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)
    write_metadata(folder, document)
