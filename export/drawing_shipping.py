"""From a trained generator of latents to a folder of files to ship, all of them proven."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfi2i.errors import ExportError
from tfi2i.export.delegates import phone_facts
from tfi2i.export.drawing import Drawing, facts_of
from tfi2i.export.drawing_beside_keras import (
    compared_on,
    litert_entry,
    plain_entry,
    saved_model_entry,
)
from tfi2i.export.drawing_fixed import plain_drawing, write_litert
from tfi2i.export.drawing_saved_model import write_saved_model
from tfi2i.export.formats import FORMATS, LITERT_PRECISIONS
from tfi2i.export.integer import CALIBRATION_IMAGES
from tfi2i.export.partial import partial_folder
from tfi2i.export.placing import earlier_reports, put_in_place
from tfi2i.export.plain import write_plain
from tfi2i.export.references import latency_ms
from tfi2i.export.saved_model import next_version
from tfi2i.export.shipping import Wanted, translated_reports
from tfi2i.zoo.generation._base import GenerationGAN
from tfi2i.zoo.translating import translator_of

# Latents that every file is compared on.
_COMPARED = 16


def ship_drawing(
    model: GenerationGAN, folder: Path, wanted: Wanted, images: Mapping[str, Any] | None = None
) -> dict[str, dict[str, Any]]:
    """Exports a generator of latents to a folder: all of the files, or none if there is an error.

    The folder has the form of `tfi2i.export.shipping.ship`, with the view `sample` in the place of
    a direction.

    Args:
        model: With its weights.
        folder: Gets the files; its reports on other files stay.
        wanted: The files. "auto" is float32; size, scale and pixels have no meaning for latents.
        images: Views of the model that take images, to real images to compare on: these are
            exported too, as `tfi2i.export.shipping.ship` does.

    Returns:
        `sample` to its parity report, and those views to theirs; see `tfi2i.export.parity_report`.
        The report of `sample` also has
        `latent_length`, `latent_prior` and, with labels, the names of `classes`; with captions,
        `caption_length` and `text_encoder`.

    Raises:
        ExportError: If the folder cannot be written, a file cannot be made, or one does not agree
            with Keras.
    """
    earlier = earlier_reports(folder)
    stem = f"{model.variant_name()}-sample"
    with partial_folder(folder) as partial, model.averaged_weights():
        reports = {"sample": _report(model, stem, wanted, partial, folder)}
        if images:
            seeing = translator_of(model)
            reports |= translated_reports(seeing, folder, images, wanted, partial)
        named = {f"{model.variant_name()}-{view}": one for view, one in reports.items()}
        put_in_place(partial, folder, named, earlier)
    return reports


def _report(
    model: GenerationGAN, stem: str, wanted: Wanted, partial: Path, folder: Path
) -> dict[str, Any]:
    options: dict[str, Any] = {
        "prior": model.latent_prior,
        "gives": model.value_ranges["a"],
        "condition": model.condition_kind,
        "classes": tuple(model.label_names),
        "text_encoder": model.text_encoder,
    }
    reference = Drawing.of(model.generator, **options)
    given = compared_on(reference, model.latents(_COMPARED))
    # Other latents than those that files are compared on.
    calibration = compared_on(reference, model.latents(CALIBRATION_IMAGES, seed=1))
    entries = []
    for name in FORMATS:
        if name not in wanted.formats:
            continue
        try:
            if name == "saved_model":
                drawing = Drawing.of(
                    model.generator,
                    precision="float32" if wanted.precision == "auto" else wanted.precision,
                    fused=True,
                    **options,
                )
                version = Path(stem) / str(next_version(folder / "saved_model" / stem))
                made = partial / "saved_model" / version
                write_saved_model(drawing, made, {**wanted.metadata, "direction": "sample"})
                compared = (reference, given, wanted.required_psnr_db)
                entries.append(saved_model_entry(made, str(version), *compared))
                continue
            if name == "plain":
                made = partial / f"{stem}-plain"
                metadata = {**wanted.metadata, "direction": "sample"}
                write_plain(plain_drawing(reference), made, metadata, facts_of(reference))
                entries.append(plain_entry(made, reference, given))
                continue
            precision = LITERT_PRECISIONS[name]
            path = partial / f"{stem}-{precision}.tflite"
            metadata = {**wanted.metadata, "direction": "sample"}
            write_litert(reference, path, precision, calibration, metadata)
            entry = litert_entry(path, reference, given, wanted.required_psnr_db)
            entries.append({**entry, **phone_facts(path)})
        except ExportError as error:
            raise ExportError(
                f"{stem}, {name}: {error} Nothing was written to {folder}."
            ) from error
    compiled = tf.function(reference.network, autograph=False)
    first = {name: tf.constant(one[:1]) for name, one in given.items()}
    return {
        "images": _COMPARED,
        "image_size": list(reference.image_shape[:2]),
        **facts_of(reference),
        "keras": {"latency_ms": latency_ms(lambda: compiled(first).numpy())},
        "artefacts": entries,
        "notes": list(reference.notes),
    }
