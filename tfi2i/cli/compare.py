"""`tfi2i compare`: which variant for these images?"""

from pathlib import Path
from typing import Annotated

import typer

from tfi2i.cli.console import import_tensorflow, out
from tfi2i.errors import RecipeError
from tfi2i.image_sizes import as_size

EXAMPLE = "Example:  tfi2i compare cyclegan discogan dualgan --data photos/horse2zebra --epochs 20"


def compare(
    variants: Annotated[
        list[str],
        typer.Argument(
            metavar="VARIANT",
            help="Of the zoo, see `tfi2i list`; NAME:RECIPE takes another recipe than `small`.",
        ),
    ],
    data: Annotated[
        str,
        typer.Option(
            help="A folder of images, earth:<map>-<map>, or digits:<a>-<b>; for images from "
            "noise also earth:<map>, or digits:handwritten.",
        ),
    ] = "earth:shadedrelief-etopo1",
    epochs: Annotated[
        int, typer.Option(help="Passes over the training images, for each variant.")
    ] = 12,
    size: Annotated[
        str, typer.Option(help="Of the training images: 64, or height and width, 64x128.")
    ] = "64",
    flip: Annotated[
        bool | None,
        typer.Option(help="Mirror training images at random; by default unless they are digits."),
    ] = None,
    channels: Annotated[
        int | None,
        typer.Option(
            min=1, help="Of the images: 3, or 1 for grey; by default 1 for digits:<one> and music."
        ),
    ] = None,
    generator_size: Annotated[
        int | None,
        typer.Option(
            min=1, help="Parameters of every generator, about; by default as the recipes have them."
        ),
    ] = None,
    seeds: Annotated[str, typer.Option(help="Seeds, separated by commas.")] = "0",
    out_folder: Annotated[
        Path, typer.Option("--out", help="The folder for runs, table and page.")
    ] = Path("runs/compare"),
    jobs: Annotated[int, typer.Option(help="Runs side by side, each with its share of cores.")] = 1,
) -> None:
    """Train several variants' small networks in the same way on the same images, and show them all.

    The same command goes on where a stopped one ended; another variant is added to the comparison.
    """
    try:
        numbers = [int(seed) for seed in seeds.split(",")]
    except ValueError:
        raise RecipeError(f"--seeds takes whole numbers such as 0,1,2, not {seeds!r}") from None

    import_tensorflow()
    from tfi2i.evidence.cards import figures_in_words
    from tfi2i.evidence.compare import Budget
    from tfi2i.evidence.compare import compare as run_comparison

    # Runs remember their images, and can be resumed from anywhere.
    source = str(Path(data).absolute()) if Path(data).exists() else data
    budget = Budget(source, as_size(size, "--size"), epochs, flip, channels, generator_size)
    results = run_comparison(variants, budget, seeds=numbers, out=out_folder, jobs=jobs)
    for name, found in results["variants"].items():
        out.print(f"{name}: {figures_in_words(found)}, {found['seconds']} s")
    out.print(f"look       {out_folder / 'index.html'}")
