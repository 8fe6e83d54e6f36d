"""Which files belong together: pairs by equal names, pairs side by side in one file."""

from collections.abc import Mapping
from pathlib import Path

from tfi2i.data.decode.images import display_name
from tfi2i.data.folders.layouts import Group, Layout
from tfi2i.data.folders.scan import Scanned
from tfi2i.errors import DataError


def decide_kind(layout: Layout, asked: str | None, found: Mapping[Path, Scanned]) -> str:
    """The kind that a folder serves as.

    Args:
        layout: its form.
        asked: the kind that is wanted, or None for the one that the form suggests.
        found: the scanned files.

    Raises:
        DataError: the form cannot serve as the kind that is asked for.
    """
    where = display_name(layout.folder)
    if asked == "images":
        return asked
    if layout.is_flat:
        if asked == "labelled":
            raise DataError(f"{where}: labelled images need one folder for each class")
        odd = _not_double(layout, found)
        if asked is None:
            return "paired" if layout.form == "splits" and not odd else "images"
        if odd:
            raise DataError(
                f"{where} cannot serve as {asked}: it is {layout.words}, and {len(odd)} of "
                f"{len(found)} images are not two squares side by side (twice as wide as high), "
                f"such as {odd[0]}. Put the two domains into two folders: trainA and trainB, or "
                "for pairs A and B with equal file names"
            )
        return asked
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


def check_equal_sizes(pairs: list[tuple[Path, Path]], found: Mapping[Path, Scanned]) -> None:
    """Raises a DataError if the two images of a pair differ in height or width."""
    unequal = [(a, b) for a, b in pairs if found[a].size != found[b].size]
    if unequal:
        a, b = unequal[0]
        raise DataError(
            f"{len(unequal)} of {len(pairs)} pairs have images of unequal size, such as "
            f"{_with_size(found[a])} and {_with_size(found[b])}. Pairs must lie on each other "
            "pixel by pixel: resize one of them"
        )


def _not_double(layout: Layout, found: Mapping[Path, Scanned]) -> list[str]:
    scanned = [found[path] for group in layout.groups() for path in group.paths()]
    return [_with_size(one) for one in scanned if not one.fault and one.size[1] != 2 * one.size[0]]


def _with_size(scanned: Scanned) -> str:
    height, width = scanned.size
    return f"{display_name(scanned.path)} ({width}x{height})"
