"""`metrics.jsonl` of a run: one table of numbers for each line, appended while it trains."""

import json
from collections.abc import Iterable
from pathlib import Path

from tfi2i.whole_files import write_text


def read_metrics(path: Path) -> list[dict[str, float]]:
    """All lines that are whole: a kill can cut the last one, and a failing disk can cut any."""
    if not path.is_file():
        return []
    lines = path.read_bytes().split(b"\n")
    # What follows the last line's end is empty, or was cut.
    return [line for line in map(_whole_line, lines[:-1]) if line is not None]


def write_metrics(path: Path, lines: Iterable[dict[str, float]]) -> None:
    """Replaces the file."""
    write_text(path, "".join(json.dumps(line) + "\n" for line in lines))


def _whole_line(line: bytes) -> dict[str, float] | None:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or type(values.get("iteration")) is not int:
        return None
    return values if all(isinstance(one, (int, float)) for one in values.values()) else None
