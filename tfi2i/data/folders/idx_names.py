"""Which idx files lie in a folder, by the names that MNIST's kin have, and what classes are called.

`train-images-idx3-ubyte`, `t10k-labels-idx1-ubyte.gz`, `train-images.idx3-ubyte`,
`emnist-letters-test-images-idx3-ubyte.gz` and the like.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tfi2i.data.decode.images import display_name
from tfi2i.data.folders.listing import Listing, list_folder
from tfi2i.data.folders.unused import Unused, unused_pictures
from tfi2i.errors import DataError

_NAME = re.compile(
    r"(?:(?P<set>.+)[-_.])?(?P<part>train|t10k|test|val|valid|validation)[-_.]"
    r"(?P<what>images|labels)[-_.]idx\d[-_.]ubyte(?:\.gz)?",
    re.IGNORECASE,
)
_PARTS = {"t10k": "test", "valid": "val", "validation": "val"}


@dataclass(frozen=True)
class IdxFiles:
    """The idx files of one set.

    Attributes:
        folder: where they lie.
        set: what their names begin with, such as "emnist-letters"; "" for most sets.
        paths: by part ("train", "test", "val") and content ("images", "labels").
    """

    folder: Path
    set: str
    paths: dict[tuple[str, str], Path]

    @property
    def transposed(self) -> bool:
        """Whether rows and columns are exchanged, as in all sets of EMNIST."""
        return self.set.lower().startswith("emnist")

    def parts(self) -> list[str]:
        """The parts that have images."""
        return [part for part in ("train", "test", "val") if (part, "images") in self.paths]

    def words(self) -> str:
        """What these files are."""
        of = f" of {display_name(self.set)}" if self.set else ""
        return f"idx files{of}" + (", turned upright" if self.transposed else "")

    def label_file(self, part: str) -> str:
        """The name that the labels of a part would have."""
        name = self.paths[part, "images"].name
        return re.sub(r"idx\d", "idx1", name.replace("images", "labels"))

    def unused(self) -> Unused:
        """Pictures in folders below."""
        return unused_pictures(self.folder)

    def class_names(self) -> tuple[Path, dict[int, str]] | None:
        """The file that names the classes, and the names by label; None where there is none.

        Raises:
            DataError: The file cannot be read, or is not as it should be.
        """
        lines = self.folder / "labels.txt"
        if lines.is_file():
            names = [name.strip() for name in _read_text(lines).splitlines()]
            if not all(names):
                raise DataError(
                    f"{display_name(lines)} has an empty line; line 1 is the name of label 0, "
                    "line 2 that of label 1, and so on"
                )
            return lines, dict(enumerate(names))
        mapping = self.folder / (f"{self.set}-mapping.txt" if self.set else "mapping.txt")
        return (mapping, _read_mapping(mapping)) if mapping.is_file() else None


def find_idx_files(folder: Path) -> IdxFiles | None:
    """The idx files of a folder, or of the only folder inside it; None where there are none.

    Where a file lies there both packed and unpacked, the latter is taken.

    Raises:
        DataError: There is no such folder, there are files of several sets, two for one part, or
            images beside them; or the training images are missing.
    """
    folder, seen = folder.expanduser(), set()
    while True:
        top = list_folder(folder)
        matches = [match for name in top.others if (match := _NAME.fullmatch(name))]
        matches = [match for match in matches if (folder / match.string).is_file()]
        if matches:
            return _one_set(top, matches)
        real = os.path.realpath(folder)
        if top.images or len(top.folders) != 1 or real in seen:
            return None
        seen.add(real)
        (folder,) = top.folders.values()


def _one_set(top: Listing, matches: Iterable[re.Match[str]]) -> IdxFiles:
    where = display_name(top.folder)
    sets: dict[str, dict[tuple[str, str], Path]] = {}
    for match in matches:
        part, what = match["part"].lower(), match["what"].lower()
        paths, key = sets.setdefault(match["set"] or "", {}), (_PARTS.get(part, part), what)
        path = top.folder / match.string
        other = paths.setdefault(key, path)
        if other == path:
            continue
        if other.name.removesuffix(".gz") != path.name.removesuffix(".gz"):
            raise DataError(
                f"{where} holds both {display_name(other.name)} and {display_name(path.name)}, "
                f"two files for one part: move one away"
            )
        paths[key] = min(other, path, key=lambda one: len(one.name))
    if len(sets) > 1:
        names = ", ".join(display_name(name) or "one whose names have no prefix" for name in sets)
        raise DataError(
            f"{where} holds idx files of {len(sets)} sets ({names}): put those of one, or links to "
            "them, into a folder of their own and name that"
        )
    ((name, paths),) = sets.items()
    alone = [path for (part, _), path in paths.items() if (part, "images") not in paths]
    if alone or ("train", "images") not in paths:
        there = ", ".join(sorted(display_name(path.name) for path in paths.values()))
        missing = f"the images of {display_name(alone[0].name)}" if alone else "training images"
        raise DataError(
            f"{where} holds idx files ({there}) but not {missing}; names are as MNIST's: "
            "train-images-idx3-ubyte or train-images-idx3-ubyte.gz, t10k-images-idx3-ubyte, and "
            "labels likewise"
        )
    if top.images:
        raise DataError(
            f"{where} holds {len(top.images)} images beside idx files: move one or the other away"
        )
    return IdxFiles(top.folder, name, paths)


def _read_mapping(path: Path) -> dict[int, str]:
    """A file such as EMNIST's: in each line a label and the codes of its characters."""
    names = {}
    for line in _read_text(path).splitlines():
        try:
            label, first, *_ = map(int, line.split())
            names[label] = chr(first)
        except (ValueError, OverflowError) as error:
            raise DataError(
                f"{display_name(path)} has the line {line!r}; each is a label and the code of its "
                "character, such as: 10 65"
            ) from error
    return names


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{display_name(path)} cannot be read as text: {error}") from error
