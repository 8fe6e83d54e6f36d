"""Folders for files that are not yet whole: no server looks there; the next export cleans up."""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf

from tfi2i.errors import ExportError
from tfi2i.export.out_folder import not_writable

_PREFIX = ".partial-"
# How a system says that a file cannot be written.
_REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


@contextmanager
def partial_folder(parent: Path) -> Iterator[Path]:
    """Makes a folder inside `parent`, and removes it at the end with everything still in it.

    What killed exports have left there is removed first. A parent that had to be made and stays
    empty is removed too.

    Raises:
        ExportError: the parent is no folder, or cannot be written, now or within the block.
    """
    made = [folder for folder in (parent, *parent.parents) if not folder.exists()]
    partial = parent / f"{_PREFIX}{os.getpid()}-{uuid.uuid4().hex}"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for leftover in parent.glob(f"{_PREFIX}*"):
            if not _is_written(leftover):
                shutil.rmtree(leftover, ignore_errors=True)
        partial.mkdir()
    except OSError as error:
        raise ExportError(not_writable(parent, error)) from error
    try:
        yield partial
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        raise ExportError(not_writable(parent, error)) from error
    except tf.errors.OpError as error:
        # So TensorFlow says that a SavedModel cannot be written.
        raise ExportError(f"{parent} cannot be written: {error.message.strip()}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        for folder in made:
            if not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()


def _is_written(partial: Path) -> bool:
    """Whether another process is at work in a partial folder, whose name begins with its number."""
    number = partial.name.removeprefix(_PREFIX).partition("-")[0]
    if not number.isdecimal() or int(number) == os.getpid():
        return False
    if os.name == "nt":
        return True  # On this system no signal can ask without ending the process.
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
