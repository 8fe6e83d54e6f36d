"""`tfi2i translate`: images, videos and animations through a trained generator."""

import importlib.util
import logging
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

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
from tfi2i.errors import MissingExtraError
from tfi2i.image_sizes import as_size

if TYPE_CHECKING:
    from tfi2i.zoo.translating import Translating

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
    runner: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Translate as an Apache Beam pipeline (extra beam) on this runner: DirectRunner "
            "(this machine), FlinkRunner, SparkRunner, DataflowRunner, ... Inputs and --out may be "
            "addresses such as gs://bucket/photos. Damaged files are listed in left_out.jsonl.",
        ),
    ] = None,
    runner_options: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="Beam's options, such as '--direct_num_workers=2 --job_name=x'."
        ),
    ] = "",
) -> None:
    """Translate images of any size, videos and animations with a trained model."""
    chosen_scale = parse_scale(scale)
    chosen_tile = None if tile is None else as_size(tile, "--tile")
    import_tensorflow()

    chosen = choose_model(run, preset, checkpoint)
    model = chosen.translator()
    if runner is not None:
        _translate_on(
            runner,
            runner_options,
            inputs,
            str(out_folder),
            model,
            # Workers find a run under the same path, wherever they stand.
            overwrite=overwrite,
            resume=resume,
            run=None if run is None else str(run.absolute()),
            preset=preset,
            checkpoint=checkpoint,
            direction=direction,
            tile=chosen_tile,
            scale=chosen_scale,
            side=side,
            style=style,
            strength=1.0 if strength is None else strength,
        )
        return
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


def _translate_on(
    runner: str,
    options: str,
    inputs: list[str],
    out_folder: str,
    model: "Translating",
    *,
    overwrite: bool,
    resume: bool,
    **asked: Any,
) -> None:
    """Runs a pipeline, and says what it did."""
    if importlib.util.find_spec("apache_beam") is None:
        raise MissingExtraError("translate --runner", "apache-beam", "beam")
    from tfi2i.data.decode.writing import suffixes_for
    from tfi2i.export.beam.handler import TranslatorHandler
    from tfi2i.export.beam.pipeline import LEFT_OUT, translate_on

    handler = TranslatorHandler(**asked)
    model.scale_of(asked["direction"], asked["scale"])  # What is impossible is said before.
    if asked["style"] is not None:
        set_chosen_style(model, asked["style"], asked["strength"])
    made = model.ranges_of(asked["direction"])[1]
    channels = model.translator(asked["direction"]).output_shape[-1]
    logging.basicConfig(format="%(message)s")
    logging.getLogger("tfi2i").setLevel(logging.INFO)
    out.print(f"a pipeline on {runner}; workers log how far they are")
    counts = translate_on(
        runner,
        inputs,
        out_folder,
        handler,
        suffixes_for(made.dtype, channels),
        options=shlex.split(options),
        overwrite=overwrite,
        resume=resume,
    )
    out.print(f"{counts.translated:,} files in {out_folder}")
    if counts.there:
        out.print(f"{counts.there:,} were there already")
    if counts.several:
        out.print(f"{counts.several:,} have several frames: the first of each was translated")
    if counts.left_out:
        out.print(f"{counts.left_out:,} left out: {out_folder}/{LEFT_OUT} lists them")
