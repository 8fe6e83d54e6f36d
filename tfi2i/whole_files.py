"""Files that are whole under their name or not there, whatever kills the writing process."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfi2i.errors import Tfi2iError


def refuse_folder(path: Path, error: type[Tfi2iError] = Tfi2iError) -> None:
    """Raises an error of the class if a folder lies where a file belongs."""
    if path.is_dir():
        raise error(
            f"{path} is a folder, and a file of that name belongs there: move the folder away, or "
            "give it another name"
        )


def refuse_file(path: Path, error: type[Tfi2iError] = Tfi2iError) -> None:
    """Raises an error of the class if a file lies where a folder or one around it belongs."""
    existing = next(place for place in (path, *path.absolute().parents) if place.exists())
    if not existing.is_dir():
        raise error(
            f"{existing} is a file, and a folder of that name belongs there: move the file "
            "away, or give it another name"
        )


@contextlib.contextmanager
def writing(path: Path, error: type[Tfi2iError] = Tfi2iError) -> Iterator[None]:
    """Within the block a file or folder is written: that the system refuses is said in words.

    Args:
        path: What is written.
        error: What to raise.

    Raises:
        Tfi2iError: The disk is full, say, or the folder read-only; its class is `error`.
    """
    try:
        yield
    except OSError as reason:
        raise error(
            f"cannot write {path}: {reason.strerror or reason}; earlier files are intact. Make "
            "room, or see to it that the folder can be written, and give the command again"
        ) from reason


def check_can_write(path: Path, error: type[Tfi2iError] = Tfi2iError) -> None:
    """Refuses a place for a file, as far as can be told without writing.

    Raises:
        Tfi2iError: A folder lies there, a file lies where a folder around it belongs, or this user
            may not write there; its class is `error`.
    """
    refuse_folder(path, error)
    refuse_file(path.parent, error)
    existing = next(place for place in path.absolute().parents if place.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        raise error(f"cannot write {path}: {existing} is read-only for this user; name another")


def make_folder(path: Path, error: type[Tfi2iError] = Tfi2iError) -> None:
    """Makes a folder, and those around it, if it is not there.

    Raises:
        Tfi2iError: It cannot be made, or a file lies there; its class is `error`.
    """
    refuse_file(path, error)
    with writing(path, error):
        path.mkdir(parents=True, exist_ok=True)


def append_text(path: Path, text: str, error: type[Tfi2iError] = Tfi2iError) -> None:
    """Adds to the end of a text file in UTF-8.

    Raises:
        Tfi2iError: It cannot be written; its class is `error`.
    """
    with writing(path, error), open(path, "a", encoding="utf-8") as file:
        file.write(text)


@contextlib.contextmanager
def replacing(path: Path, error: type[Tfi2iError] = Tfi2iError) -> Iterator[Path]:
    """Gives another name beside `path`; what is written there becomes `path` at the block's end.

    The content is on the disk before the name changes, so that a loss of power cannot leave an
    empty file either. An error leaves what was there before.

    Args:
        path: The file to make or to replace.
        error: What to raise.

    Raises:
        Tfi2iError: A folder lies there, or the file cannot be written; its class is `error`.
    """
    refuse_folder(path, error)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path, error):
        try:
            yield temporary
            _flush(temporary)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):  # of a disk that is read-only
                temporary.unlink(missing_ok=True)
            raise
    # Not every system can flush a folder; there the name may be lost with the power, not the file.
    with contextlib.suppress(OSError):
        _flush(path.parent)


def write_text(
    path: Path, text: str, error: type[Tfi2iError] = Tfi2iError, *, errors: str = "strict"
) -> None:
    """Writes a text file in UTF-8; `errors` as `str.encode` has it.

    Raises:
        Tfi2iError: A folder lies there, or it cannot be written; its class is `error`.
    """
    with replacing(path, error) as temporary:
        temporary.write_bytes(text.encode("utf-8", errors))


def write_json(path: Path, value: Any, error: type[Tfi2iError] = Tfi2iError) -> None:
    """Writes a value as indented JSON; see `write_text`."""
    write_text(path, json.dumps(value, indent=2) + "\n", error)


def read_json(path: Path, error: type[Tfi2iError] = Tfi2iError) -> dict[str, Any]:
    """Reads a JSON file that holds a table of names and values.

    Args:
        path: The file.
        error: What to raise.

    Raises:
        Tfi2iError: The file cannot be read or holds anything else; its class is `error`.
    """
    refuse_folder(path, error)
    try:
        value = json.loads(path.read_bytes())
    except OSError as reason:
        raise error(f"cannot read {path}: {reason.strerror}") from None
    except (ValueError, RecursionError) as reason:
        raise error(f"{path} is damaged: {reason}") from None
    if not isinstance(value, dict):
        raise error(f"{path} is damaged: it holds no table of names and values")
    return value


def remove_leftovers(folder: Path) -> None:
    """Removes what killed processes were writing; call it where no other process writes."""
    for leftover in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
