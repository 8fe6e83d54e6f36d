"""The picture in a variant's card: what each arm's model makes from the same test images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tfi2i.data import DataSource, write_image
from tfi2i.data.opening import open_noted
from tfi2i.training import GAN
from tfi2i.training.run.folder import RunFolder
from tfi2i.training.sheet import Column, Panel, grid
from tfi2i.zoo.catalogue import load

_ROWS = 5
# Small images are enlarged by whole numbers, until the picture is about as wide as a page's text.
_WIDTH = 800


def write_card_picture(path: Path, arms: Mapping[str, RunFolder]) -> str:
    """Writes a row for each of a few test images, with a column for each thing that is shown.

    Args:
        path: Path of the picture, a JPEG or PNG.
        arms: Name of an arm to a run of it; all runs are on the same images.

    Returns:
        What the columns are, from left to right.
    """
    shown = list(_columns(arms))
    picture = grid(shown)
    factor = max(1, _WIDTH // picture.shape[1])
    write_image(path, picture.repeat(factor, axis=0).repeat(factor, axis=1))
    return ", ".join(column.name for column in shown if column.name)


def source_of_run(run: RunFolder, model: GAN) -> DataSource:
    """The images of a run, as `model` is measured on them: whole, at the size of its crops."""
    data = run.recipe().data
    return open_noted(data, kind=model.batch_kind, load_size=data["crop_size"])


def _columns(arms: Mapping[str, RunFolder]) -> Iterator[Column]:
    """What was given, what each arm made of it, and the truth where there is one."""
    sheets = {name: _sheet(run) for name, run in arms.items()}
    first = next(iter(sheets.values()))[0]
    if len(first.given) == 1:
        yield replace(first.given[0], name="input")
    else:
        yield from first.given
    if sum(bool(column.name) for column in first.made) > 1:
        # Several things that a model makes fill the page: of the first arm alone.
        yield from first.made
    else:
        for name, panels in sheets.items():
            yield from _of_arm(name, panels[0])
    if first.aligned and len(first.real) == 1:
        yield replace(first.real[0], name="truth")
    elif first.aligned:
        yield from first.real
    if not first.given:
        yield from _reconstructions(sheets)


def _reconstructions(sheets: Mapping[str, Sequence[Panel]]) -> Iterator[Column]:
    """Beside samples: real images, and what the arms that have an encoder make of them."""
    found = {
        name: panel
        for name, panels in sheets.items()
        for panel in panels[1:]
        if panel.given and panel.aligned
    }
    if found:
        yield next(iter(found.values())).given[0]
    for name, panel in found.items():
        yield replace(panel.made[0], name=f"reconstructed by {name}")


def _sheet(run: RunFolder) -> list[Panel]:
    """The sheet of a run; of a way back, where there is one, its own page alone shows images."""
    model = load(run.path)
    source, size = source_of_run(run, model), run.recipe().data["crop_size"]
    split = "test" if "test" in source.splits else "train"
    return model.sheet(source, split=split, size=size, limit=_ROWS)


def _of_arm(arm: str, panel: Panel) -> Iterator[Column]:
    several = f" ({len(panel.made)} of each)" if len(panel.made) > 1 else ""
    for number, column in enumerate(panel.made):
        yield replace(column, name=f"{arm}{several}" if number == 0 else "")
