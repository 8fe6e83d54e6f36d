"""Pictures that lie where nothing reads them, at any depth: their users should know."""

import os
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tfi2i.data.decode.images import display_name
from tfi2i.data.folders.listing import SUFFIXES, Listing, list_folder
from tfi2i.errors import DataError

# A folder may be the top of a whole disk: after so many folders the search ends, and says so.
MOST_FOLDERS = 1000
_MOST_NAMES = 6


@dataclass(frozen=True)
class Unused:
    """Pictures that are not read, in words.

    Attributes:
        images: such as "2 images in trainA/more", sorted.
        other_kinds: pictures of kinds that cannot be read, such as "5 .heic in trainB".
        hidden: folders that could not be searched, such as "folders beyond the first 1,000".
    """

    images: tuple[str, ...]
    other_kinds: tuple[str, ...]
    hidden: tuple[str, ...]

    def __str__(self) -> str:
        """All of it; of many folders the first ones."""
        found = [*self.images, *self.other_kinds]
        more = [f"more in {len(found) - _MOST_NAMES} further places"] * (len(found) > _MOST_NAMES)
        not_searched = [f"{one} were not searched" for one in self.hidden]
        return ", ".join([*found[:_MOST_NAMES], *more, *not_searched])


def unused_pictures(
    folder: Path, read: Collection[str] = (), left_out: Collection[str] = ()
) -> Unused:
    """Looks for pictures in a folder and below it that are not read.

    Args:
        folder: Where the search begins; other places are named relative to it.
        read: Real paths of the folders whose images are read.
        left_out: Real paths of folders that are not looked into.
    """
    images, other_kinds, hidden = [], [], []
    for number, (where, listing) in enumerate(_walk(folder, left_out)):
        if number == MOST_FOLDERS:
            hidden.append(f"folders beyond the first {MOST_FOLDERS:,}")
            break
        if listing is None:
            hidden.append(f"the contents of {where}")
            continue
        count = 0 if os.path.realpath(listing.folder) in read else len(listing.images)
        if count:
            images.append(f"{count} image{'s' if count > 1 else ''} in {where}")
        other_kinds += [
            f"{n} {suffix} in {where}" for suffix, n in sorted(listing.unread().items())
        ]
    return Unused(tuple(images), tuple(other_kinds), tuple(hidden))


def _walk(folder: Path, left_out: Collection[str]) -> Iterator[tuple[str, Listing | None]]:
    """Folders by their names below the first; None for one that cannot be listed.

    Each real folder comes once, so that links may lead in circles.
    """
    name = display_name(os.path.basename(os.path.abspath(folder)))
    walked, waiting = set(left_out), [(name, folder)]
    while waiting:
        where, path = waiting.pop()
        real = os.path.realpath(path)
        if real in walked:
            continue
        walked.add(real)
        try:
            listing = list_folder(path)
        except DataError:
            yield where, None
            continue
        yield where, listing
        below = "" if path == folder else f"{where}/"
        waiting += [(below + display_name(n), p) for n, p in reversed(listing.folders.items())]


def no_images(listing: Listing) -> DataError:
    """The error for a folder that should hold images and does not."""
    folder = display_name(listing.folder)
    deeper = unused_pictures(listing.folder)
    if deeper.images:
        return DataError(
            f"{folder} holds no image files where they are looked for, but deeper ({deeper}): "
            "move them up, or name the folder that holds them"
        )
    if listing.others:
        found = f"{len(listing.others)} files, none of which has an image's suffix"
        unread = listing.unread()
        if unread:
            found += f" that can be read ({_in_words(unread)}: convert them to PNG or JPEG)"
    elif listing.folders:
        found = f"subfolders ({_some(listing.folders)}) but no image files"
    else:
        found = "nothing"
    return DataError(
        f"{folder} holds {found}; put images there ({', '.join(sorted(SUFFIXES))}) or name "
        "another folder"
    )


def _in_words(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {suffix}" for suffix, count in sorted(counts.items()))


def _some(names: dict[str, Path]) -> str:
    shown = ", ".join(display_name(name) for name in list(names)[:5])
    return shown + (", ..." if len(names) > 5 else "")
