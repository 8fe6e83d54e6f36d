"""`tfi2i import`: weights that other implementations trained, as a preset of one's own."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from tfi2i.cli.console import import_tensorflow, out
from tfi2i.image_sizes import as_size

EXAMPLE = "Example:  tfi2i import checkpoints/maps/latest_net_G.pth --as pix2pix --out maps"


def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="The .pth files of one training by the PyTorch implementation of pix2pix and "
            "CycleGAN, or their folder; or a checkpoint of TensorFlow's tutorials (its folder, "
            "prefix or .index file, or a SavedModel's folder).",
        ),
    ],
    variant: Annotated[
        Literal["pix2pix", "cyclegan"], typer.Option("--as", help="What they are weights of.")
    ],
    out_folder: Annotated[Path, typer.Option("--out", help="The folder for the preset.")],
    direction: Annotated[
        Literal["a2b", "b2a"] | None,
        typer.Option(
            help="Of a single generator: b2a if it translates from B to A, as after --direction "
            "BtoA; else as its name says."
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            help="Side of the training images in pixels; else the papers' for such a network."
        ),
    ] = None,
    evaluating: Annotated[
        bool,
        typer.Option(
            "--eval",
            help="Batch norms use the averages of training, as with test.py --eval; else each "
            "image's own statistics, as without.",
        ),
    ] = False,
    licence: Annotated[
        str | None, typer.Option(help="Of the weights, such as mit, for the card.")
    ] = None,
) -> None:
    """Make a preset of weights of the PyTorch implementation or of TensorFlow's tutorials."""
    chosen_size = None if size is None else as_size(size, "--size")
    import_tensorflow()
    from tfi2i.importing import import_weights

    imported = import_weights(
        files,
        variant,
        out_folder,
        direction=direction,
        size=chosen_size,
        evaluating=evaluating,
        licence=licence,
    )
    for line in imported.words:
        out.print(line)
    views = " and ".join(imported.model.views)
    out.print(f"a {variant} that translates {views}, in {out_folder}")
    if imported.direction == "b2a":
        out.print("its a2b takes images of B, and its data are opened with data.direction=b2a")
    out.print(f"now:  tfi2i translate --preset {out_folder} photo.jpg --out translated")
