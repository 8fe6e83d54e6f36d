"""Which files a user means by files, folders and globs, and where their translations go."""

import glob
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tfi2i.data.images import display_name
from tfi2i.data.listing import SUFFIXES, list_folder
from tfi2i.errors import DataError

KEPT_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def find_images(inputs: Sequence[str | Path], out_dir: str | Path) -> list[Path]:
    """The image files that the inputs name, each once, in their order.

    Args:
        inputs: Files (whatever their suffix), folders (the images directly in them), globs (the
            images that match; `**` goes through subfolders, except `out_dir`).
        out_dir: Where earlier translations may be.

    Raises:
        DataError: Nothing was given, or an input does not exist or holds no image.
    """
    if not inputs:
        raise DataError("nothing to translate: name image files, folders or globs")
    files: dict[str, Path] = {}
    for source in inputs:
        for file in _files_of(source, out_dir):
            files.setdefault(os.path.realpath(file), file)
    return list(files.values())


def output_paths(files: Sequence[Path], out_dir: str | Path) -> dict[Path, Path]:
    """The file that each translation is written to.

    Raises:
        DataError: Two files would be written to one place, or an input would be overwritten.
    """
    out_dir = Path(out_dir)
    if out_dir.exists() and not out_dir.is_dir():
        raise DataError(f"{display_name(out_dir)} is a file; a folder for the images is needed")
    relative = {file: Path(file.name) for file in files}
    if _clashes(relative):
        places = {file: Path(os.path.abspath(file)) for file in files}
        root = os.path.commonpath([place.parent for place in places.values()])
        relative = {file: place.relative_to(root) for file, place in places.items()}
    for clash in _clashes(relative):
        first, second = [file for file in files if _suffixed(relative[file]) == clash][:2]
        raise DataError(
            f"{display_name(first)} and {display_name(second)} would both become "
            f"{display_name(out_dir / clash)}; translate them into two folders"
        )
    targets = {file: out_dir / _suffixed(name) for file, name in relative.items()}
    sources = {os.path.realpath(file): file for file in files}
    for target in targets.values():
        overwritten = sources.get(os.path.realpath(target))
        if overwritten is not None:
            raise DataError(
                f"{display_name(overwritten)} would be overwritten by a translation; "
                "choose another output folder"
            )
    return targets


def _files_of(source: str | Path, out_dir: str | Path) -> list[Path]:
    path = Path(source)
    if path.is_dir():
        listing = list_folder(path)
        if not listing.images:
            raise listing.no_images()
        return [path / name for name in listing.images]
    if path.exists():
        return [path]
    if not glob.has_magic(str(source)):
        raise DataError(f"there is no file or folder {display_name(path)}")
    matches = [Path(match) for match in sorted(glob.glob(str(source), recursive=True))]
    images = [match for match in matches if match.suffix.lower() in SUFFIXES and match.is_file()]
    if "**" in str(source):
        produced = Path(out_dir).resolve()
        images = [image for image in images if produced not in image.resolve().parents]
    if not images:
        raise DataError(
            f"no image file matches {display_name(path)} "
            f"({len(matches)} other files and folders do)"
        )
    return images


def _clashes(names: dict[Path, Path]) -> list[Path]:
    counts = Counter(_suffixed(name) for name in names.values())
    return [name for name, count in counts.items() if count > 1]


def _suffixed(name: Path) -> Path:
    return name if name.suffix.lower() in KEPT_SUFFIXES else name.with_suffix(".png")
