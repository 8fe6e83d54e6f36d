"""The folder of a page: what it shows, the models, pictures to try, and what computes."""

import hashlib
import html
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import numpy as np

import tfi2i
from tfi2i.errors import ExportError
from tfi2i.export.web.runtime import VERSION, write_runtime

RUNTIME_FOLDER = f"litertjs-{VERSION}"

SITE_FILE = "site.json"
_TITLE = "{{title}}"
_NOTICE = f"""This folder was written by tfi2i (Apache License 2.0).

{RUNTIME_FOLDER}/ is LiteRT.js, Copyright Google LLC, Apache License 2.0: the npm packages
@litertjs/core and @litertjs/wasm-utils. Its compiled code is compressed; one import in litert.js
names the file beside it.

The model in models/ and the pictures in samples/ are the exporter's.
"""


@dataclass
class Page:
    """What a page shows.

    Attributes:
        kind: Whether it translates pictures or draws them.
        title: Its heading.
        variant: Of the model.
        views: By name, what the page has to know of each; see `translating` and `drawing`.
        files: Models and pictures, by their place in the folder.
    """

    kind: Literal["translate", "draw"]
    title: str
    variant: str
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def add_model(self, stem: str, precision: str, model: bytes) -> str:
        """Adds a LiteRT file, and gives its place.

        The name has a digest of the content, so that browsers may keep it for good.
        """
        digest = hashlib.sha256(model).hexdigest()[:8]
        place = f"models/{stem}-{precision}.{digest}.tflite"
        self.files[place] = model
        return place


def write_page(folder: Path, page: Page) -> None:
    """Writes what a page shows and the scripts that show it; the runtime comes beside it.

    Args:
        folder: It is made.
        page: What it shows.
    """
    folder.mkdir(parents=True)
    for place, content in page.files.items():
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_bytes(content)
    shell = sorted(_write_scripts(folder, page))
    site = {
        "kind": page.kind,
        "title": page.title,
        "variant": page.variant,
        "tfi2i": tfi2i.__version__,
        "litertjs": VERSION,
        "views": page.views,
        "shell": ["./", *shell],
    }
    (folder / SITE_FILE).write_text(json.dumps(site, allow_nan=False) + "\n", encoding="utf-8")
    (folder / "NOTICE").write_text(_NOTICE, encoding="utf-8")


def short(values: np.ndarray) -> list[float]:
    """float32 as few digits as bring it back."""
    return [float(str(value)) for value in values.astype(np.float32)]


def add_runtime(folder: Path, archives: tuple[Path, Path]) -> None:
    """Puts LiteRT.js into the folder of a page; see `tfi2i.export.web.runtime.fetched`."""
    write_runtime(folder / RUNTIME_FOLDER, archives)


def check_replaceable(folder: Path) -> None:
    """Refuses a folder that is there and is no page, which a new page would replace.

    Raises:
        ExportError: It has something else.
    """
    if folder.exists() and not (folder / SITE_FILE).is_file():
        raise ExportError(
            f"{folder} is there and is no page of tfi2i, which a new one would replace: move it "
            "away, or export to another folder"
        )


def _write_scripts(folder: Path, page: Page) -> Iterable[str]:
    """Writes the page's own scripts and style; gives their names, but for the page's itself."""
    for file in resources.files("tfi2i.export.web").joinpath("assets").iterdir():
        text = file.read_text(encoding="utf-8")
        if file.name.endswith(".html"):
            if file.name == f"{page.kind}.html":
                shown = text.replace(_TITLE, html.escape(page.title))
                (folder / "index.html").write_text(shown, encoding="utf-8")
            continue
        (folder / file.name).write_text(text, encoding="utf-8")
        if file.name != "service_worker.js":
            yield file.name
