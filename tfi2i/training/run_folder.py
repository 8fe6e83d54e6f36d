"""The folder of one run: what is needed to see, resume, use and explain it."""

import importlib.metadata
import json
import platform
import re
import sys
import time
from pathlib import Path
from typing import Any

from tfi2i.errors import RunError
from tfi2i.machine import available_cores, gpu_names, processor_name
from tfi2i.recipe import Recipe, load_recipe

PACKAGES = ("tfi2i", "tensorflow", "keras", "numpy", "Pillow")


class RunFolder:
    """A folder made by a training run.

    Attributes:
        path: The folder.
        recipe_path: `recipe.yaml`, the resolved recipe.
        facts_path: `run.json`: versions, machine, command, data; what a reader needs to repeat it.
        metrics_path: `metrics.jsonl`, one line of losses for every so many iterations.
        samples: `samples/`, grids of translated test images named by iteration.
        checkpoints: `checkpoints/`.
    """

    def __init__(self, path: str | Path):
        """Names the parts; nothing is made or read."""
        self.path = Path(path)
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

        Nothing is written.
        """
        root = Path(root)
        taken = root.iterdir() if root.is_dir() else ()
        numbers = [int(m[1]) for path in taken if (m := re.match(r"(\d{5})-", path.name))]
        slug = re.sub(r"[^\w.-]+", "-", description).strip("-")
        return cls(root / f"{max(numbers, default=-1) + 1:05d}-{slug}")

    @property
    def exists(self) -> bool:
        """Whether a run has started here."""
        return self.recipe_path.exists()

    def create(self, recipe: Recipe, facts: dict[str, Any]) -> None:
        """Makes the folder and describes the run in it.

        Raises:
            RunError: If the folder cannot be written.
        """
        try:
            self.samples.mkdir(parents=True, exist_ok=True)
            self.recipe_path.write_text(recipe.to_yaml(), encoding="utf-8")
            self.write_facts(facts)
        except OSError as error:
            raise RunError(f"cannot write the run folder {self.path}: {error.strerror}") from error

    def write_facts(self, facts: dict[str, Any]) -> None:
        """Replaces `run.json`."""
        self.facts_path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")

    def recipe(self) -> Recipe:
        """The resolved recipe.

        Raises:
            RunError: If this is not a run folder.
        """
        if not self.exists:
            raise RunError(f"{self.path} is not a run folder: it has no {self.recipe_path.name}")
        return load_recipe(self.recipe_path)

    def facts(self) -> dict[str, Any]:
        """What `create` wrote about the run.

        Raises:
            RunError: If this is not a run folder.
        """
        if not self.facts_path.exists():
            raise RunError(f"{self.path} is not a run folder: it has no {self.facts_path.name}")
        return json.loads(self.facts_path.read_text(encoding="utf-8"))

    def check_resumable(self, recipe: Recipe, facts: dict[str, Any]) -> None:
        """Compares a recipe and its data with those that the run began with.

        Raises:
            RunError: Listing the keys that differ, or saying that the images are not the same.
        """
        differences = self.recipe().differences(recipe)
        if differences:
            raise RunError(
                f"{self.path} was begun with another recipe ({'; '.join(differences)}). Resume it "
                "with its own, or start a new run in another folder"
            )
        begun = self.facts()
        if begun["data_fingerprint"] != facts["data_fingerprint"]:
            raise RunError(
                f"{self.path} was begun on other images ({begun['data']}) than those found now "
                f"({facts['data']}): restore them, or start a new run in another folder"
            )

    def metrics(self) -> list[dict[str, float]]:
        """All lines of `metrics.jsonl`; a last line cut by a kill is left out."""
        if not self.metrics_path.exists():
            return []
        lines = self.metrics_path.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def forget_after(self, iteration: int) -> None:
        """Drops what a killed process logged past the checkpoint that the run resumes from."""
        kept = [line for line in self.metrics() if line["iteration"] <= iteration]
        text = "".join(json.dumps(line) + "\n" for line in kept)
        self.metrics_path.write_text(text, encoding="utf-8")
        for sample in self.samples.glob("*.png"):
            if sample.stem.isdigit() and int(sample.stem) > iteration:
                sample.unlink()


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
