"""What a page has to know to draw as Keras does, and the files for it, compared with Keras."""

from typing import Any, cast

import numpy as np
import tensorflow as tf

from tfi2i.data.decode.values import EIGHT_BITS
from tfi2i.data.decode.writing import encode_png
from tfi2i.errors import ExportError
from tfi2i.export.drawing import Drawing
from tfi2i.export.formats import page_precisions
from tfi2i.export.metadata import ranges_facts
from tfi2i.export.references import latency_ms
from tfi2i.export.shipping import Wanted
from tfi2i.export.web.files import page_entry, page_file
from tfi2i.export.web.page import Page, short
from tfi2i.progress import progress_bar
from tfi2i.zoo.generation._base import GenerationGAN
from tfi2i.zoo.generation._captioned import CaptionGAN

# Latents that every file is compared on; some of them go with the page.
_COMPARED, _MOST_SAMPLES = 16, 6


def add_drawing_view(page: Page, model: GenerationGAN, wanted: Wanted) -> dict[str, Any]:
    """Adds the view `sample` to a page.

    Its files take `latents` float32 (1, L) and, where the generator takes a condition, `condition`
    float32 (1, M): a class one-hot, or a caption's embedding. Browsers' runtimes know no int64.

    Args:
        page: Gets the view and its files.
        model: With its weights.
        wanted: Formats and the least agreement of int8.

    Returns:
        The parity report, in which each file is named by its place in the page.

    Raises:
        ExportError: The images are not of 8 bits in grey or colour, the model knows no captions, or
            a file does not agree with Keras.
    """
    prior: Any = model.latent_prior
    drawing = Drawing.of(model.generator, prior=prior, gives=model.value_ranges["a"])
    if drawing.gives != EIGHT_BITS or drawing.image_shape[-1] not in (1, 3):
        raise ExportError("browsers show pictures of 8 bits in grey or colour, and these are not.")
    conditions = _conditions(model)
    latents = model.latents(_COMPARED)
    given = {"latents": latents}
    if conditions is not None:
        given["condition"] = conditions[1][np.arange(_COMPARED) % len(conditions[1])]
    outputs = [
        np.asarray(model.generator(_one(given, place), training=False))
        for place in range(_COMPARED)
    ]
    shapes = {name: (1, *one.shape[1:]) for name, one in given.items()}
    asked = [
        {name: one[place : place + 1] for name, one in given.items()} for place in range(_COMPARED)
    ]
    stem, entries, models = f"{page.variant}-sample", [], []
    precisions = page_precisions(wanted.formats)
    with progress_bar("Files of the page", len(precisions)) as advance:
        for precision in precisions:
            content = page_file(drawing.model, shapes, precision)
            place = page.add_model(stem, precision, content)
            entry = page_entry(place, content, precision, asked, outputs, wanted.required_psnr_db)
            entries.append(entry)
            facts = {name: entry[name] for name in ("max_abs", "psnr_db")}
            models.append(
                {"file": place, "bytes": len(content), "precision": precision, "numbers": None}
                | facts
            )
            advance(1)
    height, width, channels = drawing.image_shape
    page.views["sample"] = {
        "models": models,
        "size": [height, width],
        "channels": channels,
        "latent_length": drawing.latent_length,
        "latent_prior": drawing.prior,
        "condition": model.condition_kind,
        "conditions": [] if conditions is None else _facts(*conditions),
        "samples": _samples(page, drawing, given, outputs),
    }
    compiled = tf.function(
        lambda *inputs: model.generator(_unpacked(inputs), training=False), autograph=False
    )
    first = [tf.constant(one[:1]) for one in given.values()]
    return {
        "images": _COMPARED,
        "image_size": [height, width],
        "latent_length": drawing.latent_length,
        "latent_prior": drawing.prior,
        "value_ranges": ranges_facts(drawing.gives, drawing.gives),
        "keras": {"latency_ms": latency_ms(lambda: compiled(*first).numpy())},
        "artefacts": entries,
        "notes": list(drawing.notes),
    }


def _conditions(model: GenerationGAN) -> tuple[list[str], np.ndarray] | None:
    """Names of what a page lets its user choose, and what the generator takes for each."""
    if model.condition_kind == "labels":
        return list(model.label_names), np.eye(model.condition_length, dtype=np.float32)
    if model.condition_kind == "captions":
        known = cast(CaptionGAN, model).known
        if not known.captions:
            raise ExportError("the model knows no captions that a page could offer.")
        return list(known.captions), known.vectors
    return None


def _facts(names: list[str], values: np.ndarray) -> list[dict[str, Any]]:
    return [{"name": name, "value": short(one)} for name, one in zip(names, values, strict=True)]


def _one(given: dict[str, np.ndarray], place: int) -> Any:
    return _unpacked([one[place : place + 1] for one in given.values()])


def _unpacked(inputs: Any) -> Any:
    """The inputs of a network in the form that it takes them."""
    return list(inputs) if len(inputs) > 1 else inputs[0]


def _samples(
    page: Page, drawing: Drawing, given: dict[str, np.ndarray], outputs: list[np.ndarray]
) -> list[dict[str, Any]]:
    """Latents with what Keras draws of them: a device can prove itself by them."""
    samples = []
    for number in range(_MOST_SAMPLES):
        made = f"samples/sample-{number}-made.png"
        page.files[made] = encode_png(drawing.gives.to_pixels(outputs[number][0]))
        inputs = {name: short(one[number]) for name, one in given.items()}
        samples.append({"inputs": inputs, "made": made})
    return samples
