"""A comparison as Markdown with one picture, to commit or to paste."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.data import as_rgb, write_image
from tfi2i.report.compare_table import comparison_lead, comparison_note, comparison_table
from tfi2i.whole_files import write_text

PICTURE = "pictures.jpg"
# Small images are enlarged by whole numbers, until the picture is about as wide as a page's text.
_WIDTH = 800


def write_compare_readme(
    folder: Path, results: dict[str, Any], pictures: dict[str, np.ndarray]
) -> Path:
    """Writes `README.md` and the picture that it shows.

    Args:
        folder: Folder of both.
        results: Result of `tfi2i.evidence.compare.compare`.
        pictures: Column to uint8 (N, S, S, C): `input` or `real`, each variant, perhaps `truth`.

    Returns:
        The path of the Markdown.
    """
    variants = results["variants"]
    columns = [next(iter(pictures)), *variants, *(["truth"] if "truth" in pictures else [])]
    drawn = columns[0] == "real"
    # A column for each of translations of one image; samples of a model are a row of their own.
    order, within, across = ("From top to bottom", 1, 0) if drawn else ("From left to right", 0, 1)
    parts = [np.concatenate(list(as_rgb(pictures[one])), axis=within) for one in columns]
    picture = np.concatenate(parts, axis=across)
    factor = max(1, _WIDTH // picture.shape[1])
    write_image(folder / PICTURE, picture.repeat(factor, axis=0).repeat(factor, axis=1))
    head, body = comparison_table(variants)
    lines = [
        f"# {', '.join(variants)}",
        "",
        comparison_lead(results),
        "",
        *(_line(cells) for cells in (head, ["---"] * len(head), *body)),
        "",
        f"{comparison_note(variants)} Command: `{results['command']}`.",
        "",
        f"![Images of each]({PICTURE})",
        "",
        f"{order}: {', '.join(columns)}.",
    ]
    path = folder / "README.md"
    write_text(path, "\n".join(lines) + "\n")
    return path


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
