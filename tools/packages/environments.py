"""Clean environments, one at a time: made by uv, used, measured and removed."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SHOWN = ("tensorflow", "keras", "numpy", "pillow", "pyyaml", "typer", "rich")
LINES_OF_AN_ERROR = 2


class Failed(Exception):
    """A command failed; the message is the end of what it said."""


def run(command: Sequence[str | Path], folder: Path, **variables: str) -> str:
    """What a command says, run in a folder, without anything of the repository on its paths.

    Raises:
        Failed: It did not return 0.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise Failed("\n".join(lines[-LINES_OF_AN_ERROR:]))
    return done.stdout


@contextmanager
def environment(uv: str, python: str, place: Path) -> Iterator[Path]:
    """A fresh environment's folder, which is removed at the block's end, whatever happened."""
    folder = place / "environment"
    try:
        run([uv, "venv", "--clear", "--no-python-downloads", "--python", python, folder], place)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def install(uv: str, folder: Path, what: Sequence[str]) -> dict[str, Any]:
    """Installs and says in which seconds, which versions came and what they weigh.

    Raises:
        Failed: It cannot be installed.
    """
    begun = time.monotonic()
    run([uv, "pip", "install", *what], folder.parent, VIRTUAL_ENV=str(folder))
    seconds = time.monotonic() - begun
    listed = run([uv, "pip", "freeze"], folder.parent, VIRTUAL_ENV=str(folder))
    versions = dict(line.split("==") for line in listed.splitlines() if "==" in line)
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        "seconds": round(seconds),
        "mebibytes": round(sum(path.stat().st_size for path in files) / 2**20),
        "versions": {name: versions[name] for name in SHOWN if name in versions},
        "packages": len(listed.splitlines()),
    }


def use(folder: Path, place: Path, commands: Sequence[Sequence[str]]) -> list[float]:
    """Runs commands of an environment in a folder; the seconds of each.

    Raises:
        Failed: One failed.
    """
    binaries = folder / "bin"
    path = f"{binaries}{os.pathsep}{os.environ['PATH']}"
    seconds = []
    for first, *rest in commands:
        begun = time.monotonic()
        run([binaries / first, *rest], place, PATH=path, VIRTUAL_ENV=str(folder))
        seconds.append(round(time.monotonic() - begun, 1))
    return seconds
