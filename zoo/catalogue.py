"""What the zoo holds, read from its folders: there is no list to keep."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfi2i.errors import RecipeError, WeightsError, did_you_mean
from tfi2i.whole_files import read_json

if TYPE_CHECKING:
    from tfi2i.training import GAN

ZOO = Path(__file__).parent
# The plan behind a variant's results.json and its line in the zoo's table.
MAIN_PLAN = "reproduce"


@dataclass(frozen=True)
class Variant:
    """One folder of the zoo.

    Attributes:
        name: Name of the folder, as recipes have it.
        group: `generation`, `paired`, `unpaired`, `multidomain` or `style`.
        folder: Where its model, recipes, card, results and weights are.
    """

    name: str
    group: str
    folder: Path

    @property
    def title(self) -> str:
        """The first line of its model's docstring: name, paper, year."""
        first = (self.folder / "model.py").read_text(encoding="utf-8").split("\n", 1)[0]
        return first.strip('"')

    @property
    def preset_folders(self) -> list[Path]:
        """Folders of the trained generators that ship with it."""
        weights = self.folder / "weights"
        return sorted(p for p in weights.iterdir() if p.is_dir()) if weights.exists() else []

    @property
    def presets(self) -> list[str]:
        """Names of the trained generators that ship with it."""
        return [folder.name for folder in self.preset_folders]

    @property
    def recipes(self) -> list[str]:
        """Names of its recipes, `small` and full-size ones."""
        return sorted(p.stem for p in (self.folder / "recipes").glob("*.yaml"))

    def recipe_path(self, name: str) -> Path:
        """The file of one recipe.

        Raises:
            RecipeError: If there is none of this name.
        """
        if name not in self.recipes:
            raise RecipeError(f"{self.name} has no recipe {name[:60]!r}; it has {self.recipes}")
        return self.folder / "recipes" / f"{name}.yaml"

    @property
    def published_recipe(self) -> str:
        """The paper's recipe at its full size, or where no paper has one the full-size one."""
        paper = [name for name in self.recipes if name.startswith("paper")]
        full = [name for name in self.recipes if name.startswith("full")]
        return (paper + full)[0]

    @property
    def plans(self) -> list[str]:
        """Names of its plans of measurement: `reproduce`, the first, and any further ones."""
        names = (path.stem for path in self.folder.glob("*.yaml"))
        return sorted(names, key=lambda name: (name != MAIN_PLAN, name))

    def results_path(self, plan: str = MAIN_PLAN) -> Path:
        """The file that `tfi2i reproduce` writes for a plan."""
        return self.folder / ("results.json" if plan == MAIN_PLAN else f"results_{plan}.json")

    def results(self, plan: str = MAIN_PLAN) -> dict[str, Any] | None:
        """What `tfi2i reproduce` measured by a plan, or None if nobody has run it.

        Raises:
            Tfi2iError: If the file is damaged.
        """
        path = self.results_path(plan)
        return read_json(path) if path.exists() else None

    def load_class(self) -> "type[GAN]":
        """Imports the variant's class."""
        module = importlib.import_module(f"tfi2i.zoo.{self.group}.{self.name}")
        return getattr(module, module.__all__[0])


def variants() -> Iterator[Variant]:
    """All variants, by group and name."""
    for model in sorted(ZOO.glob("*/*/model.py")):
        yield Variant(model.parent.name, model.parent.parent.name, model.parent)


def find_variant(name: str) -> Variant:
    """The variant with a given name.

    Raises:
        RecipeError: There is none; the message lists the names there are.
    """
    known = {variant.name: variant for variant in variants()}
    if name not in known:
        raise RecipeError(
            f"no variant is called {name[:60]!r}; {did_you_mean(name, known)}the zoo has "
            f"{', '.join(known)}"
        )
    return known[name]


def load(folder: str | Path, *, checkpoint: int | str | None = None) -> "GAN":
    """Loads a model from a run folder, from a folder that `save` wrote, or from a preset's folder.

    Args:
        folder: The folder.
        checkpoint: Of a run: an iteration or `best`; None takes the newest.

    Raises:
        WeightsError: If the folder holds no model, or its weights were altered.
        RunError: If the run has no such checkpoint; the message lists those there are.
    """
    from tfi2i.training.files.model_facts import FACTS, read_model_facts
    from tfi2i.training.files.saving import load_model

    folder = Path(folder)
    try:
        variant = find_variant(read_model_facts(folder)["variant"])
    except RecipeError as error:
        raise WeightsError(f"{folder / FACTS}: {error}") from None
    return load_model(variant.load_class(), folder, checkpoint=checkpoint)


def from_preset(name: str) -> "GAN":
    """Loads trained generators: a preset that ships, a folder of one's own, or one on the hub.

    The discriminators are not part of a preset: they start untrained.

    Args:
        name: Of a preset (`tfi2i list` names them), of the folder of a saved model, or
            `hf://OWNER/REPO`.

    Raises:
        WeightsError: There is none of this name, or it was altered.
        MissingExtraError: It is on the hub, and `huggingface_hub` is not installed.
    """
    from tfi2i.training.files.trained import find_preset

    return load(find_preset(name))
