"""One process trains in a run folder: a lock that ends with its process, however that ends."""

import os
import socket
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tfi2i.errors import RunError

try:
    import fcntl
except ImportError:  # on Windows
    fcntl = None

LOCK = ".lock"
# The locks of this process, by folder: it may train in a folder again, but not in two threads at
# once.
_held: dict[Path, BinaryIO] = {}


def hold(folder: Path) -> None:
    """Holds a folder for this process, until `release` or its end.

    Where the system has no such locks (Windows, some network disks) a warning says so.

    Raises:
        RunError: Another process holds it; the message names that process.
        OSError: If the folder cannot be written.
    """
    key = folder.resolve()
    if key in _held:
        return
    if fcntl is None:
        _warn_without_locks(folder)
        return
    file = open(folder / LOCK, "a+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read(200).decode("utf-8", "replace").strip() or "another process"
        file.close()
        raise RunError(
            f"{folder} is being trained by {holder}: wait for its end, stop it (Ctrl-C, or `kill` "
            "with its number: it saves a checkpoint first), or give another --run"
        ) from None
    except OSError:
        file.close()
        _warn_without_locks(folder)
        return
    file.truncate(0)
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    file.write(f"process {os.getpid()} on {socket.gethostname()}, since {since}\n".encode())
    file.flush()
    _held[key] = file


def release(folder: Path) -> None:
    """Lets other processes train in the folder; nothing happens if it is not held."""
    file = _held.pop(folder.resolve(), None)
    if file is not None and fcntl is not None:
        file.truncate(0)
        # Closing alone would not do it: a forked process may have the file open too.
        fcntl.flock(file, fcntl.LOCK_UN)
        file.close()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Within the block, no other process is in such a block on this folder, where locks work."""
    handle = None
    if fcntl is not None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError:  # some network disks lock no folders
            pass
    try:
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _warn_without_locks(folder: Path) -> None:
    warnings.warn(
        f"{folder}: there are no locks on this system, so nobody would notice a second process "
        "that trains in this folder: see to it that there is none",
        stacklevel=3,
    )
