"""The folder of one run: what is needed to see, resume, use and explain it."""

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import platform
import re
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from tfi2i.data.fingerprint import is_known, same_images
from tfi2i.errors import RunError
from tfi2i.machine import available_cores, gpu_names, processor_name
from tfi2i.recipe import Recipe, TrainSettings, load_recipe
from tfi2i.training.run import lock
from tfi2i.training.run.metrics_file import is_figures, read_metrics, write_metrics
from tfi2i.whole_files import (
    read_json,
    refuse_file,
    refuse_folder,
    remove_leftovers,
    write_json,
    write_text,
)

PACKAGES = ("tfi2i", "tensorflow", "keras", "numpy", "Pillow")
# What a start that was cut short leaves behind: nothing was trained, so a run may begin over it.
_BEGINNINGS = {lock.LOCK, "samples", "model.json", "run.json", "log.txt"}
# What readers of run.json rely on.
_FACTS = {"data": str, "data_fingerprint": str, "parameters": dict}
# With another of these, the same values may be rounded in another order.
_ROUNDING = ("processor", "threads", "gpus", "versions", "replicas")


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
        root = Path(root)
        slug = re.sub(r"[^\w.-]+", "-", description).strip("-")
        folder = cls(_next_path(root, slug))
        folder._numbered = root, slug
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
            RunError: There is one; the message names it.
        """
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
        try:
            if self._numbered is None:
                self.path.mkdir(parents=True, exist_ok=True)
            else:
                self._take_number(*self._numbered)
            lock.hold(self.path)
            remove_leftovers(self.path)
        except OSError as error:
            raise self._cannot_write(error) from error

    def release(self) -> None:
        """Lets other processes go on with the run."""
        lock.release(self.path)

    def create(self, recipe: Recipe, facts: dict[str, Any]) -> None:
        """Describes a new run in the folder, which is made if needed.

        Raises:
            RunError: If the folder cannot be written.
        """
        try:
            self.samples.mkdir(parents=True, exist_ok=True)
            text = recipe.to_yaml()
            self.write_facts({**facts, "recipe_sha256": _sha256(text.encode())})
            write_text(self.recipe_path, text)
        except OSError as error:
            raise self._cannot_write(error) from error

    def write_facts(self, facts: dict[str, Any]) -> None:
        """Replaces `run.json`."""
        write_json(self.facts_path, facts)

    def recipe(self) -> Recipe:
        """The resolved recipe.

        Raises:
            RunError: This is not a run folder, or the file is damaged; the message says how to go
                on.
        """
        if not self.exists:
            raise RunError(f"{self.path} is not a run folder: it has no {self.recipe_path.name}")
        try:
            return self._written_recipe()
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

    def _written_recipe(self) -> Recipe:
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

    def check_resumable(self, recipe: Recipe, facts: dict[str, Any]) -> None:
        """Compares a recipe and its data with those that the run began with; writes nothing.

        A run may get more epochs. A warning names what cannot be compared because a file is damaged
        or gone.

        Raises:
            RunError: Keys differ (the message lists them), or the images are not the same.
        """
        readable = True
        try:
            written = self._written_recipe()
            differences = written.differences(recipe)
            if more_epochs(written, recipe):
                differences = [one for one in differences if not one.startswith("train.epochs: ")]
        except RunError as error:
            _warn(f"{error}; the run goes on with the settings given now")
            readable, differences = False, []
        # The same images may lie elsewhere now: their fingerprint tells, below.
        moved = [one for one in differences if one.startswith("data.source: ")]
        if differences != moved:
            raise RunError(
                f"{self.path} was begun with another recipe ({'; '.join(differences)}). Resume it "
                "with its own, or start a new run in another folder"
            )
        try:
            begun = _checked_facts(self.facts_path, self.facts())
        except RunError as error:
            if moved:
                raise RunError(
                    f"{error}: it cannot be told whether the images are those that the run began "
                    f"with, but for {moved[0]}. Put them back there"
                ) from None
            _warn(f"{error}; that the images are those that the run began with is not checked")
            return
        if not is_known(begun["data_fingerprint"]):
            raise RunError(
                f"{self.path} was begun with another version of tfi2i, whose fingerprint of the "
                f"images this one cannot read: go on with that version ({begun.get('versions')})"
            )
        if not same_images(begun["data_fingerprint"], facts["data_fingerprint"]):
            found = f"than those found now ({facts['data']})"
            if facts["data"] == begun["data"]:
                found = "than those found now, which have other names or other content"
            raise RunError(
                f"{self.path} was begun on other images ({begun['data']}) {found}: restore them, "
                "or start a new run in another folder"
            )
        style = begun.get("style_fingerprint")
        if style and facts.get("style_fingerprint") not in (None, style):
            raise RunError(
                f"{self.path} was begun with another style image: restore it, or start a new run "
                "in another folder"
            )
        noted = begun.get("recipe_sha256")
        if readable and noted and noted != _sha256(self.recipe_path.read_bytes()):
            _warn(f"{self.recipe_path} was changed since the run began")
        changed = [name for name in _ROUNDING if name in begun and name in facts]
        changed = [name for name in changed if begun[name] != facts[name]]
        if changed:
            _warn(
                f"the run goes on elsewhere ({', '.join(changed)} differ from run.json): it is the "
                "same run up to rounding, not bit for bit"
            )

    def mend(self, recipe: Recipe, facts: dict[str, Any]) -> None:
        """Writes anew what is damaged, gone, another place of the images, or another length.

        The run is one that `check_resumable` let through.

        Raises:
            RunError: If the folder cannot be written.
        """
        with contextlib.suppress(RunError):
            now, facts = facts, _checked_facts(self.facts_path, self.facts())
            written = self._written_recipe()
            if not written.differences(recipe):
                return
            facts = {**facts, "data": now["data"]}
            if more_epochs(written, recipe):
                change = {"epochs": [written.train["epochs"], recipe.train["epochs"]]}
                change |= {"command": now["command"], "started": now["started"]}
                facts["lengthened"] = [*facts.get("lengthened", []), change]
        self.create(recipe, facts)

    def planned_epochs(self) -> int | None:
        """How many epochs the run is to have; None if there is no run, or nobody can tell."""
        with contextlib.suppress(RunError, KeyError):
            return self._written_recipe().train["epochs"]
        return None

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
                sample.unlink()

    def _take_number(self, root: Path, slug: str) -> None:
        root.mkdir(parents=True, exist_ok=True)
        with lock.alone_in(root):
            while self._numbered is not None:
                self._place(_next_path(root, slug))
                try:
                    self.path.mkdir()
                except FileExistsError:  # where the lock does nothing
                    continue
                self._numbered = None

    def _cannot_write(self, error: OSError) -> RunError:
        return RunError(f"cannot write the run folder {self.path}: {error.strerror}")


def more_epochs(written: Recipe, asked: Recipe) -> bool:
    """Whether a run's recipe is asked for with more epochs than it was begun with."""
    return written.train.get("epochs", 0) < asked.train["epochs"]


def _next_path(root: Path, slug: str) -> Path:
    taken = root.iterdir() if root.is_dir() else ()
    numbers = [int(m[1]) for path in taken if (m := re.match(r"(\d{5})-", path.name))]
    return root / f"{max(numbers, default=-1) + 1:05d}-{slug}"


def _is_leftover(path: Path) -> bool:
    return path.name.startswith(".") and path.suffix == ".tmp"


def _checked_facts(path: Path, facts: dict[str, Any]) -> dict[str, Any]:
    for name, kind in _FACTS.items():
        if not isinstance(facts.get(name), kind):
            raise RunError(f"{path} is damaged, or of another version: it has no {name}")
    return facts


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=3)


def describe_machine() -> dict[str, Any]:
    """Versions, processor and command of this process, for `run.json` and `results.json`."""
    return {
        "command": " ".join(["tfi2i", *sys.argv[1:]]),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "processor": processor_name(),
        "cores": available_cores(),
        "gpus": gpu_names(),
    }
