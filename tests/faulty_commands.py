"""Commands that are killed as they write, or that write to small disks of their own."""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from forking import Forking
from tfi2i.training import RunFolder
from tfi2i.training.files.array_file import read_arrays

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_RDONLY, _MS_REMOUNT, _MS_REC, _MS_PRIVATE = 1, 32, 16384, 1 << 18
_PROGRAM = "import sys; from faulty_commands import run_here; run_here(*sys.argv[1:])"


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


def finished_run(forking: Forking, data: Path, place: Path, *more: str) -> Path:
    """The folder of a `tiny_run` that never stopped."""
    ended = run_command(forking, tiny_run(data, place / "run", *more))
    assert ended.code == 0, ended.output
    return place / "run"


def killed_and_resumed(
    forking: Forking, data: Path, folder: Path, moment: int
) -> tuple[Ended, Ended]:
    """A `tiny_run` in `folder/run` that is killed at some moment, and the same command again."""
    command = tiny_run(data, folder / "run")
    killed = run_command(forking, command, killed_at=moment, watched=folder)
    return killed, run_command(forking, command)


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
    forking: Forking,
    arguments: Sequence[str | Path],
    *,
    disk: Disk | None = None,
    killed_at: int | None = None,
    watched: Path | None = None,
) -> Ended:
    """Runs `tfi2i` with arguments in a process of its own.

    Args:
        forking: Starts it.
        arguments: Of the command.
        disk: A disk of its own.
        killed_at: It is killed as it opens, renames, makes or removes a file for the so-manieth
            time.
        watched: The folder of these files.
    """
    faults = {"disk": disk and disk._asdict(), "killed_at": killed_at, "watched": watched}
    told = json.dumps(faults, default=str)
    done = forking.run("-c", _PROGRAM, told, *map(str, arguments))
    return Ended(done.returncode, done.stdout + done.stderr)


def can_make_disks(forking: Forking, folder: Path) -> bool:
    """Whether this system lets a process have a disk of its own."""
    return run_command(forking, ["--version"], disk=Disk(folder)).code == 0


def run_here(told: str, *arguments: str) -> None:
    """What `run_command` does, in the process that it starts."""
    from tfi2i.cli import main

    faults = json.loads(told)
    if faults["killed_at"] is not None:
        _kill_at(faults["killed_at"], faults["watched"])
    with contextlib.ExitStack() as stack:
        if faults["disk"] is not None:
            paths = ("place", "keep", "begin")
            given: dict[str, Any] = {
                k: Path(v) if k in paths and v else v for k, v in faults["disk"].items()
            }
            stack.enter_context(_mounted(Disk(**given)))
        main(list(arguments))


def _kill_at(moment: int, folder: str) -> None:
    seen = 0

    def count(event: str, values: tuple) -> None:
        nonlocal seen
        if event in ("open", "os.mkdir", "os.rename", "os.remove") and any(
            str(one).startswith(folder) for one in values[:2]
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
        shutil.copytree(disk.begin, disk.place, dirs_exist_ok=True)
    if disk.read_only:
        _system("mount", b"none", bytes(disk.place), b"tmpfs", _MS_REMOUNT | _MS_RDONLY, options)
    os.chdir(disk.place.parent)
    try:
        yield
    finally:
        if disk.keep is not None:
            shutil.copytree(disk.place, disk.keep, dirs_exist_ok=True)


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
