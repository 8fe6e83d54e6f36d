"""The captions of a folder of images: a file that lists them all, or one beside each image."""

import csv
import io
import json
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from tfi2i.data.decode.images import display_name
from tfi2i.errors import DataError

LISTS = ("captions.jsonl", "captions.csv")
_KEYS = ("file_name", "caption")
_LONGEST = 2000
_FORM = (
    'captions.jsonl has lines such as {"file_name": "1.png", "caption": "a red apple"}; '
    "captions.csv has the header file_name,caption"
)


def lists_captions(folder: Path) -> bool:
    """Whether a folder of images has a file that lists their captions."""
    return any((folder / name).exists() for name in LISTS)


def read_captions(folder: Path, files: Sequence[str]) -> dict[str, str]:
    """Reads the captions of a folder.

    Args:
        folder: Holds the images, and `captions.jsonl`, or `captions.csv`, or a `.txt` of the same
            name beside each image.
        files: Names of the images.

    Returns:
        Name of each image -> its caption, on one line.

    Raises:
        DataError: An image has no caption or two, a caption is empty, too long or of a file that is
            not there, or a file is not UTF-8 or has another form. The message names it and the fix.
    """
    lists = [name for name in LISTS if (folder / name).exists()]
    if len(lists) > 1:
        raise DataError(f"{display_name(folder)} has both {' and '.join(lists)}: remove one")
    if not lists:
        return _beside(folder, files)
    path = folder / lists[0]
    known = {_composed(name): name for name in files}
    captions: dict[str, str] = {}
    lines = _json_lines if path.suffix == ".jsonl" else _csv_lines
    for number, name, caption in lines(path):
        where = f"{display_name(path)}, line {number}"
        file = known.get(_composed(name))
        if file is None:
            raise DataError(
                f"{where}: there is no image {display_name(name)} in {display_name(folder)}: "
                "correct its name, or remove the line"
            )
        if file in captions:
            raise DataError(
                f"{where}: {display_name(name)} has a caption already, and each image has one: "
                "join them into one line"
            )
        captions[file] = _checked(caption, where)
    missing = [name for name in files if name not in captions]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(files)} images in {display_name(folder)} have no caption in "
            f"{path.name}, such as {display_name(missing[0])}: add a line for each, or move the "
            "images away"
        )
    return captions


def _beside(folder: Path, files: Sequence[str]) -> dict[str, str]:
    """The captions of a folder with a text file beside each image."""
    places = {name: folder / f"{PurePath(name).stem}.txt" for name in files}
    missing = [name for name, path in places.items() if not path.exists()]
    if missing:
        first = missing[0]
        raise DataError(
            f"{len(missing)} of {len(files)} images in {display_name(folder)} have no caption, "
            f"such as {display_name(first)}: write it into {display_name(places[first])}, "
            f"or all of them into one file ({_FORM})"
        )
    return {name: _checked(_text(path), display_name(path)) for name, path in places.items()}


def _json_lines(path: Path) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        yield number, *_entry(entry, f"{display_name(path)}, line {number}")


def _csv_lines(path: Path) -> Iterator[tuple[int, str, str]]:
    rows = csv.DictReader(io.StringIO(_text(path), newline=""))
    try:
        for entry in rows:
            yield rows.line_num, *_entry(entry, f"{display_name(path)}, line {rows.line_num}")
    except csv.Error as error:
        raise DataError(
            f"{display_name(path)}, line {rows.line_num}, is no CSV: {error}; {_FORM}"
        ) from None


def _entry(entry: object, where: str) -> tuple[str, str]:
    values = [entry.get(key) for key in _KEYS] if isinstance(entry, dict) else []
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(_KEYS):
        raise DataError(f"{where} names no file and caption: {_FORM}")
    return texts[0], texts[1]


def _checked(caption: str, where: str) -> str:
    """A caption on one line."""
    words = " ".join(caption.split())
    if not words:
        raise DataError(f"{where}: the caption is empty: write what the image shows")
    if len(words) > _LONGEST:
        raise DataError(
            f"{where}: the caption has {len(words):,} characters, and the most is {_LONGEST:,}: "
            "shorten it"
        )
    return words


def _text(path: Path) -> str:
    try:
        # Some editors begin UTF-8 with a mark, which is none of the text.
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{display_name(path)} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{display_name(path)} is not UTF-8 (byte {error.start}): save it as UTF-8"
        ) from None


def _composed(name: str) -> str:
    """As a Mac and other systems agree on the name."""
    return unicodedata.normalize("NFC", name)
