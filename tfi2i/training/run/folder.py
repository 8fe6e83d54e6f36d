"""The folder of one run: what is needed to see, resume, use and explain it."""

import contextlib
import dataclasses
import hashlib
from pathlib import Path
from typing import Any

from tfi2i.errors import RunError
from tfi2i.recipe import Recipe, TrainSettings, load_recipe
from tfi2i.training.run import lock
from tfi2i.training.run.metrics_file import is_figures, read_metrics, write_metrics
from tfi2i.training.run.numbers import next_path, take_path
from tfi2i.whole_files import (
    make_folder,
    read_json,
    refuse_file,
    refuse_folder,
    remove_leftovers,
    write_json,
    write_text,
    writing,
)

# What a start that was cut short leaves behind: nothing was trained, so a run may begin over it.
_BEGINNINGS = {lock.LOCK, "samples", "model.json", "run.json", "log.txt"}


class RunFolder:
    """A folder made by a training run.

    Every file in it is either whole or not there, whenever the process that writes it is killed.

    Attributes:
        path: The folder.
        recipe_path: `recipe.yaml`, the resolved recipe; written last, so that it marks a run.
        facts_path: `run.json`: versions, machine, command, data; what a reader needs to repeat it.
        metrics_path: `metrics.jsonl`, one line of losses for a number of iterations.
        samples: `samples/`, grids of translated test images named by iteration.
        checkpoints: `checkpoints/`.
    """

    def __init__(self, path: str | Path):
        """Names the parts; nothing is made or read."""
        self._numbered: tuple[Path, str] | None = None
        self._place(Path(path))

    def _place(self, path: Path) -> None:
        self.path = path
        self.recipe_path = self.path / "recipe.yaml"
        self.facts_path = self.path / "run.json"
        self.metrics_path = self.path / "metrics.jsonl"
        self.page_path = self.path / "index.html"
        self.log_path = self.path / "log.txt"
        self.samples = self.path / "samples"
        self.checkpoints = self.path / "checkpoints"

    @classmethod
    def next_numbered(cls, root: str | Path, description: str) -> "RunFolder":
        """The first free `<root>/<number>-<description>`, as `runs/00003-pix2pix-facades`.

        Nothing is written. `claim` takes the number, and the next one if it was taken meanwhile.
        """
        folder = cls(next_path(Path(root), description))
        folder._numbered = Path(root), description
        return folder

    @property
    def exists(self) -> bool:
        """Whether a run has started here."""
        return self.recipe_path.exists() or any(self.checkpoints.glob("step-*.npz"))

    @property
    def is_free(self) -> bool:
        """Whether a new run may begin here: there is at most what a start that was cut short left.

        Output that a caller redirected into it (`*.out`) may be there too.
        """
        if not self.path.exists():
            return True
        return self.path.is_dir() and all(
            entry.name in _BEGINNINGS or entry.suffix == ".out" or _is_leftover(entry)
            for entry in self.path.iterdir()
        )

    def check_places(self) -> None:
        """Looks for folders where the run's files belong, and for files where its folders do.

        Raises:
            RunError: There is one, which the message names, or the run's own name is not UTF-8.
        """
        try:
            str(self.path).encode()
        except UnicodeEncodeError:
            shown = str(self.path).encode("utf-8", "backslashreplace").decode()
            raise RunError(
                f"{shown} has a name that is not UTF-8, which a run's files could not hold: give "
                "another --run"
            ) from None
        files = (self.recipe_path, self.facts_path, self.metrics_path, self.page_path)
        more = (self.log_path, self.path / "model.json", self.path / lock.LOCK)
        for path in (*files, *more, *self.samples.glob("*.png")):
            refuse_folder(path, RunError)
        for path in (self.path, self.samples, self.checkpoints, self.path / "tensorboard"):
            refuse_file(path, RunError)

    def claim(self) -> None:
        """Makes the folder and holds it for this process, until `release` or the process ends.

        Raises:
            RunError: Another process holds it, it cannot be written, or something else lies where
                the run's files belong.
        """
        self.check_places()
        with writing(self.path, RunError):
            if self._numbered is None:
                self.path.mkdir(parents=True, exist_ok=True)
            else:
                self._place(take_path(*self._numbered))
                self._numbered = None
            lock.hold(self.path)
        remove_leftovers(self.path)
        remove_leftovers(self.samples)

    def release(self) -> None:
        """Lets other processes go on with the run."""
        lock.release(self.path)

    def create(self, recipe: Recipe, facts: dict[str, Any]) -> None:
        """Describes a new run in the folder, which is made if needed.

        Raises:
            RunError: If the folder cannot be written.
        """
        make_folder(self.samples, RunError)
        text = recipe.to_yaml()
        self.write_facts({**facts, "recipe_sha256": hashlib.sha256(text.encode()).hexdigest()})
        write_text(self.recipe_path, text, RunError)

    def write_facts(self, facts: dict[str, Any]) -> None:
        """Replaces `run.json`."""
        write_json(self.facts_path, facts, RunError)

    def recipe(self) -> Recipe:
        """The resolved recipe.

        Raises:
            RunError: This is not a run folder, or the file is damaged; the message says how to go
                on.
        """
        if not self.exists:
            raise RunError(f"{self.path} is not a run folder: it has no {self.recipe_path.name}")
        try:
            return self.written_recipe()
        except RunError as error:
            command = "tfi2i train VARIANT ..."
            with contextlib.suppress(RunError, KeyError):
                begun = str(self.facts()["command"])
                # A start that was cut short may have been begun anew by --resume.
                command = command if "--resume" in begun else begun
            raise RunError(
                f"{error}. To go on with the run, give the command that began it, with --run "
                f"{self.path}: {command}"
            ) from None

    def written_recipe(self) -> Recipe:
        """The same, where an error needs no advice.

        Raises:
            RunError: The file is gone or damaged.
        """
        refuse_folder(self.recipe_path, RunError)
        try:
            whole = self.recipe_path.read_bytes().endswith(b"\n")
            recipe = load_recipe(self.recipe_path)
        except OSError as error:
            raise RunError(f"cannot read {self.recipe_path}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise RunError(f"{self.recipe_path} is damaged: {error}") from None
        if not whole:
            raise RunError(f"{self.recipe_path} is cut off")
        # What the version that wrote it did not know yet had what is the default now.
        defaults = dataclasses.asdict(TrainSettings())
        return Recipe(recipe.variant, train=defaults).changed_by(recipe)

    def facts(self) -> dict[str, Any]:
        """What `create` wrote about the run.

        Raises:
            RunError: If this is not a run folder, or the file is damaged.
        """
        if not self.facts_path.exists():
            raise RunError(f"{self.path} is not a run folder: it has no {self.facts_path.name}")
        return read_json(self.facts_path, RunError)

    def metrics(self) -> list[dict[str, float]]:
        """The lines of losses in `metrics.jsonl`, as far as they are whole; none without the file.

        Raises:
            RunError: It is a folder.
        """
        return [line for line in self._lines() if not is_figures(line)]

    def figures(self) -> list[dict[str, float]]:
        """The lines of figures in `metrics.jsonl`: what `train.evaluate_every` measured.

        Raises:
            RunError: It is a folder.
        """
        return [line for line in self._lines() if is_figures(line)]

    def _lines(self) -> list[dict[str, float]]:
        refuse_folder(self.metrics_path, RunError)
        return read_metrics(self.metrics_path)

    def record(self, iteration: int) -> dict[str, Any]:
        """The basis of figures measured on this run: its facts, and its last line of losses.

        Args:
            iteration: Of the checkpoint that was measured.

        Raises:
            RunError: If this is not a run folder.
        """
        lines = [line for line in self.metrics() if line["iteration"] <= iteration]
        last = lines[-1] if lines else None
        return {**self.facts(), "iteration": iteration, "last_log": last}

    def forget_after(self, iteration: int) -> None:
        """Drops what a killed process logged past the checkpoint that the run resumes from."""
        kept = [line for line in self._lines() if line["iteration"] <= iteration]
        write_metrics(self.metrics_path, kept)
        for sample in self.samples.glob("*.png"):
            if sample.stem.isdigit() and int(sample.stem) > iteration:
                with writing(sample, RunError):
                    sample.unlink()


def _is_leftover(path: Path) -> bool:
    return path.name.startswith(".") and path.suffix == ".tmp"
