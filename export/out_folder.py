"""The folder that exports go into: refused before TensorFlow is loaded, where it can be told."""

import os
from pathlib import Path

from tfi2i.errors import ExportError


def check_folder(folder: Path) -> None:
    """Refuses a folder that cannot be written, as far as can be told without writing.

    Raises:
        ExportError: it is a file, or the system does not let this user write there.
    """
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not existing.is_dir():
        raise ExportError(f"{existing} is a file; exports go into a folder, give another one")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ExportError(not_writable(folder, PermissionError("no permission to write there")))


def not_writable(folder: Path, error: OSError) -> str:
    """What the user is told."""
    return f"{folder} cannot be written: {error.strerror or error}; give another folder"
