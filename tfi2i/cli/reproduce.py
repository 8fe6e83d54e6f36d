"""`tfi2i reproduce`: a variant's evidence."""

from pathlib import Path
from typing import Annotated

import typer

from tfi2i.cli.console import import_tensorflow, out
from tfi2i.errors import RecipeError
from tfi2i.evidence.cards import figures_in_words
from tfi2i.zoo.catalogue import MAIN_PLAN

EXAMPLE = "Example:  tfi2i reproduce pix2pix --seeds 0,1,2"


def reproduce(
    variant: Annotated[
        str | None, typer.Argument(help="A variant of the zoo; see `tfi2i list`.")
    ] = None,
    whole_zoo: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Every variant by its main plan, and a page of the zoo in --out; a stopped call "
            "goes on where it was.",
        ),
    ] = False,
    seeds: Annotated[str, typer.Option(help="Seeds, separated by commas.")] = "0,1,2",
    out_folder: Annotated[
        Path, typer.Option("--out", help="Where the runs and results.json go.")
    ] = Path("runs/reproduce"),
    plan: Annotated[
        str, typer.Option(help="Another plan of the variant, a file beside its reproduce.yaml.")
    ] = MAIN_PLAN,
    arm: Annotated[
        list[str] | None, typer.Option(help="Only this arm of the experiment; may be repeated.")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Runs side by side, each with its share of cores.")] = 1,
    add: Annotated[
        bool, typer.Option("--add", help="Join these seeds to those measured before.")
    ] = False,
) -> None:
    """Train a variant's small recipe beside its controls, several seeds each, and measure all."""
    try:
        numbers = [int(seed) for seed in seeds.split(",")]
    except ValueError:
        raise RecipeError(f"--seeds takes whole numbers such as 0,1,2, not {seeds!r}") from None

    if whole_zoo == (variant is not None):
        raise RecipeError("name one variant (tfi2i reproduce pix2pix), or give --all")
    if whole_zoo and (plan != MAIN_PLAN or arm or add):
        raise RecipeError("--all measures main plans whole: leave --plan, --arm and --add out")
    import_tensorflow()
    if variant is None:
        from tfi2i.evidence.reproduce_all import reproduce_all

        out.print(f"written: {reproduce_all(seeds=numbers, out=out_folder, jobs=jobs)}")
        return
    from tfi2i.evidence.reproduce import reproduce as run_reproduction

    results = run_reproduction(
        variant, seeds=numbers, out=out_folder, plan_name=plan, arms=arm, jobs=jobs, add=add
    )
    for name, record in results["arms"].items():
        out.print(f"{name}: {figures_in_words(record)}")
