"""Recognises the form of a folder of images from its names, before any file is opened."""

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from tfi2i.data.decode.images import display_name
from tfi2i.data.folders.listing import Listing, list_folder
from tfi2i.data.folders.unused import Unused, no_images, unused_pictures
from tfi2i.errors import DataError

# The order matters: "val" serves as the test part only where there is no "test".
SPLITS = {"train": ("train",), "test": ("test",), "val": ("val", "valid", "validation")}


@dataclass(frozen=True)
class Group:
    """Image files of one folder: one split of one domain or class."""

    folder: Path
    files: tuple[str, ...]

    def paths(self) -> list[Path]:
        """The files with their folder."""
        return [self.folder / file for file in self.files]

    def stems(self) -> dict[str, str]:
        """Files by their name without suffix.

        Names are compared in Unicode's composed form: a Mac stores the accent of a letter as a
        character of its own, other systems do not.

        Raises:
            DataError: two files differ in their suffix alone.
        """
        stems: dict[str, str] = {}
        for file in self.files:
            other = stems.setdefault(unicodedata.normalize("NFC", PurePath(file).stem), file)
            if other != file:
                raise DataError(
                    f"{display_name(self.folder)} has both {display_name(other)} and "
                    f"{display_name(file)}: which one belongs to the pair? Remove one"
                )
        return stems


@dataclass(frozen=True)
class Layout:
    """The form of a folder.

    Attributes:
        folder: the folder that was given, or the only one inside it.
        form: "plain" (one folder of images), "splits" (one for each split), "domains" (two folders
            named as domains), or "classes" (folders that may be classes, or the sides of pairs).
        words: the form, for people.
        parts: for each split, the groups by name of domain or class; "" where there is but one. A
            part that is not for training may have one domain alone, or "" for inputs of no name.
    """

    folder: Path
    form: str
    words: str
    parts: dict[str, dict[str, Group]]

    @property
    def is_flat(self) -> bool:
        """Whether there is one group of images in each split."""
        return self.form in ("plain", "splits")

    def names(self) -> list[str]:
        """The domains or classes of the training part, sorted."""
        return sorted(self.parts["train"])

    def groups(self) -> Iterator[Group]:
        """All groups."""
        for part in self.parts.values():
            yield from part.values()

    def unused(self, folder: Path) -> Unused:
        """Pictures in a folder, which may be around that of the layout, that no part reads."""
        read = {os.path.realpath(group.folder) for group in self.groups()}
        return unused_pictures(folder, read)


def recognise(
    folder: Path, *, root_only: bool = False, seen: frozenset[str] = frozenset()
) -> Layout:
    """Finds the form of a folder.

    Args:
        folder: the folder.
        root_only: if images and subfolders with images lie side by side, take the images.
        seen: folders on the way here, so that links which lead back end the search.

    Raises:
        DataError: there are no images, one domain is missing, or the form is ambiguous.
    """
    top = list_folder(folder)
    if top.subfolder("trainA", "trainB"):
        return _domain_folders(top)
    if top.subfolder("train"):
        return _split_folders(top)
    inside = {name: list_folder(path) for name, path in top.folders.items()}
    if len(inside) == 2 and all(one.subfolder("train") for one in inside.values()):
        return _folders_with_splits(top, inside)
    with_images = {name: one for name, one in inside.items() if one.images}
    if top.images:
        if with_images and not root_only:
            counts = ", ".join(
                f"{display_name(n)} ({len(o.images)})" for n, o in with_images.items()
            )
            raise DataError(
                f"{display_name(folder)} holds {len(top.images)} images beside the folders "
                f"{counts}: move one or the other away, or state kind=images to read only the "
                "former"
            )
        part = {"train": {"": Group(top.folder, top.images)}}
        return Layout(folder, "plain", "one folder of images", part)
    only = list(with_images or inside)
    if len(only) == 1:
        # An unpacked archive often has one folder around everything.
        seen |= {os.path.realpath(folder)}
        if os.path.realpath(top.folders[only[0]]) not in seen:
            return recognise(top.folders[only[0]], root_only=root_only, seen=seen)
    if len(with_images) < 2:
        raise no_images(top)
    groups = {name: Group(one.folder, one.images) for name, one in with_images.items()}
    return Layout(folder, "classes", _folder_words(groups), {"train": groups})


def _domain_folders(top: Listing) -> Layout:
    """A layout of the form trainA trainB testA testB."""
    parts = {}
    for split, names in SPLITS.items():
        found = {}
        for domain in "AB":
            path = top.subfolder(*(name + domain for name in names))
            listing = list_folder(path) if path is not None else None
            if listing is not None and listing.images:
                found[domain] = Group(listing.folder, listing.images)
        if split == "train" and len(found) < 2:
            _missing_domain(top, found)
        lone = top.subfolder(*names) if not found else None
        if lone is not None and list_folder(lone).images:
            found[""] = Group(lone, list_folder(lone).images)
        if found:
            parts[split] = found
    return Layout(top.folder, "domains", "folders trainA and trainB", parts)


def _missing_domain(top: Listing, found: dict[str, Group]) -> None:
    counts = " and ".join(
        f"train{domain} holds {len(found[domain].files) if domain in found else 'no'} images"
        for domain in "AB"
    )
    raise DataError(
        f"{display_name(top.folder)}: {counts}; both domains are needed: put images into trainA "
        "and trainB"
    )


def _split_folders(top: Listing) -> Layout:
    """A layout of the form train, val, test, with images or with folders of images inside."""
    plain, classes = {}, {}
    for split, names in SPLITS.items():
        path = top.subfolder(*names)
        if path is None:
            continue
        listing = list_folder(path)
        if listing.images:
            plain[split] = {"": Group(path, listing.images)}
        else:
            inside = {name: list_folder(sub) for name, sub in listing.folders.items()}
            groups = {
                name: Group(one.folder, one.images) for name, one in inside.items() if one.images
            }
            if not groups and split == "train":
                raise no_images(listing)
            if groups:
                classes[split] = groups
    if plain and "train" in classes:
        # Training images by domain, and test images that are inputs alone.
        classes.update(plain)
        plain = {}
    if plain and classes:
        mixed = ", ".join(f"{split} in folders" for split in classes)
        raise DataError(
            f"{display_name(top.folder)}: {', '.join(plain)} hold images directly but {mixed}; "
            "use one form for all"
        )
    if plain:
        return Layout(top.folder, "splits", f"folders {', '.join(plain)}", plain)
    if len(classes["train"]) == 1:
        flat = {split: {"": next(iter(groups.values()))} for split, groups in classes.items()}
        return Layout(top.folder, "splits", f"folders {', '.join(flat)}", flat)
    return Layout(top.folder, "classes", _folder_words(classes["train"]), classes)


def _folders_with_splits(top: Listing, inside: dict[str, Listing]) -> Layout:
    """A layout of the form A/train A/test B/train B/test."""
    parts: dict[str, dict[str, Group]] = {}
    for name, one in inside.items():
        for split, names in SPLITS.items():
            path = one.subfolder(*names)
            if path is not None:
                listing = list_folder(path)
                if not listing.images and split == "train":
                    raise no_images(listing)
                if listing.images:
                    parts.setdefault(split, {})[name] = Group(path, listing.images)
    return Layout(top.folder, "classes", _folder_words(inside), parts)


def _folder_words(names: dict[str, Group] | dict[str, Listing]) -> str:
    shown = [display_name(name) for name in sorted(names)]
    return f"folders {', '.join(shown[:6])}{', ...' if len(shown) > 6 else ''}"
