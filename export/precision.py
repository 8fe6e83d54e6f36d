"""The precision of a SavedModel that is not told which to have."""

from typing import Literal

import keras

from tfi2i.export.agreement import agreement, tolerance_of
from tfi2i.export.generator import inference_generator
from tfi2i.export.references import References
from tfi2i.export.scale import outputs_at_scale
from tfi2i.machine import computes_bfloat16


def suitable_precision(
    generator: keras.Model, references: References, required_psnr_db: float
) -> tuple[Literal["float32", "bfloat16"], str]:
    """The faster precision that gives the images of float32, and the reason.

    Args:
        generator: What is exported.
        references: What it makes in float32.
        required_psnr_db: Least agreement of bfloat16 with that.
    """
    if not references.generator.is_plain:
        return "float32", "bfloat16 keeps 8 bits of a number, and the images may have more"
    if not computes_bfloat16():
        return "float32", "this machine has no bfloat16 instructions"
    half = inference_generator(generator, "bfloat16", fused=True)
    found = [
        agreement(outputs, outputs_at_scale(half, pictures, 1.0))
        for pictures, outputs in [(references.images, references.outputs), *references.others]
    ]
    tolerance = tolerance_of("saved_model", "bfloat16", required_psnr_db)
    figures = [one.psnr_db for one in found if one.psnr_db is not None]
    decibels = f"{min(figures):.1f} dB" if figures else "equal"
    if all(one.satisfies(tolerance) for one in found):
        return "bfloat16", f"this machine computes in it, and the images agree ({decibels})"
    return "float32", f"in bfloat16 the images would differ ({decibels})"
