"""Which files belong together: pairs by equal names, pairs side by side in one file."""

import math
from collections.abc import Mapping
from pathlib import Path

from tfi2i.data.decode.files import Side
from tfi2i.data.decode.images import display_name
from tfi2i.data.folders.captions import lists_captions
from tfi2i.data.folders.halves import check_halves, lone_inputs, without_two_squares
from tfi2i.data.folders.layouts import Group, Layout
from tfi2i.data.folders.scan import Scanned, with_size
from tfi2i.errors import DataError


def decide_kind(
    layout: Layout, asked: str | None, found: Mapping[Path, Scanned], side: Side | None = None
) -> str:
    """The kind that a folder serves as.

    Args:
        layout: its form.
        asked: the kind that is wanted, or None for the one that the form suggests.
        found: the scanned files.
        side: the half of side-by-side images that is `a`, where the user states it.

    Raises:
        DataError: the form cannot serve as the kind that is asked for.
    """
    where = display_name(layout.folder)
    if side is not None and not layout.is_flat:
        raise DataError(
            f"{where}: data.side is for files that hold two images side by side; here A and B have "
            f"folders of their own ({layout.words}): leave it out"
        )
    if asked == "images":
        return asked
    listed = layout.is_flat and lists_captions(layout.parts["train"][""].folder)
    if asked == "captioned" or (asked is None and side is None and listed):
        if not layout.is_flat:
            raise DataError(
                f"{where}: captioned images lie in one folder, or in train and test, not in "
                f"{layout.words}"
            )
        return "captioned"
    if layout.is_flat:
        if asked == "labelled":
            raise DataError(f"{where}: labelled images need one folder for each class")
        return _flat_kind(layout, asked, found, side)
    names = layout.names()
    if len(names) > 2:
        if asked in (None, "labelled"):
            return "labelled"
        raise DataError(
            f"{where} cannot serve as {asked}: it has {len(names)} folders of images "
            f"({layout.words}); two are needed"
        )
    if asked is not None:
        return asked
    if layout.form == "domains":
        return "unpaired"
    first, second = (layout.parts["train"][name].stems() for name in names)
    if first.keys() == second.keys():
        return "paired"
    shared = len(first.keys() & second.keys())
    if {name.lower() for name in names} == {"a", "b"} or 2 * shared > min(len(first), len(second)):
        align_names(layout.parts["train"][names[0]], layout.parts["train"][names[1]])
    return "labelled"


def _flat_kind(
    layout: Layout, asked: str | None, found: Mapping[Path, Scanned], side: Side | None
) -> str:
    """The kind of a layout whose files may hold two images each."""
    doubles = layout.parts.keys() - lone_inputs(layout, side, found)
    if side is not None:
        check_halves(layout, doubles, found)
        return asked or "paired"
    odd = without_two_squares(layout, doubles, found)
    if asked is None:
        return "paired" if layout.form == "splits" and not odd else "images"
    if odd:
        raise DataError(
            f"{display_name(layout.folder)} cannot serve as {asked}: it is {layout.words}, and "
            f"{len(odd)} of {len(found)} images are not two squares side by side (twice as wide as "
            f"high), such as {odd[0]}. If they are two images of another shape side by side, state "
            "data.side=left (A is on the left) or data.side=right. Else put the two domains into "
            "two folders: trainA and trainB, or for pairs A and B with equal file names"
        )
    return asked


def align_names(group_a: Group, group_b: Group) -> list[tuple[Path, Path]]:
    """Pairs the files of two folders by their names without suffix, sorted.

    Raises:
        DataError: a file has no partner; the message counts them and names the first ones.
    """
    stems_a, stems_b = group_a.stems(), group_b.stems()
    alone = [
        f"{len(missing)} of {len(own)} files in {display_name(group.folder)} have no partner, "
        f"such as {display_name(own[min(missing)])}"
        for group, own, other in ((group_a, stems_a, stems_b), (group_b, stems_b, stems_a))
        if (missing := own.keys() - other.keys())
    ]
    if alone:
        raise DataError(
            f"pairs need equal file names in {display_name(group_a.folder)} and "
            f"{display_name(group_b.folder)}: {'; '.join(alone)}. Rename or remove them, or state "
            "kind=unpaired"
        )
    return [(group_a.folder / stems_a[s], group_b.folder / stems_b[s]) for s in sorted(stems_a)]


def unequal_sizes(pairs: list[tuple[Path, Path]], found: Mapping[Path, Scanned]) -> int:
    """How many pairs have images of two sizes, which are resized to one.

    Raises:
        DataError: The two images of a pair differ in their proportions.
    """
    unequal = [(a, b) for a, b in pairs if found[a].size != found[b].size]
    distorted = [(a, b) for a, b in unequal if not _alike(found[a].size, found[b].size)]
    if distorted:
        a, b = distorted[0]
        raise DataError(
            f"{len(distorted)} of {len(pairs)} pairs have images of unequal proportions, such as "
            f"{with_size(found[a])} and {with_size(found[b])}. Pairs must lie on each other: crop "
            "one of them"
        )
    return len(unequal)


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether one size is the other times a factor, but for a pixel lost in rounding."""
    smaller, larger = sorted((one, other), key=math.prod)
    sides = list(zip(smaller, larger, strict=True))
    least = max((small - 1) / large for small, large in sides)
    return least <= min((small + 1) / large for small, large in sides)
