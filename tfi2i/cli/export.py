"""`tfi2i export`: a trained generator as files that ship, proven to agree with Keras."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfi2i.cli.chosen import (
    Chosen,
    DirectionOption,
    PresetOption,
    RunOption,
    StrengthOption,
    StyleOption,
    choose_model,
)
from tfi2i.cli.console import import_tensorflow, out
from tfi2i.errors import DataError, ExportError

if TYPE_CHECKING:
    import numpy as np

EXAMPLE = "Example:  tfi2i export --run runs/00000-pix2pix-facades --out shipped --formats litert"

SERVING_HINT = (
    "to serve on processors, set TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1 in TF Serving's environment: "
    "weights are then prepared once, not for every image"
)
MOST_IMAGES = 16


def export(
    out_folder: Annotated[Path, typer.Option("--out", help="The folder for the files.")],
    run: RunOption = None,
    preset: PresetOption = None,
    formats: Annotated[
        str,
        typer.Option(
            help="Of saved_model, litert, litert_float16, litert_int8; separated by commas."
        ),
    ] = "saved_model,litert,litert_float16",
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        typer.Option(
            help="Of the SavedModel; auto is bfloat16 where this machine computes in it and the "
            "images stay the same."
        ),
    ] = "auto",
    direction: DirectionOption = None,
    size: Annotated[
        int | None,
        typer.Option(help="Side of LiteRT's fixed image in pixels; else as the model was trained."),
    ] = None,
    style: StyleOption = None,
    strength: StrengthOption = 1.0,
    images: Annotated[
        list[str] | None,
        typer.Option(help="Real images to compare on; else the model's own test images."),
    ] = None,
) -> None:
    """Export a generator to SavedModel and LiteRT, and compare each file with Keras."""
    import_tensorflow()
    from tfi2i.export.parity import parity_table
    from tfi2i.shipping import FORMATS, ship

    wanted = formats.split(",")
    unknown = sorted(set(wanted) - set(FORMATS))
    if unknown:
        raise ExportError(f"--formats knows {', '.join(FORMATS)}; not {', '.join(unknown)}")
    chosen = choose_model(run, preset)
    model = chosen.translator()
    direction = direction or next(iter(model.translators))
    if style is not None:
        model.set_style(style, strength=strength)
    side = size or model.crop_size
    report = ship(
        model,
        out_folder,
        direction=direction,
        formats=wanted,
        size=side,
        images=_real_images(chosen, images, direction, side),
        precision=precision,
        metadata={
            "variant": chosen.facts["variant"],
            "direction": direction,
            "config": chosen.facts["config"],
        },
    )
    out.print(parity_table(report))
    out.print(f"in {out_folder}, figures in {out_folder / 'parity.json'}")
    if "saved_model" in wanted:
        out.print(SERVING_HINT)


def _real_images(
    chosen: Chosen, inputs: list[str] | None, direction: str, size: int
) -> "np.ndarray":
    """Up to 16 images of the domain that the direction translates, uint8 (N, size, size, C)."""
    import numpy as np

    from tfi2i.data import read_image, resize_image
    from tfi2i.training.translation import domain_read
    from tfi2i.translation_files import find_images

    channels = chosen.translator().translator(direction).input_shape[-1]
    if inputs:
        files = find_images(inputs, "")[:MOST_IMAGES]
        pictures = [read_image(file, channels=channels) for file in files]
    else:
        source = chosen.open_data(None)
        split = source.splits.get("test") or source.splits.get("train")
        part = domain_read(direction)
        domain = getattr(split, part)
        if domain is None:
            raise DataError(f"{source.name} has no images of domain {part}; give --images")
        chosen_indices = np.linspace(0, len(domain) - 1, min(len(domain), MOST_IMAGES))
        pictures = [domain.load(int(index)) for index in chosen_indices]
    return np.stack([resize_image(picture, size, size) for picture in pictures])
