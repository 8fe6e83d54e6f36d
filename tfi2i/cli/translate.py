"""`tfi2i translate`: images, videos and animations through a trained generator."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from tfi2i.cli.chosen import (
    CheckpointOption,
    DirectionOption,
    PresetOption,
    RunOption,
    StrengthOption,
    StyleOption,
    choose_model,
    parse_scale,
    set_chosen_style,
)
from tfi2i.cli.console import import_tensorflow, out
from tfi2i.image_sizes import as_size

EXAMPLE = (
    "Example:  tfi2i translate --run runs/00000-cyclegan-horse2zebra 'photos/*.jpg' --out zebras"
)


def translate(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Image and video files, folders or globs."),
    ],
    out_folder: Annotated[
        Path, typer.Option("--out", help="The folder for the results, which keep their names.")
    ],
    run: RunOption = None,
    checkpoint: CheckpointOption = None,
    preset: PresetOption = None,
    direction: DirectionOption = None,
    tile: Annotated[
        str | None,
        typer.Option(
            help="Translate tiles of this size one by one, and blend them: 256, or height and "
            "width, 256x512; else each image as one, as exported files do."
        ),
    ] = None,
    scale: Annotated[
        str,
        typer.Option(
            help="Of the images as they are translated: trained, as training resized its images; "
            "fit, each to the size of whole images in training; or a number, 1 for their own "
            "pixels. Results have the images' own size."
        ),
    ] = "trained",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are in the folder already.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Leave files that are in the folder already as they are, and translate the "
            "others. Videos that were stopped go on where they were in any case.",
        ),
    ] = False,
    style: StyleOption = None,
    strength: StrengthOption = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out damaged files and list them.")
    ] = False,
    side: Annotated[
        Literal["left", "right"] | None,
        typer.Option(
            help="Of files with two images side by side, as in pix2pix' data sets: translate the "
            "left or the right image alone. Else files are translated as they are."
        ),
    ] = None,
) -> None:
    """Translate images of any size, videos and animations with a trained model."""
    chosen_scale = parse_scale(scale)
    chosen_tile = None if tile is None else as_size(tile, "--tile")
    import_tensorflow()

    chosen = choose_model(run, preset, checkpoint)
    model = chosen.translator()
    set_chosen_style(model, style, strength)
    written = model.translate_files(
        inputs,
        out_folder,
        direction=direction,
        tile=chosen_tile,
        scale=chosen_scale,
        overwrite=overwrite,
        resume=resume,
        skip_bad=skip_bad,
        side=side,
    )
    out.print(f"{len(written)} files in {out_folder}")
    about = model.scale_told(direction, chosen_scale)
    if about is not None:
        out.print(about)
