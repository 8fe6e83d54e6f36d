"""`metrics.jsonl` of a run: one table of numbers for each line, appended while it trains."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tfi2i.errors import RunError
from tfi2i.whole_files import append_text, write_text

# How the names of figures of held-out images begin.
FIGURE = "val_"


def read_metrics(path: Path) -> list[dict[str, float]]:
    """All lines that are whole: a kill can cut the last one, and a failing disk can cut any."""
    if not path.is_file():
        return []
    lines = path.read_bytes().split(b"\n")
    # What follows the last line's end is empty, or was cut.
    return [line for line in map(_whole_line, lines[:-1]) if line is not None]


def append_metrics(path: Path, line: dict[str, float]) -> None:
    """Adds one line.

    Raises:
        RunError: It cannot be written.
    """
    append_text(path, json.dumps(line) + "\n", RunError)


def is_figures(line: dict[str, float]) -> bool:
    """Whether a line has figures of held-out images; all others have losses."""
    return any(name.startswith(FIGURE) for name in line)


class BestFigure(NamedTuple):
    """The lowest main figure of a run, and the iteration that had it first."""

    name: str
    value: float
    iteration: int


def best_figure(lines: Iterable[dict[str, float]]) -> BestFigure | None:
    """The best main figure among lines of figures: L1 where there is one, else KID or objective."""
    lines = list(lines)
    for name in (FIGURE + "l1", FIGURE + "kid", FIGURE + "objective"):
        having = [line for line in lines if name in line]
        if having:
            best = min(having, key=lambda line: line[name])
            return BestFigure(name, best[name], int(best["iteration"]))
    return None


def write_metrics(path: Path, lines: Iterable[dict[str, float]]) -> None:
    """Replaces the file.

    Raises:
        RunError: It cannot be written.
    """
    write_text(path, "".join(json.dumps(line) + "\n" for line in lines), RunError)


def _whole_line(line: bytes) -> dict[str, float] | None:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or type(values.get("iteration")) is not int:
        return None
    return values if all(isinstance(one, (int, float)) for one in values.values()) else None
