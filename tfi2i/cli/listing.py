"""`tfi2i list`: what the zoo holds."""

import ast
import fnmatch
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfi2i.cli.console import out
from tfi2i.errors import RecipeError
from tfi2i.evidence.cards import headline
from tfi2i.whole_files import refuse_folder

if TYPE_CHECKING:
    from tfi2i.zoo.catalogue import Variant

EXAMPLE = "Example:  tfi2i list 'cycle*'"


def list_variants(
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="Names to show; * stands for anything.")
    ] = "*",
    page: Annotated[
        Path | None,
        typer.Option(
            help="Write a page of all variants, their figures and pictures, to this file."
        ),
    ] = None,
) -> None:
    """Show the variants of the zoo, their recipes, trained presets and measured results."""
    if page is not None:
        from tfi2i.evidence.whole_zoo import write_zoo

        refuse_folder(page, RecipeError)
        out.print(f"written: {write_zoo(page)}")
        return
    from rich.table import Table

    from tfi2i.zoo.catalogue import variants

    found = [variant for variant in variants() if fnmatch.fnmatch(variant.name, pattern)]
    if not found:
        known = ", ".join(variant.name for variant in variants())
        raise RecipeError(f"no variant matches {pattern!r}; the zoo has {known}")
    # One block for each variant: six columns side by side do not fit a terminal.
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for variant in found:
        facts = _facts(variant)
        for row, (name, value) in enumerate(facts.items()):
            table.add_row(variant.name if row == 0 else "", name, value)
        table.add_row()
    out.print(table, soft_wrap=False)


def _facts(variant: "Variant") -> dict[str, str]:
    return {
        "paper": variant.title,
        "group": variant.group,
        "images": batch_kind(variant.folder / "model.py"),
        "recipes": ", ".join(variant.recipes) or "-",
        "presets": "\n".join(map(_preset, variant.preset_folders)) or "-",
        "measured": headline(variant.results()),
    }


def _preset(folder: Path) -> str:
    """A preset's name, and the licence of its training data: not all are as free as tfi2i."""
    facts = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return f"{folder.name} (trained on: {facts['data_licence']})"


def batch_kind(model_file: Path) -> str:
    """The `batch_kind` that a variant's class states, read from its source without running it."""
    for node in ast.walk(ast.parse(model_file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            if [getattr(target, "id", None) for target in node.targets] == ["batch_kind"]:
                return str(node.value.value)
    raise ValueError(f"{model_file} does not state a batch_kind")
