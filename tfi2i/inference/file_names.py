"""Which files a user means by files, folders and globs, and where their translations go."""

import fnmatch
import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.videos import is_video
from tfi2i.data.folders.listing import SUFFIXES, list_folder
from tfi2i.data.folders.unused import no_images, unused_pictures
from tfi2i.errors import DataError

LONGEST_NAME = 255  # Bytes, in common file systems.


def find_images(
    inputs: Sequence[str | Path], out_dir: str | Path | None = None, *, videos: bool = False
) -> list[Path]:
    """The image files that the inputs name, each once, in their order.

    Args:
        inputs: Files (whatever their suffix), folders (the images directly in them), globs (the
            images that match; `**` goes through subfolders, except `out_dir`).
        out_dir: Where earlier translations may be; None if there are none.
        videos: Whether video files count too.

    Raises:
        DataError: Nothing was given, or an input does not exist or holds no image.
    """
    if not inputs:
        raise DataError("nothing to translate: name image files, folders or globs")
    files: dict[str, Path] = {}
    for source in inputs:
        for file in _files_of(source, out_dir, videos):
            files.setdefault(os.path.realpath(file), file)
    return list(files.values())


def output_paths(
    files: Sequence[Path],
    out_dir: str | Path,
    suffixes: Sequence[str],
    *,
    overwrite: bool = False,
    resume: bool = False,
    clips: Mapping[Path, str] = MappingProxyType({}),
) -> dict[Path, Path]:
    """The file that each translation is written to.

    Args:
        files: The inputs.
        out_dir: Where the translations go.
        suffixes: Those that names keep; others become the first.
        overwrite: Whether files that are there already may be replaced.
        resume: Whether such files stay, and their inputs are left out of the answer.
        clips: Files of several frames, and the suffix that each shall have.

    Raises:
        DataError: Two files would be written to one place, an input or (without `overwrite`) any
            file would be overwritten, or a name is longer than file systems take.
    """
    out_dir = Path(out_dir)
    if out_dir.exists() and not out_dir.is_dir():
        raise DataError(f"{display_name(out_dir)} is a file; a folder for the images is needed")
    kept = {file: (clips[file],) if file in clips else suffixes for file in files}
    relative = {file: _suffixed(Path(file.name), kept[file]) for file in files}
    if _clashes(relative):
        places = {file: Path(os.path.abspath(file)) for file in files}
        root = os.path.commonpath([place.parent for place in places.values()])
        relative = {
            file: _suffixed(place.relative_to(root), kept[file]) for file, place in places.items()
        }
    for clash in _clashes(relative):
        first, second = [file for file in files if relative[file] == clash][:2]
        raise DataError(
            f"{display_name(first)} and {display_name(second)} would both become "
            f"{display_name(out_dir / clash)}; translate them into two folders"
        )
    targets = {file: out_dir / name for file, name in relative.items()}
    sources = {os.path.realpath(file): file for file in files}
    for target in targets.values():
        overwritten = sources.get(os.path.realpath(target))
        if overwritten is not None:
            raise DataError(
                f"{display_name(overwritten)} would be overwritten by a translation; "
                "choose another output folder"
            )
    _check_names(targets)
    if resume:
        return {file: target for file, target in targets.items() if not os.path.lexists(target)}
    if not overwrite:
        check_free(targets.values())
    return targets


def check_free(targets: Iterable[Path]) -> None:
    """Raises a DataError that counts the files that are there already."""
    taken = [target for target in targets if os.path.lexists(target)]
    if taken:
        files = "file is" if len(taken) == 1 else "files are"
        raise DataError(
            f"{len(taken)} {files} there already, such as {display_name(taken[0])}: choose another "
            "output folder, replace with overwrite (--overwrite), or go on with resume (--resume)"
        )


def _check_names(targets: dict[Path, Path]) -> None:
    for file, target in targets.items():
        if len(os.fsencode(target.name)) > LONGEST_NAME:
            raise DataError(
                f"{display_name(file)}: its translation's name would have "
                f"{len(os.fsencode(target.name))} bytes, and the limit is {LONGEST_NAME}; rename "
                "the file"
            )


def left_alone(
    inputs: Sequence[str | Path], files: Iterable[Path], out_dir: str | Path
) -> list[str]:
    """What looks like a picture in or below the folders among the inputs and is not read, in words.

    Args:
        inputs: What `find_images` was given.
        files: What it returned.
        out_dir: Where the translations are.
    """
    found = []
    read = {os.path.realpath(file.parent) for file in files}
    for folder in (Path(source) for source in inputs if Path(source).is_dir()):
        name = display_name(folder)
        unused = unused_pictures(folder, read, left_out=[os.path.realpath(out_dir)])
        if str(unused):
            ways = [f"name '{name}/**' to go through subfolders"] if unused.images else []
            ways += ["convert other kinds to PNG or JPEG"] if unused.other_kinds else []
            found.append(f"not read below {name}: {unused}" + "".join(f"; {way}" for way in ways))
        others = list_folder(folder).others
        pipes = [other for other in others if Path(other).suffix.lower() in SUFFIXES]
        if pipes:
            found.append(f"no image files but pipes or devices: {', '.join(pipes)} in {name}")
    return found


def _files_of(source: str | Path, out_dir: str | Path | None, videos: bool) -> list[Path]:
    path = Path(source)
    if path.is_dir():
        listing = list_folder(path)
        found = [*listing.images, *(filter(is_video, listing.others) if videos else ())]
        if not found:
            raise no_images(listing)
        return [path / name for name in sorted(found, key=os.fsencode)]
    if path.exists():
        return [path]
    if not glob.has_magic(str(source)):
        raise DataError(f"there is no file or folder {display_name(path)}")
    matches = _matches(path)
    images = [
        match
        for match in matches
        if match.suffix.lower() in SUFFIXES or (videos and is_video(match))
        if not match.is_dir()
    ]
    if "**" in str(source) and out_dir is not None:
        produced = Path(out_dir).resolve()
        images = [image for image in images if produced not in image.resolve().parents]
    if not images:
        raise DataError(
            f"no image file matches {display_name(path)} "
            f"({len(matches)} other files and folders do)"
        )
    return images


def _matches(pattern: Path) -> list[Path]:
    """What a glob matches, sorted; folders that exist as they are written are taken literally."""
    literal = next(
        (parent for parent in pattern.parents if glob.has_magic(str(parent)) and parent.is_dir()),
        None,
    )
    root = literal or Path(pattern.anchor)
    parts = pattern.relative_to(root).parts
    return sorted(_below(root, list(parts), set()), key=os.fsencode)


def _below(folder: Path, parts: list[str], walked: set[str]) -> Iterator[Path]:
    """Matches of the parts of a pattern; `**` enters each real folder once, so links may loop."""
    head, rest = parts[0], parts[1:]
    if head == "**":
        real = os.path.realpath(folder)
        if real in walked:
            return
        walked.add(real)
        yield from _below(folder, rest or ["*"], set())
        for child in _children(folder, "*"):
            if child.is_dir():
                yield from _below(child, parts, walked)
        return
    found = _children(folder, head) if glob.has_magic(head) else [folder / head]
    for path in found:
        if not rest:
            if os.path.lexists(path):
                yield path
        elif path.is_dir():
            yield from _below(path, rest, walked)


def _children(folder: Path, pattern: str) -> list[Path]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []  # As in a shell: what cannot be listed matches nothing.
    hidden = pattern.startswith(".")
    return [
        folder / name
        for name in sorted(names)
        if fnmatch.fnmatchcase(name, pattern) and (hidden or not name.startswith("."))
    ]


def _clashes(names: dict[Path, Path]) -> list[Path]:
    counts = Counter(names.values())
    return [name for name, count in counts.items() if count > 1]


def _suffixed(name: Path, suffixes: Sequence[str]) -> Path:
    return name if name.suffix.lower() in suffixes else name.with_suffix(suffixes[0])
