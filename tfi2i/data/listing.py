"""What lies in a folder: image files and subfolders, in a fixed order."""

import os
from dataclasses import dataclass
from pathlib import Path

from tfi2i.data.images import display_name
from tfi2i.errors import DataError

SUFFIXES = frozenset(
    ".png .jpg .jpeg .jpe .jfif .webp .bmp .dib .gif .tif .tiff".split()
)  # fmt: skip


@dataclass(frozen=True)
class Listing:
    """One folder.

    Attributes:
        folder: where.
        images: names of the files with an image's suffix, sorted; hidden files are left out.
        folders: subfolders by name, sorted, without hidden ones and without links that lead back.
        other_files: the number of other files.
    """

    folder: Path
    images: tuple[str, ...]
    folders: dict[str, Path]
    other_files: int

    def subfolder(self, *names: str) -> Path | None:
        """The first subfolder that has one of these names, in upper or lower case."""
        for name in names:
            for there, path in self.folders.items():
                if there.lower() == name.lower():
                    return path
        return None

    def no_images(self) -> DataError:
        """The error for a folder that should hold images and does not."""
        if self.other_files:
            found = f"{self.other_files} files, none of which has an image's suffix"
        elif self.folders:
            found = f"subfolders ({_some(self.folders)}) but no image files"
        else:
            found = "nothing"
        return DataError(
            f"{display_name(self.folder)} holds {found}; put images there "
            f"({', '.join(sorted(SUFFIXES))}) or name another folder"
        )


def list_folder(folder: Path) -> Listing:
    """Lists a folder, not its subfolders.

    Raises:
        DataError: it does not exist, is a file, or cannot be read.
    """
    try:
        real = os.path.realpath(folder)
        entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
    except FileNotFoundError as error:
        raise DataError(f"there is no folder {display_name(folder)}") from error
    except NotADirectoryError as error:
        raise DataError(
            f"{display_name(folder)} is a file; a folder of images is needed"
        ) from error
    except OSError as error:
        raise DataError(f"{display_name(folder)} cannot be listed: {error}") from error
    images, folders, others = [], {}, 0
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if os.path.isdir(entry.path):
            if not (real + os.sep).startswith(os.path.realpath(entry.path) + os.sep):
                folders[entry.name] = folder / entry.name
        elif os.path.splitext(entry.name)[1].lower() in SUFFIXES:
            # A broken link stays in: it is a file that cannot be read, and is reported as such.
            images.append(entry.name)
        else:
            others += 1
    return Listing(folder, tuple(images), folders, others)


def _some(names: dict[str, Path]) -> str:
    shown = ", ".join(display_name(name) for name in list(names)[:5])
    return shown + (", ..." if len(names) > 5 else "")
