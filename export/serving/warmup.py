"""Requests that TF Serving runs when it loads a version, so that no client waits for first times.

A function's graph is prepared when it first runs, and kernels when they first see a size. The
images are of one colour: what they show makes no difference to that, and they take a few bytes.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

from tfi2i.data.decode.values import ValueRange
from tfi2i.data.decode.writing import encode_png
from tfi2i.export.metadata import ranges_of_facts
from tfi2i.export.serving.messages import CLASSES, constant, predict_request, tensor
from tfi2i.inference.sizes import padded_side

WARMUP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
# Besides the size of the training's images: what photos are often reduced to.
USUAL_SIZE = (256, 256)


def write_warmup(
    version: Path,
    name: str,
    facts: Mapping[str, Any],
    sizes: Sequence[tuple[int, int]] = (),
    batches: Sequence[int] = (1,),
) -> None:
    """Writes the requests into a version's folder, one or more for each of its signatures.

    Args:
        version: The folder of a SavedModel, which has `assets.extra`.
        name: Of the model on a server.
        facts: What the metadata say of the export.
        sizes: Heights and widths of images in pixels; what the model does not accept is left out.
        batches: How many images a model of latents draws at once.
    """
    with tf.io.TFRecordWriter(str(version / WARMUP_FILE)) as writer:
        for signature in facts["signatures"]:
            for inputs in _inputs(signature, facts, sizes, batches):
                log = CLASSES["PredictionLog"]()
                log.predict_log.request.CopyFrom(predict_request(name, signature, inputs))
                writer.write(log.SerializeToString())


def _inputs(
    signature: str,
    facts: Mapping[str, Any],
    sizes: Sequence[tuple[int, int]],
    batches: Sequence[int],
) -> Iterator[dict[str, Any]]:
    """What a signature is asked with: nothing twice."""
    if "latent_length" in facts:
        for count in batches:
            yield _latents_or_seeds(signature, facts, count)
        return
    fitting = [size for size in dict.fromkeys(sizes) if _fits(size, facts)]
    for size in fitting or [(1, 1)]:
        beside = _beside(signature, facts, size)
        for images in _images(signature, facts, size):
            yield {**images, **beside}


def _fits(size: tuple[int, int], facts: Mapping[str, Any]) -> bool:
    height, width = (padded_side(side, facts["size_multiple"]) for side in size)
    return height * width <= facts["max_pixels"]


def _images(
    signature: str, facts: Mapping[str, Any], size: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    takes, _ = ranges_of_facts(facts["value_ranges"])
    channels = facts["input_channels"]
    if signature.startswith("serving_bytes"):
        yield {"encoded": tensor([_png(size, channels, takes)])}
        if takes.dtype == "uint8":  # A decoder of its own.
            yield {"encoded": tensor([_jpeg(size)])}
        return
    dtype = _taken(signature, facts, takes)
    yield {"images": constant((1, *size, channels), dtype, takes.low)}


def _taken(signature: str, facts: Mapping[str, Any], takes: ValueRange) -> str:
    """The dtype of a signature's images."""
    for dtype in ("uint8", "float32"):
        if signature.startswith(f"serving_{dtype}"):
            return dtype
    of_floats = "serving_uint8" in facts["signatures"]
    return "float32" if of_floats else takes.dtype


def _beside(signature: str, facts: Mapping[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    """What stands beside images, where the signature takes something."""
    for kind, fact in facts.get("beside_images", {}).items():
        if kind == "domain":
            return {"domain": constant((1,), "int64", 0)}
        if not signature.endswith(f"_{kind}"):
            return {}
        if kind == "latents":
            return {"latents": constant((1, fact["length"]), "float32", 0.0)}
        if signature.startswith("serving_bytes"):
            return {"style": tensor([_png(size, fact["channels"], ValueRange())])}
        return {"style": constant((1, *size, fact["channels"]), "float32", 0.0)}
    return {}


def _latents_or_seeds(signature: str, facts: Mapping[str, Any], count: int) -> dict[str, Any]:
    """Latents or seeds, and the condition of a generator that takes one."""
    inputs = (
        {"latents": constant((count, facts["latent_length"]), "float32", 0.0)}
        if signature == "serving_default"
        else {"seeds": constant((count,), "int64", 0)}
    )
    if facts.get("condition") == "labels":
        inputs["labels"] = constant((count,), "int64", 0)
    elif facts.get("condition") == "captions":
        inputs["captions"] = constant((count, facts["caption_length"]), "float32", 0.0)
    return inputs


def _png(size: tuple[int, int], channels: int, pixels: ValueRange) -> bytes:
    return encode_png(np.full((*size, channels), pixels.low, pixels.dtype))


def _jpeg(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    height, width = size
    Image.new("RGB", (width, height)).save(file, "JPEG")
    return file.getvalue()
