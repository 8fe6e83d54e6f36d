"""Files that hold two images side by side: which do, and which parts are inputs alone."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

from tfi2i.data.decode.files import Side
from tfi2i.data.decode.images import display_name
from tfi2i.data.folders.layouts import Layout
from tfi2i.data.folders.scan import Scanned, with_size
from tfi2i.errors import DataError

# Images this much narrower than the training files, for their height, are halves of such files.
_LONE = 0.75


def lone_inputs(layout: Layout, side: Side | None, found: Mapping[Path, Scanned]) -> frozenset[str]:
    """The parts beside the training part whose files hold an input each, without its truth.

    Args:
        layout: A flat one, whose training files hold two images each.
        side: As users state it. Then files hold two images of any width, and parts are told apart
            by how wide their files are; without it, two squares.
        found: The scanned files.
    """
    shapes = {name: _shapes(layout, [name], found) for name in layout.parts}
    wide = median(shapes["train"] or [2.0])
    return frozenset(
        name
        for name, ratios in shapes.items()
        if name != "train"
        and ratios
        and (median(ratios) < _LONE * wide if side else 2.0 not in ratios)
    )


def without_two_squares(
    layout: Layout, parts: Iterable[str], found: Mapping[Path, Scanned]
) -> list[str]:
    """The files that are not two squares side by side, with their sizes."""
    usable = _usable(layout, parts, found)
    return [with_size(one) for one in usable if one.size[1] != 2 * one.size[0]]


def check_halves(layout: Layout, parts: Iterable[str], found: Mapping[Path, Scanned]) -> None:
    """Raises a DataError if a file cannot be cut into two halves of equal width."""
    odd = [with_size(one) for one in _usable(layout, parts, found) if one.size[1] % 2]
    if odd:
        raise DataError(
            f"{display_name(layout.folder)}: {len(odd)} files have an odd width, such as {odd[0]}, "
            "so they are not two images of one size side by side. Crop or remove them"
        )


def _shapes(layout: Layout, parts: Iterable[str], found: Mapping[Path, Scanned]) -> list[float]:
    """Width divided by height of each file."""
    return [one.size[1] / one.size[0] for one in _usable(layout, parts, found)]


def _usable(layout: Layout, parts: Iterable[str], found: Mapping[Path, Scanned]) -> list[Scanned]:
    groups = (group for part in parts for group in layout.parts[part].values())
    scanned = (found[path] for group in groups for path in group.paths())
    return [one for one in scanned if not one.fault]
