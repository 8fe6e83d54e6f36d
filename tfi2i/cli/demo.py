"""`tfi2i demo`: the whole job on built-in images, and a page that shows it."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from tfi2i.cli.console import import_tensorflow, out

EXAMPLE = "Example:  tfi2i demo --out my-demo"


def demo(
    out_folder: Annotated[
        Path, typer.Option("--out", help="The folder for all results; a stopped demo goes on.")
    ] = Path("runs/demo"),
) -> None:
    """Train, measure, translate a map, export: the whole job in minutes, on built-in images."""
    import_tensorflow()
    from tfi2i.cli.plan import plan_new
    from tfi2i.cli.training_run import carry_out
    from tfi2i.evidence.demo import run_demo

    def train(folder: Path) -> bool:
        plan = plan_new("pix2pix", "demo", data={}, overrides=(), run=folder, runs=folder.parent)
        to_resume = f"tfi2i demo --out {shlex.quote(str(out_folder))}"
        return carry_out(plan, to_resume=to_resume).finished

    page = run_demo(out_folder, train=train, say=out.print)
    if page is not None:
        out.print(f"Open this page in a browser: {page.absolute()}")
