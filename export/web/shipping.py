"""A page on its way: made and compared with Keras in a partial folder, then put in its place."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfi2i.errors import ExportError
from tfi2i.export.formats import WEB, page_precisions
from tfi2i.export.opened import Opened
from tfi2i.export.out_folder import not_writable
from tfi2i.export.partial import partial_folder
from tfi2i.export.placing import PARITY_FILE
from tfi2i.export.references import References
from tfi2i.export.shipping import OTHER_SIZES, Wanted
from tfi2i.export.web.asked import Asked
from tfi2i.export.web.drawing import add_drawing_view
from tfi2i.export.web.page import Page, add_runtime, check_replaceable, write_page
from tfi2i.export.web.runtime import fetched
from tfi2i.export.web.translating import PageScale, add_translating_view
from tfi2i.image_sizes import height_and_width
from tfi2i.progress import progress_bar
from tfi2i.zoo.generation._base import GenerationGAN
from tfi2i.zoo.translating import Translating

Reports = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class MadePage:
    """A page that is whole, and not yet where a server would look.

    Attributes:
        reports: Parity reports of its views; see `tfi2i.export.parity_report`.
        folder: Where it will be.
        put_in_place: Moves it there, in the place of an earlier one.
    """

    reports: Reports
    folder: Path
    put_in_place: Callable[[], None]


@contextmanager
def made_page(
    model: Translating | GenerationGAN,
    folder: Path,
    images: Mapping[str, Any],
    wanted: Wanted,
    *,
    title: str,
) -> Iterator[MadePage]:
    """Makes the page of a model for a folder of exports, `web/<variant>` in it.

    Args:
        model: With its weights.
        folder: Of the exports.
        images: Direction to real images, see `tfi2i.export.shipping.ship`. Without any the page
            draws from latents.
        wanted: The page offers the LiteRT formats that are named; without any, float16.
        title: Heading of the page.

    Yields:
        The page. What is not put in place is gone at the end.

    Raises:
        ExportError: The folder cannot be written, a file does not agree with Keras, LiteRT.js
            cannot be fetched, or no page can show what the model reads or gives.
        MissingExtraError: There is no npm to fetch LiteRT.js with.
    """
    variant = model.variant_name()
    target = folder / WEB / variant
    check_replaceable(target)
    archives = fetched()
    # Beside the pages, where other exports of this process do not clean up.
    with partial_folder(target.parent) as partial, model.averaged_weights():
        try:
            if images:
                page = Page("translate", title, variant)
                reports = _add_views(page, model, images, wanted)
            else:
                page = Page("draw", title, variant)
                reports = {"sample": add_drawing_view(page, model, wanted)}
        except ExportError as error:
            raise ExportError(
                f"{variant}, {WEB}: {error} Nothing was written to {target}."
            ) from error
        made = partial / variant
        write_page(made, page)
        add_runtime(made, archives)
        named = {f"{variant}-{name}": report for name, report in reports.items()}
        text = json.dumps(named, indent=2, allow_nan=False) + "\n"
        (made / PARITY_FILE).write_text(text, encoding="utf-8")
        yield MadePage(reports, target, lambda: _replace(made, target, partial))


def _add_views(
    page: Page, model: Translating, images: Mapping[str, Any], wanted: Wanted
) -> Reports:
    size, precisions = height_and_width(wanted.size), page_precisions(wanted.formats)
    views = _views(model, list(images))
    reports: Reports = {}
    with progress_bar("Files of the page", len(views) * len(precisions)) as advance:
        for name, (direction, opened) in views.items():
            alone = direction if direction in model.translators else None
            factor = model.scale_of(alone, wanted.scale)
            asked = _asked(model, direction, opened, images[direction], size)
            entries = add_translating_view(
                page,
                name,
                asked,
                precisions=precisions,
                size=size,
                scale=PageScale.of(model.trained_scale, factor, size),
                required_psnr_db=wanted.required_psnr_db,
                advance=advance,
            )
            reports[name] = asked.references.report(entries)
    return reports


def _views(model: Translating, directions: Sequence[str]) -> dict[str, tuple[str, Opened | None]]:
    """A page's views by name: each a direction, and what is open in it.

    One for all domains, or for all latents with the mean among them, stands for those that it
    holds. A stored style is no picture that a page could give, and stands beside it.
    """
    opened = {name: Opened.of(model, name) for name in directions}
    of_all = {name for name in directions if opened[name] and name not in model.translators}
    views: dict[str, tuple[str, Opened | None]] = {}
    for name in of_all or directions:
        one = opened[name]
        styled = one is not None and one.condition.kind == "style"
        if styled:
            views[name] = name, None
        views["style" if styled else name] = name, one
    return views


def _asked(
    model: Translating,
    direction: str,
    opened: Opened | None,
    pictures: Any,
    size: tuple[int, int],
) -> Asked:
    if opened is not None:
        return Asked.beside(opened, model, pictures, size)
    ranges = model.ranges_of(direction)
    return Asked.alone(References.of(model.translator(direction), pictures, OTHER_SIZES, ranges))


def _replace(made: Path, target: Path, partial: Path) -> None:
    """Moves a folder to where another one may be."""
    try:
        if target.exists():
            os.replace(target, partial / "replaced")
        os.replace(made, target)
    except OSError as error:
        raise ExportError(not_writable(target, error)) from error
