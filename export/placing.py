"""Where the files of an export lie in its folder, and how they get there: at the end, together."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfi2i.errors import ExportError
from tfi2i.export.out_folder import not_writable
from tfi2i.export.serving.beside import write_beside

PARITY_FILE = "parity.json"
# What is below it, and nothing else, is a server's.
SERVED = "saved_model"


def earlier_reports(folder: Path) -> dict[str, Any]:
    """The reports that a folder holds, by variant and direction.

    Raises:
        ExportError: The file there is no report.
    """
    path = folder / PARITY_FILE
    if not path.is_file():
        return {}
    try:
        reports = json.loads(path.read_text(encoding="utf-8"))
        for report in reports.values():
            _ = [_place(entry) for entry in report["artefacts"]]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ExportError(
            f"{path} is no report of this version of tfi2i; move it away, or export to another "
            "folder"
        ) from error
    return reports


def _place(entry: Mapping[str, Any]) -> Path:
    """Where a file of a report lies in its folder."""
    above = SERVED if entry["kind"] == "saved_model" else ""
    return Path(above) / entry["name"]


def put_in_place(
    partial: Path, folder: Path, reports: dict[str, dict[str, Any]], earlier: dict[str, Any]
) -> None:
    """Moves the files of the reports to where servers look, and then their figures.

    Args:
        partial: Where the files are.
        folder: Where they go.
        reports: Of the files, by variant and direction.
        earlier: Those that the folder holds, from `earlier_reports`.

    Raises:
        ExportError: The folder cannot be written.
    """
    moved = [_place(entry) for report in reports.values() for entry in report["artefacts"]]
    written = dict(earlier)
    for stem, report in reports.items():
        before = earlier.get(stem, {"artefacts": []})["artefacts"]
        # Figures of files that are still there: earlier versions, and formats not exported now.
        kept = [e for e in before if _place(e) not in moved and (folder / _place(e)).exists()]
        written[stem] = {**report, "artefacts": [*report["artefacts"], *kept]}
    text = json.dumps(written, indent=2, allow_nan=False) + "\n"
    (partial / PARITY_FILE).write_text(text, encoding="utf-8")
    try:
        for place in [*moved, Path(PARITY_FILE)]:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            if (folder / place).is_dir():  # A plain SavedModel, which has no versions.
                os.replace(folder / place, partial / f"replaced-{place.name}")
            os.replace(partial / place, folder / place)
        served = [place.parent.name for place in moved if place.parts[0] == SERVED]
        if served:
            write_beside(folder, folder / SERVED, {name: written[name] for name in served})
    except OSError as error:
        raise ExportError(not_writable(folder, error)) from error
