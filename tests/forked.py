"""Commands in processes of their own that share one import of TensorFlow, and small disks for them.

The forks come from a process that has imported TensorFlow and has run nothing with it: its threads,
which a fork would not have, are not there yet.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfi2i.training import RunFolder
from tfi2i.training.files.array_file import read_arrays

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_RDONLY, _MS_REMOUNT, _MS_REC, _MS_PRIVATE = 1, 32, 16384, 1 << 18
# Imported once, before the first fork.
_IMPORTS = ["forked", "tensorflow", "keras", "tfi2i.cli", "tfi2i.training.run.training"]


class Ended(NamedTuple):
    """How a command ended.

    Attributes:
        code: Its exit code, or minus the number of the signal that ended it.
        output: What it wrote to stdout and stderr.
    """

    code: int
    output: str


class Disk(NamedTuple):
    """A small disk of a command's own, which is gone when the command ends.

    Attributes:
        place: The folder that it covers.
        kilobytes: All that it holds.
        read_only: Whether nothing can be written to it.
        keep: Where its files go at the end; None loses them.
        begin: What is on it at first; None for nothing.
    """

    place: Path
    kilobytes: int = 10_000
    read_only: bool = False
    keep: Path | None = None
    begin: Path | None = None


def tiny_run(data: Path, run: Path, *more: str) -> list[str | Path]:
    """The cheapest training: 6 iterations in 2 epochs, a checkpoint after each second."""
    return [
        *("train", "gan", "--data", data, "--run", run, "train.epochs=2", "train.samples=1"),
        *("data.batch_size=2", "data.load_size=36", "data.crop_size=32"),
        *("model.units=16", "model.discriminator_units=8", "model.latent_length=4"),
        *("train.checkpoint_every=2", *more),
    ]


def finished_run(data: Path, place: Path, *more: str) -> Path:
    """The folder of a `tiny_run` that never stopped."""
    place.mkdir(exist_ok=True)
    ended = run_command(tiny_run(data, place / "run", *more), place / "log")
    assert ended.code == 0, ended.output
    return place / "run"


def killed_and_resumed(data: Path, folder: Path, moment: int) -> tuple[Ended, Ended]:
    """A `tiny_run` in `place/run` that is killed at some moment, and the same command again."""
    place = folder / "place"
    place.mkdir()
    command = tiny_run(data, place / "run")
    killed = run_command(command, folder / "log", killed_at=moment, watched=place)
    return killed, run_command(command, folder / "log")


def last_state(run: Path) -> dict[str, np.ndarray]:
    """All arrays of the newest checkpoint of a run."""
    return read_arrays(sorted((run / "checkpoints").glob("step-*.npz"))[-1])


def assert_same_end(expected: Path, found: Path) -> None:
    """Two runs have the same state bit for bit, the same lines and grids, and nothing besides."""
    one, other = last_state(expected), last_state(found)
    assert one.keys() == other.keys()
    assert not [name for name in one if not np.array_equal(one[name], other[name])]
    lines = [[line["iteration"] for line in RunFolder(run).metrics()] for run in (expected, found)]
    assert lines[0][-1] == lines[1][-1] and set(lines[1]) >= set(lines[0])
    names = [sorted(p.name for p in (run / "samples").iterdir()) for run in (expected, found)]
    assert names[0] == names[1]
    assert not list(found.rglob(".*.tmp"))


def run_command(
    arguments: Sequence[str | Path],
    log: Path,
    *,
    disk: Disk | None = None,
    killed_at: int | None = None,
    watched: Path | None = None,
) -> Ended:
    """Runs `tfi2i` with arguments in a fork.

    Args:
        arguments: Of the command.
        log: A file for what it writes to stdout and stderr.
        disk: A disk of its own.
        killed_at: It is killed as it opens, renames, makes or removes a file for the so-manieth
            time.
        watched: The folder of these files.
    """
    words = [str(argument) for argument in arguments]
    process = _forks().Process(target=_command, args=(words, log, disk, killed_at, watched))
    process.start()
    process.join()
    assert process.exitcode is not None
    return Ended(process.exitcode, log.read_text(errors="replace"))


def can_make_disks(folder: Path) -> bool:
    """Whether this system lets a process have a disk of its own."""
    process = _forks().Process(target=_try_disk, args=(folder,))
    process.start()
    process.join()
    return process.exitcode == 0


def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTS)
    return context


def _try_disk(folder: Path) -> None:
    with _mounted(Disk(folder)):
        pass


def _command(
    arguments: list[str],
    log: Path,
    disk: Disk | None,
    killed_at: int | None,
    watched: Path | None,
) -> None:
    with open(log, "wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if killed_at is not None:
        _kill_at(killed_at, watched or log.parent)
    from tfi2i.cli import main

    with _mounted(disk) if disk is not None else contextlib.nullcontext():
        main(arguments)


def _kill_at(moment: int, folder: Path) -> None:
    seen = 0

    def count(event: str, arguments: tuple) -> None:
        nonlocal seen
        if event in ("open", "os.mkdir", "os.rename", "os.remove") and any(
            str(one).startswith(str(folder)) for one in arguments[:2]
        ):
            seen += 1
            if seen == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


@contextlib.contextmanager
def _mounted(disk: Disk) -> Iterator[None]:
    """Within the block the disk covers its place, for this process alone."""
    _own_mounts()
    disk.place.mkdir(parents=True, exist_ok=True)
    options = f"size={disk.kilobytes}k".encode()
    _system("mount", b"none", bytes(disk.place), b"tmpfs", 0, options)
    if disk.begin is not None:
        os.system(f"cp -a '{disk.begin}/.' '{disk.place}/'")
    if disk.read_only:
        _system("mount", b"none", bytes(disk.place), b"tmpfs", _MS_REMOUNT | _MS_RDONLY, options)
    os.chdir(disk.place.parent)
    try:
        yield
    finally:
        if disk.keep is not None:
            os.system(f"cp -a '{disk.place}/.' '{disk.keep}/'")


def _own_mounts() -> None:
    user, group = os.getuid(), os.getgid()
    if user == 0:
        _system("unshare", _CLONE_NEWNS)
    else:
        _system("unshare", _CLONE_NEWNS | _CLONE_NEWUSER)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    _system("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)


def _system(name: str, *arguments: object) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
