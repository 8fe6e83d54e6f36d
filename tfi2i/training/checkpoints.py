"""Checkpoints of a run: written whole, kept few, and never in need of manual help."""

import re
import warnings
from pathlib import Path

from tfi2i.errors import RunError, WeightsError
from tfi2i.training.arrays import (
    assign_arrays,
    read_arrays,
    variables_to_arrays,
    write_arrays,
)
from tfi2i.training.gan import GAN


class Checkpoints:
    """The checkpoint files of one run, `step-<iteration>.npz`, newest last."""

    def __init__(self, folder: Path, *, keep: int = 2):
        """Names the folder; nothing is made or removed before the first `save`.

        Args:
            folder: Of the run.
            keep: How many of the newest stay; at least 2 let a damaged newest one be survived.
        """
        self.folder = folder
        self.keep = keep

    def files(self) -> list[Path]:
        """All complete checkpoints, oldest first."""
        found = self.folder.glob("step-*.npz")
        return sorted(p for p in found if re.fullmatch(r"step-\d{9}\.npz", p.name))

    def newest(self) -> Path | None:
        """The newest checkpoint, or None."""
        files = self.files()
        return files[-1] if files else None

    def save(self, model: GAN) -> Path:
        """Writes the whole state of training and drops the oldest files.

        Raises:
            WeightsError: If the disk refuses or a value is not finite; earlier files are intact.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for leftover in self.folder.glob(".*.tmp"):  # of a process that was killed while saving
            leftover.unlink()
        arrays = variables_to_arrays(model.state())
        path = self.folder / f"step-{int(arrays['iteration']):09d}.npz"
        write_arrays(path, arrays)
        for old in self.files()[: -self.keep]:
            old.unlink()
        return path

    def restore(self, model: GAN) -> Path | None:
        """Restores the newest checkpoint that is whole; warns about each that is not.

        Returns:
            The file restored from, or None if there is no checkpoint at all.

        Raises:
            RunError: If there are checkpoints and all are damaged.
            WeightsError: If a whole checkpoint does not fit the model.
        """
        files = self.files()
        for path in reversed(files):
            try:
                arrays = read_arrays(path)
            except WeightsError as error:
                warnings.warn(f"{error}; falling back to the checkpoint before", stacklevel=2)
                continue
            assign_arrays(model.state(), arrays, source=path)
            return path
        if files:
            raise RunError(f"all {len(files)} checkpoints in {self.folder} are damaged")
        return None
