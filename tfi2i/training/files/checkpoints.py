"""Checkpoints of a run: written whole, kept few, and never in need of manual help."""

import contextlib
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from tfi2i.errors import DamagedFileError, RunError, WeightsError
from tfi2i.training.files.array_file import Header, read_arrays
from tfi2i.training.files.arrays import assign_arrays, check_fit, variables_to_arrays, write_arrays
from tfi2i.training.state import StatefulModel
from tfi2i.whole_files import make_folder, refuse_file, remove_leftovers

Pick = Callable[[Mapping[str, Header], Path], Mapping[str, str]]

# The name, for users and of its file, of the checkpoint that a run keeps as its best.
BEST = "best"


class Checkpoints:
    """The checkpoint files of one run, `step-<iteration>.npz`, newest last."""

    def __init__(self, folder: Path, *, keep: int = 2):
        """Names the folder; nothing is made or removed before the first `save` or `restore`.

        Args:
            folder: Folder of the run.
            keep: How many of the newest stay. With at least 2 a damaged newest one does not matter.
        """
        self.folder = folder
        self.keep = keep

    def files(self) -> list[Path]:
        """All checkpoints, oldest first."""
        found = self.folder.glob("step-*.npz")
        return sorted(p for p in found if re.fullmatch(r"step-\d{9}\.npz", p.name))

    def newest(self) -> Path | None:
        """The newest checkpoint, or None; only reading it can tell whether it is whole."""
        files = self.files()
        return files[-1] if files else None

    def named(self) -> dict[str, Path]:
        """What users call the checkpoints: by iteration, oldest first, and `best` if it is kept."""
        found = {str(iteration_of(path)): path for path in self.files()}
        best = self.folder / f"{BEST}.npz"
        return {**found, BEST: best} if best.is_file() else found

    def find(self, name: int | str) -> Path:
        """The checkpoint that a user names.

        Args:
            name: An iteration, as 1250, "1,250" or "step-000001250.npz"; or `best`.

        Raises:
            RunError: There is none of this name; the message lists those there are.
        """
        named = self.named()
        text = str(name).removeprefix("step-").removesuffix(".npz").replace(",", "")
        key = str(int(text)) if re.fullmatch(r"[0-9]{1,9}", text) else text
        if key not in named:
            raise RunError(
                f"{self.folder.parent} has no checkpoint {str(name)[:60]!r}; there are "
                f"{', '.join(named) or 'none'} (train.keep_checkpoints says how many stay)"
            )
        return named[key]

    def remove_all(self) -> None:
        """Removes the checkpoints of a run in which nothing was trained."""
        _remove([*self.files(), *self.folder.glob(f"{BEST}.npz")])

    def save(self, model: StatefulModel) -> Path:
        """Writes the whole state of training and drops the oldest files.

        Raises:
            WeightsError: If the disk refuses or a value is not finite; earlier files are intact.
        """
        make_folder(self.folder, WeightsError)
        remove_leftovers(self.folder)
        arrays = variables_to_arrays(model.state())
        path = self.folder / f"step-{int(arrays['iteration']):09d}.npz"
        write_arrays(path, arrays)
        _remove(self.files()[: -self.keep])
        return path

    def save_best(self, model: StatefulModel) -> Path:
        """Writes the whole state of training as the run's best, in place of an earlier one.

        Raises:
            WeightsError: If the disk refuses or a value is not finite; the earlier one is intact.
        """
        make_folder(self.folder, WeightsError)
        path, state = self.folder / f"{BEST}.npz", model.state()
        write_arrays(path, variables_to_arrays(state))
        return path

    def read_newest(self, pick: Pick) -> tuple[Path, dict[str, np.ndarray]] | None:
        """Reads the newest checkpoint that is whole; warns about each that is not.

        Args:
            pick: The same as for `read_arrays`, with the file as a second argument.

        Returns:
            The file and the arrays picked, or None if there is no checkpoint at all.

        Raises:
            RunError: If there are checkpoints and all are damaged, or a file lies in the place of
                their folder.
            WeightsError: `pick` raised it, for a checkpoint that is whole.
        """
        refuse_file(self.folder, RunError)
        files = self.files()
        for path in reversed(files):
            try:
                return path, read_arrays(path, lambda headers, path=path: pick(headers, path))
            except DamagedFileError as error:
                warnings.warn(f"{error}; falling back to the checkpoint before", stacklevel=2)
        if files:
            raise RunError(
                f"all {len(files)} checkpoints in {self.folder} are damaged: put a copy of one "
                "back, or start a new run in another folder"
            )
        return None

    def restore(self, model: StatefulModel) -> Path | None:
        """Restores the newest checkpoint that is whole, as `read_newest` finds it.

        Damaged checkpoints get the name `damaged-step-...`, so that they are not taken for the
        newest again.

        Returns:
            The file restored from, or None if there is no checkpoint at all.

        Raises:
            RunError: If there are checkpoints and all are damaged.
            WeightsError: If a whole checkpoint does not fit the model.
        """
        variables = model.state()

        def pick(headers: Mapping[str, Header], path: Path) -> dict[str, str]:
            stored = {name: _stored_as(name, headers) for name in variables}
            found = {name: headers[origin] for name, origin in stored.items() if origin in headers}
            unexpected = {name: headers[name] for name in headers.keys() - stored.keys()}
            check_fit({**found, **unexpected}, variables, source=path)
            return stored

        read = self.read_newest(pick)
        if read is None:
            return None
        path, arrays = read
        assign_arrays(variables, arrays, source=path)
        for damaged in self.files()[self.files().index(path) + 1 :]:
            # A file that cannot be renamed stays, and is passed over again.
            with contextlib.suppress(OSError):
                damaged.rename(damaged.with_name(f"damaged-{damaged.name}"))
        return path


def _remove(files: list[Path]) -> None:
    for path in files:
        # A folder with the name of a checkpoint is the user's.
        if not path.is_dir():
            path.unlink()


def iteration_of(path: Path) -> int:
    """Completed iterations at a checkpoint, from its name."""
    return int(path.stem.removeprefix("step-"))


def _stored_as(name: str, headers: Mapping[str, Header]) -> str:
    """A variable's name in a file: early ones have no averages of moving statistics."""
    averaged = any(stored.startswith("average/") for stored in headers)
    if name not in headers and averaged and name.startswith("average/"):
        return name.removeprefix("average/")
    return name
