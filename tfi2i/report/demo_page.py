"""The page of the demo: pictures, figures and what to do next, in one file."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.export.parity import allowed_text
from tfi2i.report.figure_names import FIGURE_NAMES
from tfi2i.report.html import Html, command, data_uri, element, page, section, table, write_page
from tfi2i.report.run_page import loss_charts
from tfi2i.training.run.folder import RunFolder

_ROWS = {
    "translated": "pix2pix",
    "copy_input": "baseline: the input itself",
    "mean_colour": "baseline: mean colour of the training tiles",
}
_CAPTIONS = {"input": "input: shaded relief", "output": "output", "truth": "truth: elevation"}


@dataclass(frozen=True)
class DemoResults:
    """What the page shows.

    Attributes:
        run: The training run.
        figures: What `evaluate_model` gives.
        tiles: Held-out tiles by column of the page: input, output, truth; uint8 (N, S, S, 3).
        maps: The whole held-out map in the same columns; uint8 (H, W, 3).
        seams: `seam_ratio` of the `blended` map, of `hard` tiles side by side without overlap, and
            of the `truth`, in which there are no tiles.
        parity: What `tfi2i.export.parity_report` gives.
        seconds: Seconds of each part of the job.
    """

    run: RunFolder
    figures: dict[str, Any]
    tiles: dict[str, np.ndarray]
    maps: dict[str, np.ndarray]
    seams: dict[str, float]
    parity: dict[str, Any]
    seconds: dict[str, float]


def write_demo_page(path: Path, results: DemoResults) -> Path:
    """Writes the page.

    Args:
        path: Path of the page.
        results: Result of `tfi2i.evidence.demo.run_demo`.

    Returns:
        The path.
    """
    title = "tfi2i demo: a relief map becomes an elevation map"
    body = [
        element("h1", title),
        _lead(results),
        _headline(results.figures),
        section(
            "Tiles that the model has never seen",
            element(
                "p",
                "Evenly picked from the held-out band, 20 to 50 degrees east; no training tile "
                "touches it.",
                class_="lead",
            ),
            _crops(results),
        ),
        section("Figures", _figures(results.figures)),
        section("The whole held-out map", *_map(results)),
        section("What ships", *_parity(results.parity)),
        section("How the training went", loss_charts(results.run.metrics())),
        section("What next", _next(results)),
        section("The recipe", command(results.run.recipe().to_yaml().rstrip())),
    ]
    write_page(path, page(title, *body))
    return path


def better_baseline(figures: dict[str, Any]) -> tuple[str, float]:
    """Name and L1 of the baseline that comes closest to the truth."""
    known = [name for name in ("copy_input", "mean_colour") if name in figures]
    best = min(known, key=lambda name: figures[name]["l1"])
    return best, figures[best]["l1"]


def _lead(results: DemoResults) -> Html:
    facts = results.run.facts()
    spent = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in results.seconds.items())
    return element(
        "p",
        f"pix2pix, trained from random weights: {facts['data'].removeprefix('found ')}. "
        f"{facts['cores']} cores of {facts['processor']}; {spent}.",
        class_="lead",
    )


def _headline(figures: dict[str, Any]) -> Html:
    ours = figures["translated"]["l1"]
    name, theirs = better_baseline(figures)
    return element(
        "p",
        "Held-out L1 ",
        element("b", f"{ours:.3f}"),
        f", {ours / theirs:.0%} of the better baseline ({name.replace('_', ' ')}, {theirs:.3f}).",
        class_="headline",
    )


def _crops(results: DemoResults) -> Html:
    cells = [element("span", caption) for caption in _CAPTIONS.values()]
    for index in range(len(results.tiles["input"])):
        for name, caption in _CAPTIONS.items():
            tile = results.tiles[name][index]
            cells.append(element("img", src=data_uri(tile), alt=f"tile {index + 1}, {caption}"))
    columns = f"grid-template-columns:repeat({len(_CAPTIONS)},1fr)"
    return element("div", *cells, class_="crops", style=columns)


def _figures(figures: dict[str, Any]) -> Html:
    columns = {key: name for key, name in FIGURE_NAMES.items() if key in figures["translated"]}
    rows = [
        (label, *(_number(figures[name].get(key)) for key in columns))
        for name, label in _ROWS.items()
        if name in figures
    ]
    notes = [
        f"All {figures['images_a']} held-out tiles of {figures['size']} px that show enough land. "
        "L1 is the mean absolute difference on the scale from -1 to 1. L1, FID, KID and "
        "colour distance are better when smaller, PSNR (dB) and SSIM when larger."
    ]
    if "features" in figures:
        features = figures["features"]
        notes.append(
            f" FID and KID compare {features['fake_images']} translated with "
            f"{features['real_images']} real tiles by {features['extractor']}."
        )
        notes.append(f" {features['fid_warning']}" if features["fid_warning"] else "")
    return element(
        "div",
        element("div", table((f"{figures['images_a']} tiles", *columns.values()), rows)),
        element("p", *notes, class_="lead"),
        class_="numbers",
    )


def _map(results: DemoResults) -> list[Html]:
    height, width = results.maps["input"].shape[:2]
    seams = results.seams
    pictures = [
        element(
            "figure",
            element("figcaption", caption),
            element("img", src=data_uri(results.maps[name], lossy=True), alt=caption),
        )
        for name, caption in _CAPTIONS.items()
    ]
    return [
        element(
            "p",
            f"{width} x {height} pixels from pole to pole, by blended tiles. Steps in brightness "
            f"at tile borders are {seams['blended']:.2f} times those elsewhere; tiles side by side "
            f"have {seams['hard']:.2f}, the true map, which has no tiles, {seams['truth']:.2f}. "
            "Tiles of mostly sea and latitudes beyond 70 degrees were not in the training set.",
            class_="lead",
        ),
        element("div", *pictures, class_="strip"),
    ]


def _parity(parity: dict[str, Any]) -> list[Html]:
    head = ("file", "largest difference", "allowed", "PSNR, dB", "size, kB", "ms a tile")
    keras = ("Keras", "", "", "", "", _number(parity["keras"]["latency_ms"]))
    rows = [
        (
            entry["name"],
            f"{entry['max_abs']:.1e}",
            allowed_text(entry),
            "equal" if entry["psnr_db"] is None else f"{entry['psnr_db']:.1f}",
            f"{entry['size_bytes'] / 1000:,.0f}",
            _number(entry["latency_ms"]),
        )
        for entry in parity["artefacts"]
    ]
    about = (
        f"Each exported file against Keras on {parity['images']} held-out tiles; differences on "
        "the scale from -1 to 1."
    )
    return [
        element("p", about, class_="lead"),
        element("div", table(head, [keras, *rows]), class_="numbers"),
    ]


def _next(results: DemoResults) -> Html:
    run = shlex.quote(str(results.run.path))
    return element(
        "div",
        element("p", "With this model:"),
        command(
            f"tfi2i translate --run {run} MAPS --out translated",
            f"tfi2i evaluate --run {run}",
        ),
        element("p", "With your own images, say in photos/trainA and photos/trainB:"),
        command("tfi2i train cyclegan --data photos"),
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
