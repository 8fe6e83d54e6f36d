"""The page of a comparison: one table, and what each variant makes of the same images."""

from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.report.compare_table import comparison_lead, comparison_note, comparison_table
from tfi2i.report.html import Html, command, data_uri, element, page, section, table, write_page


def write_compare_page(
    path: Path, results: dict[str, Any], pictures: dict[str, np.ndarray]
) -> Path:
    """Writes the page.

    Args:
        path: Path of the page.
        results: Result of `tfi2i.evidence.compare.compare`.
        pictures: Column to uint8 (N, S, S, C): `input` or `real`, each variant, perhaps `truth`.

    Returns:
        The path.
    """
    variants = results["variants"]
    title = f"tfi2i compare: {', '.join(variants)}"
    body = [
        element("h1", title),
        element("p", comparison_lead(results), class_="lead"),
        section(
            "Figures",
            element("div", table(*comparison_table(variants)), class_="numbers"),
            element("p", comparison_note(variants), class_="lead"),
        ),
        section("Images of each", _pictures(list(variants), pictures)),
        section("Use one of them", _commands(variants, translates="input" in pictures)),
    ]
    write_page(path, page(title, *body))
    return path


def _pictures(names: list[str], pictures: dict[str, np.ndarray]) -> Html:
    first = next(iter(pictures))
    columns = [first, *names, *(["truth"] if "truth" in pictures else [])]
    if first == "real":
        return _rows(columns, pictures)
    cells = [element("span", column) for column in columns]
    for index in range(len(pictures[first])):
        for column in columns:
            source = data_uri(pictures[column][index])
            cells.append(element("img", src=source, alt=f"image {index + 1}, {column}"))
    style = f"grid-template-columns:repeat({len(columns)},1fr);max-width:{len(columns) * 160}px"
    return element("div", *cells, class_="crops", style=style)


def _rows(names: list[str], pictures: dict[str, np.ndarray]) -> Html:
    """A row for each: samples have nothing in common but who drew them."""
    shown = []
    for name in names:
        shown.append(element("span", name))
        row = np.concatenate(list(pictures[name]), axis=1)
        shown.append(element("img", src=data_uri(row), alt=f"images of {name}"))
    return element("div", *shown, class_="rows pixels")


def _commands(variants: dict[str, Any], *, translates: bool) -> Html:
    use = "translate --run {} PHOTOS" if translates else "sample --run {}"
    return command(*(f"tfi2i {use.format(one['run'])} --out FOLDER" for one in variants.values()))
