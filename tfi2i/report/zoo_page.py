"""One page of the whole zoo: what each variant was measured to do, in figures and pictures."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from tfi2i.report.html import Html, command, element, page, section, table, write_page

# Pictures this many times as wide as they are high fill the page; others would be too high then.
_WIDE = 1.5


@dataclass(frozen=True)
class MeasuredPlan:
    """What one plan of a variant measured.

    Attributes:
        claim: What its paper leads one to expect.
        table: Headings and rows, one for each arm and baseline.
        command: What measured it.
        pictures: JPEGs and PNGs of what was made, each with what it shows, in words.
    """

    claim: str
    table: tuple[Sequence[object], Sequence[Sequence[object]]]
    command: str
    pictures: Sequence[tuple[Path, str]]


@dataclass(frozen=True)
class ZooEntry:
    """A variant on the page.

    Attributes:
        name: As commands have it.
        title: Its paper.
        group: The family that it belongs to.
        headline: Its main figures in one line.
        presets: Names of the trained generators that ship with it.
        plans: What was measured; empty if nothing was.
    """

    name: str
    title: str
    group: str
    headline: str
    presets: Sequence[str]
    plans: Sequence[MeasuredPlan]


def write_zoo_page(path: Path, entries: Sequence[ZooEntry]) -> Path:
    """Writes the page, pictures inside, so that it works as a file alone.

    Args:
        path: Path of the page.
        entries: The variants in the order of the page.

    Returns:
        The path.
    """
    measured = sum(bool(entry.plans) for entry in entries)
    lead = f"{len(entries)} variants, {measured} of them measured on real images."
    body = [
        element("h1", "The zoo of tfi2i"),
        element("p", lead, class_="lead"),
        _contents(entries),
        *map(_entry, entries),
    ]
    write_page(path, page("The zoo of tfi2i", *body))
    return path


def _contents(entries: Sequence[ZooEntry]) -> Html:
    rows = [
        (element("a", entry.name, href=f"#{entry.name}"), entry.group, entry.headline)
        for entry in entries
    ]
    return section("Variants", table(("variant", "group", "measured"), rows))


def _entry(entry: ZooEntry) -> Html:
    use: list[Any] = []
    if entry.presets:
        use = [element("p", f"Trained weights: {', '.join(entry.presets)}.")]
    plans = [_plan(plan, entry.name) for plan in entry.plans]
    missing = [] if plans else [element("p", "Not measured yet.", class_="lead")]
    heading = element("h2", entry.name, id=entry.name)
    title = element("p", entry.title, class_="lead")
    return element("section", heading, title, *use, *missing, *plans)


def _plan(plan: MeasuredPlan, name: str) -> Html:
    return element(
        "div",
        element("p", f"Expected: {plan.claim}"),
        element("div", table(*plan.table), class_="numbers"),
        *(_picture(path, shows, name) for path, shows in plan.pictures),
        command(plan.command),
    )


def _picture(path: Path, shows: str, name: str) -> Html:
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    kind = {".jpg": "jpeg", ".png": "png"}[path.suffix]
    image = element("img", src=f"data:image/{kind};base64,{content}", alt=f"images of {name}")
    with Image.open(path) as picture:
        wide = picture.width >= _WIDE * picture.height
    return element(
        "figure",
        element("div", image, class_="scroll"),
        element("figcaption", shows),
        class_="pixels wide" if wide else "pixels",
    )
