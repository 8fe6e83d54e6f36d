"""HTML from Python values; whatever is not HTML already is escaped."""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

from tfi2i.whole_files import write_text

_VOID = {"img", "meta", "br"}


class Html(str):
    """Text that is HTML already and is not escaped again; a notebook shows what it draws."""

    def _repr_html_(self) -> str:
        return str(self)


def element(tag: str, *children: object, **attributes: object) -> Html:
    """One element.

    Args:
        tag: The element's name.
        *children: `Html` goes in as it is, None is left out, all else is escaped.
        **attributes: A trailing underscore is dropped (`class_`), others become hyphens; None
            leaves an attribute out.
    """
    shown = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{shown}>")
    return Html(f"<{tag}{shown}>{join(children)}</{tag}>")


def join(children: Iterable[object]) -> Html:
    """Children one after another, escaped where they are not `Html`."""
    return Html(
        "".join(
            child if isinstance(child, Html) else html.escape(str(child))
            for child in children
            if child is not None
        )
    )


def page(title: str, *body: object, refresh_seconds: int | None = None) -> Html:
    """A whole document with its style sheet inside.

    Args:
        title: Title of the window.
        *body: The same as the children of `element`.
        refresh_seconds: Makes the browser load the page anew this often; None never.
    """
    style = resources.files("tfi2i.report").joinpath("style.css").read_text(encoding="utf-8")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        None
        if refresh_seconds is None
        else element("meta", http_equiv="refresh", content=refresh_seconds),
        element("title", title),
        element("style", Html(style)),
    )
    document = element("html", head, element("body", element("main", *body)), lang="en")
    return Html(f"<!doctype html>\n{document}\n")


def write_page(path: Path, text: Html) -> None:
    """Replaces a page at once, so that a browser never loads half of one."""
    # Names of files may hold bytes that are no UTF-8.
    write_text(path, text, errors="replace")


def section(title: str, *children: object) -> Html:
    """A heading and what is below it."""
    return element("section", element("h2", title), *children)


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Html:
    """A table; the first column names the row, numbers go to the right by the style sheet."""
    top = element("tr", *(element("th", cell, scope="col") for cell in head)) if head else None
    body = [
        element(
            "tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])
        )
        for row in rows
    ]
    return element("div", element("table", top, *body), class_="scroll")


def command(*lines: str) -> Html:
    """Commands to copy."""
    return element("pre", element("code", "\n".join(lines)))


def data_uri(image: np.ndarray, *, lossy: bool = False) -> str:
    """A picture as the source of an `img`: PNG, or WebP at quality 90 if it may be lossy.

    Args:
        image: uint8 (H, W, 3) or (H, W, 1).
        lossy: For photographs, a tenth of the bytes.
    """
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    file = io.BytesIO()
    if lossy:
        picture.save(file, format="WEBP", quality=90)
    else:
        picture.save(file, format="PNG", optimize=True)
    kind = "webp" if lossy else "png"
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
