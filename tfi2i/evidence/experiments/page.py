"""Where an experiment's figures go: a file of its own, a picture, a section of the page."""

import time
from pathlib import Path
from typing import Any

from tfi2i.evidence.cards import cores_in_words, replace_section
from tfi2i.machine import describe_machine
from tfi2i.whole_files import write_json, write_text

PAGE = Path("docs/game.md")


def write_experiment(
    name: str, found: dict[str, Any], picture: str, lines: list[str], page: Path = PAGE
) -> None:
    """Writes `<name>.json` and `<name>.svg` into the folder beside the page, and its section.

    Args:
        name: Of the experiment's module.
        found: Its figures.
        picture: SVG.
        lines: What the page says of the figures.
        page: The page, with the experiment's two markers.
    """
    folder = page.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    date = time.strftime("%Y-%m-%d", time.gmtime())
    command = f"python -m tfi2i.evidence.experiments.{name}"
    found = {**describe_machine(), "command": command, "date": date, **found}
    write_json(folder / f"{name}.json", found)
    write_text(folder / f"{name}.svg", picture + "\n")
    replace_section(page, *markers(name), section(name, found, lines))


def section(name: str, found: dict[str, Any], lines: list[str]) -> str:
    """The section of an experiment, its markers included.

    Args:
        name: Of the experiment's module.
        found: What its file holds.
        lines: What the page says of the figures.
    """
    begin, end = markers(name)
    machine = (
        f"`{found['command']}` on {found['processor']}, {cores_in_words(found['cores'])}, "
        f"TensorFlow {found['versions']['tensorflow']}, {found['date']}."
    )
    return "\n".join([begin, f"![{name}](game/{name}.svg)", "", *lines, "", machine, end])


def markers(name: str) -> tuple[str, str]:
    """What stands before and behind a section."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
