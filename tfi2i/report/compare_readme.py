"""A comparison as Markdown with one picture, to commit or to paste."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.data import as_rgb, write_image
from tfi2i.report.compare_table import comparison_lead, comparison_note, comparison_table
from tfi2i.whole_files import write_text

PICTURE = "pictures.jpg"


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
    rows = np.concatenate([as_rgb(pictures[column]) for column in columns], axis=2)
    write_image(folder / PICTURE, np.concatenate(list(rows), axis=0))
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
        f"From left to right: {', '.join(columns)}.",
    ]
    path = folder / "README.md"
    write_text(path, "\n".join(lines) + "\n")
    return path


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
