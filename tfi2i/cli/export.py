"""`tfi2i export`: a trained generator as files that ship, proven to agree with Keras."""

import math
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tfi2i.cli.chosen import (
    CheckpointOption,
    Chosen,
    PresetOption,
    RunOption,
    StrengthOption,
    StyleOption,
    choose_model,
    parse_scale,
    set_chosen_style,
)
from tfi2i.cli.console import import_tensorflow, out
from tfi2i.cli.export_images import calibration_images, real_images, target_images
from tfi2i.errors import DataError, ExportError
from tfi2i.export.formats import FORMATS, WEB
from tfi2i.export.out_folder import check_folder
from tfi2i.export.web.runtime import fetched
from tfi2i.image_sizes import as_size

if TYPE_CHECKING:
    from tfi2i.export.shipping import Wanted
    from tfi2i.export.web.shipping import MadePage
    from tfi2i.training.views import View

EXAMPLE = "Example:  tfi2i export runs/00000-pix2pix-facades --out shipped --formats saved_model"

SERVING_HINT = (
    "docker compose up, in {0}, starts a server; the README.md beside each model has a request to "
    "paste. Other servers on processors: set TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1, so that weights "
    "are prepared once, not for every image"
)
_UINT8 = "litert_uint8"


def export(
    out_folder: Annotated[Path, typer.Option("--out", help="The folder for the files.")],
    run_folder: Annotated[
        Path | None, typer.Argument(metavar="[RUN]", help="A run folder, as --run has it.")
    ] = None,
    run: RunOption = None,
    checkpoint: CheckpointOption = None,
    preset: PresetOption = None,
    formats: Annotated[
        str,
        typer.Option(
            help="Of saved_model (servers), plain (converters), litert, litert_float16, "
            "litert_int8, litert_uint8 (phones), web (browsers); separated by commas."
        ),
    ] = "saved_model,litert,litert_float16",
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"],
        typer.Option(
            help="Of the SavedModel; auto is bfloat16 where images have 8 bits, this machine "
            "computes in it, and the images stay the same."
        ),
    ] = "auto",
    direction: Annotated[
        str | None,
        typer.Option(
            help="a2b, b2a, to_<domain>, sample or reconstruct, as far as the variant learns it; "
            "else all."
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            help="Of the fixed image of plain and LiteRT files in pixels: 256, or height and "
            "width, 256x512; else as the model was trained."
        ),
    ] = None,
    max_pixels: Annotated[
        int | None,
        typer.Option(help="Largest image that the SavedModel accepts; else by its use of memory."),
    ] = None,
    accept_psnr: Annotated[
        float | None,
        typer.Option(
            help="Accept bfloat16 and int8 files that agree with Keras to this many dB; else 40, "
            "and 30 of litert_uint8."
        ),
    ] = None,
    scale: Annotated[
        str,
        typer.Option(
            help="At which the SavedModel translates: trained, as training resized its images, or "
            "a number, 1 for the images' own pixels."
        ),
    ] = "trained",
    style: StyleOption = None,
    strength: StrengthOption = None,
    images: Annotated[
        list[str] | None,
        typer.Option(help="Real images to compare on; else the model's own test images."),
    ] = None,
) -> None:
    """Export generators to SavedModel, LiteRT and a page, and compare each file with Keras."""
    names = _check_formats(formats)
    if run is not None and run_folder is not None:
        raise ExportError(f"one run at a time: {run_folder}, or --run {run}")
    run = run or run_folder
    fixed_size = None if size is None else as_size(size, "--size")
    if max_pixels is not None and max_pixels < 1:
        raise ExportError(f"--max-pixels {max_pixels} is not possible: give 1 or more")
    if accept_psnr is not None and not 0 < accept_psnr < math.inf:
        raise ExportError(f"--accept-psnr {accept_psnr:g} is not possible: give dB, such as 35")
    chosen_scale = parse_scale(scale)
    if chosen_scale == "fit":
        raise ExportError("--scale fit depends on each image: give trained, or a number")
    check_folder(out_folder)
    if WEB in names:
        fetched(out.print)
    import_tensorflow()
    from tfi2i.export.agreement import REQUIRED_PSNR_DB
    from tfi2i.export.shipping import Wanted

    chosen = choose_model(run, preset, checkpoint)
    asked = _views(chosen, direction)
    seen = [name for name, view in asked.items() if "latents" not in view.takes]
    if not seen:
        told = {"--size": size, "--style": style, "--images": images}
        unfit = [option for option, value in told.items() if value]
        if unfit:
            raise ExportError(
                f"{chosen.model.name} draws images from latents: {unfit[0]} has no meaning for it"
            )
    else:
        set_chosen_style(chosen.translator(), style, strength)
    fixed_size = fixed_size or chosen.size
    pictures = {name: real_images(chosen, images, name, fixed_size) for name in seen}
    wanted = Wanted(
        formats=names,
        size=fixed_size,
        metadata=_metadata(chosen, run),
        precision=precision,
        max_pixels=max_pixels,
        required_psnr_db=REQUIRED_PSNR_DB if accept_psnr is None else accept_psnr,
        scale=chosen_scale,
        calibration=calibration_images(chosen, images, seen, fixed_size) if _UINT8 in names else {},
        targets={} if images else target_images(chosen, seen, fixed_size),
    )
    with _page(chosen, out_folder, pictures, wanted, draws=len(seen) < len(asked)) as place:
        if names != [WEB]:
            _show(_shipped(chosen, out_folder, pictures, wanted, asked), out_folder, names)
        place()


def _shipped(
    chosen: Chosen,
    out_folder: Path,
    pictures: dict[str, Any],
    wanted: "Wanted",
    asked: "dict[str, View]",
) -> dict[str, dict[str, Any]]:
    """Writes the files of all formats but the page, and gives their reports."""
    from tfi2i.export.drawing_shipping import ship_drawing
    from tfi2i.export.shipping import ship
    from tfi2i.zoo.generation._base import generator_of

    if len(pictures) < len(asked):
        return ship_drawing(generator_of(chosen.model), out_folder, wanted, pictures)
    return ship(chosen.translator(), out_folder, pictures, wanted)


@contextmanager
def _page(
    chosen: Chosen, out_folder: Path, pictures: dict[str, Any], wanted: "Wanted", *, draws: bool
) -> Iterator[Callable[[], None]]:
    """The page, if it is asked for: whole before other files are made, put in place after them."""
    if WEB not in wanted.formats:
        yield lambda: None
        return
    from tfi2i.export.web.shipping import made_page
    from tfi2i.zoo.generation._base import generator_of

    # Of a model that draws and copies images too, the page draws.
    model = generator_of(chosen.model) if draws else chosen.translator()
    shown = {} if draws else pictures
    with made_page(model, out_folder, shown, wanted, title=chosen.folder.name) as page:

        def place() -> None:
            page.put_in_place()
            _show_page(page)

        yield place


def _show_page(page: "MadePage") -> None:
    from tfi2i.export.parity import parity_table

    for name, report in page.reports.items():
        out.print(f"{name}, page:")
        out.print(parity_table(report))
    folder = shlex.quote(str(page.folder))
    out.print(f"in {page.folder}: put the folder on any web server, or try it here with")
    out.print(f"  python -m http.server 8000 --directory {folder}   # http://localhost:8000")


def _views(chosen: Chosen, direction: str | None) -> "dict[str, View]":
    """What is exported: the one view that is asked for, or else all that images come from.

    Raises:
        DataError: The model has no such view, or none of which images come.
    """
    # One file for all domains comes first.
    views = {
        name: view
        for name, view in {**chosen.model.open_views, **chosen.model.views}.items()
        # Of stages that draw, the last is what ships.
        if view.takes[0] == "images" or name == "sample"
    }
    if not views:
        chosen.translator()
    if direction is not None and direction not in views:
        raise DataError(
            f"{chosen.model.name} has {' and '.join(views)} to export, not {direction!r}"
        )
    return views if direction is None else {direction: views[direction]}


def _metadata(chosen: Chosen, run: Path | None) -> dict[str, Any]:
    """What the SavedModel says of the model."""
    return {
        "variant": chosen.facts["variant"],
        "config": chosen.facts["config"],
        **({} if run is None else {"iteration": chosen.iteration}),
        **{name: chosen.facts[name] for name in ("data_licence",) if name in chosen.facts},
    }


def _show(reports: dict[str, dict[str, Any]], out_folder: Path, formats: list[str]) -> None:
    from tfi2i.export.parity import parity_table
    from tfi2i.export.placing import PARITY_FILE

    for name, report in reports.items():
        out.print(f"{name}:")
        out.print(parity_table(report))
    out.print(f"in {out_folder}, figures in {out_folder / PARITY_FILE}")
    if "saved_model" in formats:
        out.print(SERVING_HINT.format(out_folder))


def _check_formats(formats: str) -> list[str]:
    names = [name.strip() for name in formats.split(",") if name.strip()]
    unknown = sorted(set(names) - {*FORMATS, WEB})
    if unknown or not names:
        told = f"; not {', '.join(unknown)}" if unknown else ": name at least one"
        raise ExportError(f"--formats knows {', '.join((*FORMATS, WEB))}{told}")
    return names
