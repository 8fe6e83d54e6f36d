"""The page of a comparison: one table, and what each variant makes of the same images."""

from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.report.html import Html, command, data_uri, element, page, section, table, write_page

_FIGURES = {"kid": "KID", "l1": "L1", "ssim": "SSIM"}


def write_compare_page(
    path: Path, results: dict[str, Any], pictures: dict[str, np.ndarray]
) -> Path:
    """Writes the page.

    Args:
        path: Of the page.
        results: Of `tfi2i.compare.compare`.
        pictures: Column to uint8 (N, S, S, C): `input`, perhaps `truth`, and each variant.

    Returns:
        The path.
    """
    variants = results["variants"]
    title = f"tfi2i compare: {', '.join(variants)}"
    body = [
        element("h1", title),
        element("p", _lead(results), class_="lead"),
        section("Figures", element("div", _figures(variants), class_="numbers"), _notes(variants)),
        section("The same test images", _pictures(list(variants), pictures)),
        section("Use one of them", _commands(variants)),
    ]
    write_page(path, page(title, *body))
    return path


def _lead(results: dict[str, Any]) -> str:
    budget = results["budget"]
    return (
        f"{results['data'].removeprefix('found ')}. Each variant with the networks of its small "
        f"recipe, {budget['epochs']} epochs at {budget['size']} px. {results['cores']} cores of "
        f"{results['processor']}, TensorFlow {results['versions']['tensorflow']}."
    )


def _figures(variants: dict[str, Any]) -> Html:
    known = [key for key in _FIGURES if any(key in one["figures"] for one in variants.values())]
    head = (
        "", *(_FIGURES[key] for key in known), "images seen", "seconds", "peak memory, MiB",
        "generator's parameters", "all parameters", "seeds",
    )  # fmt: skip
    rows = [
        (
            name,
            *(_with_spread(one["figures"].get(key)) for key in known),
            f"{one['images_seen']:,}",
            f"{one['seconds']:,}",
            f"{one['peak_memory_mib']:,}",
            f"{one['parameters']['generator']:,}",
            f"{one['parameters']['all']:,}",
            str(len(one["seeds"])),
        )
        for name, one in variants.items()
    ]
    baselines = next(iter(variants.values()))["baselines"].get("copy_input", {})
    if baselines:
        cells = (_number(baselines.get(key)) for key in known)
        rows.append(("baseline: the input itself", *cells, "", "", "", "", "", ""))
    return table(head, rows)


def _notes(variants: dict[str, Any]) -> Html:
    first = next(iter(variants.values()))
    text = (
        f"{first['test_images']} test images; KID and L1 are better when smaller, SSIM when "
        "larger. Seconds of training at the median pace."
    )
    if first["features"]:
        text += f" KID with {first['features']['extractor']}."
    return element("p", text, class_="lead")


def _pictures(names: list[str], pictures: dict[str, np.ndarray]) -> Html:
    columns = ["input", *names, *(["truth"] if "truth" in pictures else [])]
    cells = [element("span", column) for column in columns]
    for index in range(len(pictures["input"])):
        for column in columns:
            source = data_uri(pictures[column][index])
            cells.append(element("img", src=source, alt=f"image {index + 1}, {column}"))
    style = f"grid-template-columns:repeat({len(columns)},1fr);max-width:{len(columns) * 160}px"
    return element("div", *cells, class_="crops", style=style)


def _commands(variants: dict[str, Any]) -> Html:
    return command(
        *(f"tfi2i translate --run {one['run']} PHOTOS --out FOLDER" for one in variants.values())
    )


def _with_spread(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "-"
    spread = "" if figure["spread"] is None else f" ± {_number(figure['spread'])}"
    return _number(figure["mean"]) + spread


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
