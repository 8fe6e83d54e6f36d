"""What lies in a folder: image files and subfolders, in a fixed order."""

import os
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from PIL import features

from tfi2i.data.decode.images import display_name
from tfi2i.errors import DataError

SUFFIXES = frozenset(
    ".png .jpg .jpeg .jpe .jfif .webp .bmp .dib .gif .tif .tiff .ppm .pgm .pbm .pnm .npy".split()
    + ([".avif"] if features.check("avif") else [])
)  # fmt: skip
# Pictures of kinds that are not read: a user who has some in a folder wants to know.
UNREAD_SUFFIXES = frozenset(
    ".heic .heif .avif .jxl .jp2 .psd .svg .eps .exr .hdr .ico .tga .dng .nef .arw".split()
).difference(SUFFIXES)  # fmt: skip
# What operating systems put into folders and archives; none of it is the user's.
SYSTEM_FOLDERS = frozenset(
    ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found")
)


@dataclass(frozen=True)
class Listing:
    """One folder.

    Attributes:
        folder: where.
        images: names of the files with an image's suffix, sorted; hidden files are left out.
        folders: subfolders by name (in Unicode's composed form, as most systems write it), sorted,
            without hidden ones, those of operating systems, and links that lead back.
        others: names of the other files, pipes and devices.
    """

    folder: Path
    images: tuple[str, ...]
    folders: dict[str, Path]
    others: tuple[str, ...]

    def subfolder(self, *names: str) -> Path | None:
        """The first subfolder that has one of these names, in upper or lower case."""
        for name in names:
            for there, path in self.folders.items():
                if there.lower() == name.lower():
                    return path
        return None

    def unread(self) -> Counter[str]:
        """How many pictures there are of each kind that is not read, by suffix."""
        suffixes = (os.path.splitext(name)[1].lower() for name in self.others)
        return Counter(suffix for suffix in suffixes if suffix in UNREAD_SUFFIXES)


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
    images, folders, others = [], {}, []
    for entry in entries:
        if entry.name.startswith(".") or entry.name in SYSTEM_FOLDERS:
            continue
        # Without links the entry knows its kind; a link that leads in a circle is no folder.
        if os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir():
            if not (real + os.sep).startswith(os.path.realpath(entry.path) + os.sep):
                composed = unicodedata.normalize("NFC", entry.name)
                folders[entry.name if composed in folders else composed] = folder / entry.name
        elif os.path.splitext(entry.name)[1].lower() in SUFFIXES and not _is_special(entry):
            # A broken link stays in: it is a file that cannot be read, and is reported as such.
            images.append(entry.name)
        else:
            others.append(entry.name)
    return Listing(folder, tuple(images), folders, tuple(others))


def _is_special(entry: os.DirEntry) -> bool:
    """Whether it is a pipe, a socket or a device, on which a reader would wait for ever."""
    if entry.is_symlink():
        return os.path.exists(entry.path) and not os.path.isfile(entry.path)
    return not entry.is_file()
