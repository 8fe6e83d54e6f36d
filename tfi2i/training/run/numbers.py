"""Numbered run folders: `runs/00003-pix2pix-facades`, each number given to one process."""

import re
from pathlib import Path

from tfi2i.training.run import lock


def next_path(root: Path, description: str) -> Path:
    """The folder of the next free number; nothing is made.

    Args:
        root: Where runs are.
        description: What the name says after the number.
    """
    slug = re.sub(r"[^\w.-]+", "-", description).strip("-")
    taken = root.iterdir() if root.is_dir() else ()
    numbers = [int(m[1]) for path in taken if (m := re.match(r"(\d{5})-", path.name))]
    return root / f"{max(numbers, default=-1) + 1:05d}-{slug}"


def take_path(root: Path, description: str) -> Path:
    """Makes the folder of the next free number, which no other process gets.

    Args:
        root: Where runs are; made if needed.
        description: The same as for `next_path`.

    Raises:
        OSError: It cannot be made.
    """
    root.mkdir(parents=True, exist_ok=True)
    with lock.alone_in(root):
        while True:
            path = next_path(root, description)
            try:
                path.mkdir()
            except FileExistsError:  # where the lock does nothing
                continue
            return path
