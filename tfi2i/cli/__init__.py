"""The command `tfi2i`: a thin layer over the library, one module a command.

Importing this loads no TensorFlow: each command imports what it needs when it runs, so that help
appears at once.
"""

from collections.abc import Sequence
from typing import Annotated

import typer

import tfi2i
from tfi2i.cli import (
    compare,
    demo,
    evaluate,
    export,
    importing,
    listing,
    reproduce,
    sample,
    study,
    train,
    translate,
)
from tfi2i.cli.console import show_error
from tfi2i.errors import Tfi2iError

app = typer.Typer(
    name="tfi2i",
    no_args_is_help=True,
    add_completion=False,
    # A mistake in tfi2i itself shows Python's own traceback, which can be pasted into a report.
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"tfi2i {tfi2i.__version__}")
        raise typer.Exit


@app.callback(epilog="Example:  tfi2i demo")
def _tfi2i(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Image-to-image GANs for Keras: train on your own images, measure, translate, ship."""


app.command("demo", epilog=demo.EXAMPLE)(demo.demo)
app.command("list", epilog=listing.EXAMPLE)(listing.list_variants)
app.command("train", epilog=train.EXAMPLE)(train.train)
app.command("translate", epilog=translate.EXAMPLE)(translate.translate)
app.command("sample", epilog=sample.EXAMPLE)(sample.sample)
app.command("evaluate", epilog=evaluate.EXAMPLE)(evaluate.evaluate)
app.command("import", epilog=importing.EXAMPLE)(importing.import_files)
app.command("export", epilog=export.EXAMPLE)(export.export)
app.command("compare", epilog=compare.EXAMPLE)(compare.compare)
app.command("reproduce", epilog=reproduce.EXAMPLE)(reproduce.reproduce)
app.command("study", epilog=study.EXAMPLE)(study.study)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and exits.

    An error that the user can mend is one red line on stderr and the exit code of its class; any
    other keeps its traceback.

    Args:
        arguments: They take the place of the process's own.
    """
    try:
        app(args=None if arguments is None else list(arguments), prog_name="tfi2i")
    except Tfi2iError as error:
        show_error(str(error))
        raise SystemExit(error.exit_code) from None
