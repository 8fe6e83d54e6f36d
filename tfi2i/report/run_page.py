"""The page of a training run, `index.html` in its folder."""

import json
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from PIL import Image

from tfi2i.data.decode.tags import COLUMNS
from tfi2i.report.charts import line_chart
from tfi2i.report.html import Html, command, element, page, section, table, write_page

if TYPE_CHECKING:
    from tfi2i.training.run.folder import RunFolder

REFRESH_SECONDS = 15
_SHOWN_WIDTH = 480
_NOT_LOSSES = ("iteration", "epoch", "images_per_second")

State = Literal["training", "stopped", "finished"]


def write_run_page(
    folder: "RunFolder", *, state: State = "finished", total_iterations: int | None = None
) -> Path:
    """Writes what is known about a run by now.

    The sample pictures are not copied into the page: it is written anew after every epoch, and they
    lie beside it in the run folder.

    Args:
        folder: Folder of a run.
        state: While `training`, the page loads itself anew every few seconds.
        total_iterations: Iterations of the whole run, for the bar; None leaves it out.

    Returns:
        The page's path.

    Raises:
        RunError: If this is not a run folder, or something else lies where its files belong.
    """
    folder.check_places()
    facts, recipe, metrics = folder.facts(), folder.recipe(), folder.metrics()
    title = f"{recipe.variant} on {Path(str(recipe.data['source'])).name}"
    body = [
        element("h1", title),
        element("p", facts["data"], class_="lead"),
        *_progress(metrics, state, total_iterations),
        _warnings(folder.log_path),
        _samples(folder),
        _figures(folder),
        section("Losses", loss_charts(metrics)) if metrics else None,
        section("What next", *_next(folder, facts, state)),
        section("Recipe", command(recipe.to_yaml().rstrip())),
        section("Facts", table((), [(name, _plain(value)) for name, value in facts.items()])),
    ]
    refresh = REFRESH_SECONDS if state == "training" else None
    write_page(folder.page_path, page(title, *body, refresh_seconds=refresh))
    return folder.page_path


def speed_in_words(images_per_second: float) -> str:
    """Such as: 0.35 images/s, 1,420 images/s."""
    digits = ".2g" if images_per_second < 10 else ",.0f"
    return f"{images_per_second:{digits}} images/s"


def _progress(
    metrics: Sequence[dict[str, float]], state: State, total_iterations: int | None
) -> list[Html | None]:
    iteration = int(metrics[-1]["iteration"]) if metrics else 0
    words = [state, f"iteration {iteration:,}"]
    bar = None
    if total_iterations:
        words[1] += f" of {total_iterations:,}"
        share = 100 * iteration / total_iterations
        bar = element("div", element("div", style=f"width:{share:.1f}%"), class_="bar")
    if metrics:
        words.append(speed_in_words(metrics[-1]["images_per_second"]))
    words.append(f"written {time.strftime('%Y-%m-%d %H:%M:%S')}")
    return [element("p", " · ".join(words)), bar]


def _warnings(log_path: Path) -> Html | None:
    if not log_path.exists():
        return None
    lines = log_path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [line for line in lines if "  warning: " in line or "  error: " in line]
    if not found:
        return None
    items = element("ul", *(element("li", line) for line in found[-20:]))
    return element("div", items, class_="warnings")


def _samples(folder: "RunFolder") -> Html:
    files = sorted((p for p in folder.samples.glob("*.png") if p.stem.isdigit()), reverse=True)
    if not files:
        return section("Samples", element("p", "None yet.", class_="lead"))
    about = "The same test images every time, newest first: look at these before the losses."
    figures = [_sample(folder.path, file) for file in files]
    return section(
        "Samples",
        element("p", about, class_="lead"),
        element("div", *figures, class_="samples pixels"),
    )


def _sample(root: Path, file: Path) -> Html | None:
    try:
        with Image.open(file) as image:
            width = image.width
            names = json.loads(image.info.get(COLUMNS, "[]"))
    except (OSError, ValueError):  # a damaged picture is left out
        return None
    shown = width * max(1, _SHOWN_WIDTH // width)
    picture = element(
        "img",
        src=quote(file.relative_to(root).as_posix()),
        alt=f"samples at iteration {int(file.stem):,}",
        width=shown,
        loading="lazy",
    )
    return element(
        "figure",
        element("figcaption", f"iteration {int(file.stem):,}"),
        element(
            "div",
            *(element("span", name) for name in names),
            class_="columns",
            style=f"width:{shown}px",
        ),
        picture,
    )


def _figures(folder: "RunFolder") -> Html | None:
    """Curves of what `train.evaluate_every` measured."""
    from tfi2i.training.run.metrics_file import FIGURE, best_figure

    lines = folder.figures()
    best = best_figure(lines)
    if best is None:
        return None
    charts = [
        line_chart(
            name.removeprefix(FIGURE), [(m["iteration"], m[name]) for m in lines if name in m]
        )
        for name in lines[-1]
        if name.startswith(FIGURE)
    ]
    about = (
        "Measured on images that it does not train on. The best so far: "
        f"{best.name.removeprefix(FIGURE)} {best.value:.4g} at iteration {best.iteration:,}; "
        "--checkpoint best takes that one."
    )
    return section(
        "Figures on held-out images",
        element("p", about, class_="lead"),
        element("div", *charts, class_="charts"),
    )


def loss_charts(metrics: Sequence[dict[str, float]]) -> Html:
    """A small chart for every loss in the lines of `metrics.jsonl`."""
    names = [name for name in metrics[-1] if name not in _NOT_LOSSES] if metrics else []
    charts = [
        line_chart(name, [(m["iteration"], m[name]) for m in metrics if name in m])
        for name in names
    ]
    return element("div", *charts, class_="charts")


def _next(folder: "RunFolder", facts: Mapping[str, Any], state: State) -> list[Html]:
    run = shlex.quote(str(folder.path))
    resume = [] if state == "finished" else [f"tfi2i train --resume {run}"]
    # Runs from the time before directions were noted translate.
    if not facts.get("directions", ["a2b"]):
        about = "The newest sample is what the run makes: there is nothing to translate with."
        return [element("p", about), *([command(*resume)] if resume else [])]
    lines = [
        f"tfi2i translate --run {run} PHOTOS --out translated",
        f"tfi2i evaluate --run {run}",
        f"tfi2i export --run {run} --out exported",
    ]
    if "latents" in next(iter(facts.get("takes", {}).values()), []):
        lines[0] = f"tfi2i sample --run {run} --grid --out samples.png"
    return [command(*resume, *lines)]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
