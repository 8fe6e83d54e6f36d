"""From the words of a `train` command to a checked recipe, a class and a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfi2i.errors import RecipeError, RunError
from tfi2i.recipe import Recipe, load_recipe

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import GAN, RunFolder


@dataclass(frozen=True)
class Plan:
    """What a `train` command asks for; nothing is written or built yet."""

    recipe: Recipe
    variant_class: "type[GAN]"
    folder: "RunFolder"

    def check_data(self) -> "tuple[DataSource, int]":
        """Opens the images as the run would.

        Returns:
            The images, and the iterations of an epoch.

        Raises:
            DataError: As training would.
            RecipeError: If the recipe and the images do not fit together.
        """
        from tfi2i.data import open_source, steps_per_epoch, training_batches

        arguments = self.recipe.arguments_for("data", open_source)
        arguments["kind"] = arguments["kind"] or self.variant_class.batch_kind
        source = open_source(**arguments)
        steps = steps_per_epoch(source, self.recipe.data["batch_size"])
        arguments = self.recipe.arguments_for("data", training_batches)
        training_batches(**{**arguments, "source": source})
        self.variant_class.completed_config(self.recipe.model_config(self.variant_class), source)
        return source, steps


def plan_new(
    variant_name: str,
    recipe_name: str | None,
    *,
    data: dict[str, object],
    overrides: Sequence[str],
    run: Path | None,
    runs: Path,
) -> Plan:
    """A run that names its variant; it may have begun already in the folder `run`.

    Args:
        variant_name: Name of a variant of the zoo.
        recipe_name: One of the variant's recipes, a YAML file, or None for the class defaults.
        data: Settings of the section `data` that options stand for.
        overrides: `section.key=value` texts; they win over all else.
        run: The run folder, or None for a numbered one.
        runs: Where numbered folders are.

    Raises:
        RecipeError: For a slip in any of the words.
        RunError: If `run` is a folder of something else.
    """
    from tfi2i.zoo.catalogue import find_variant

    variant = find_variant(variant_name)
    recipe = Recipe(variant.name)
    if recipe_name is not None:
        is_file = recipe_name.endswith((".yaml", ".yml"))
        recipe = load_recipe(recipe_name if is_file else variant.recipe_path(recipe_name))
    if recipe.variant != variant.name:
        raise RecipeError(f"{recipe_name} is a recipe of {recipe.variant}, not of {variant.name}")
    recipe = Recipe(recipe.variant, recipe.model, {**recipe.data, **data}, recipe.train)
    recipe = recipe.with_overrides(overrides)
    if "source" not in recipe.data:
        raise RecipeError(
            "say which images to train on: --data FOLDER, or --data earth:shadedrelief-etopo1 for "
            "the built-in maps"
        )
    variant_class = variant.load_class()
    recipe = _with_absolute_source(recipe).resolve(variant_class)
    return Plan(recipe, variant_class, _choose_folder(recipe, run, runs))


def plan_resume(path: Path) -> Plan:
    """A run that goes on; its folder says all.

    Raises:
        RunError: If the folder is not one of a run.
    """
    from tfi2i.training import RunFolder
    from tfi2i.zoo.catalogue import find_variant

    folder = RunFolder(path)
    recipe = folder.recipe()
    variant_class = find_variant(recipe.variant).load_class()
    return Plan(recipe.resolve(variant_class), variant_class, folder)


def _with_absolute_source(recipe: Recipe) -> Recipe:
    """Lets a run be resumed from any working directory."""
    source = str(recipe.data["source"])
    if not Path(source).exists():
        return recipe
    data = {**recipe.data, "source": str(Path(source).absolute())}
    return Recipe(recipe.variant, recipe.model, data, recipe.train)


def _choose_folder(recipe: Recipe, run: Path | None, runs: Path) -> "RunFolder":
    from tfi2i.training import RunFolder
    from tfi2i.training.train import run_description

    if run is None:
        return RunFolder.next_numbered(runs, run_description(recipe))
    folder = RunFolder(run)
    if not folder.exists and not folder.is_free:
        raise RunError(
            f"{run} exists and is not a run folder. Give a new or an empty folder, or leave --run "
            "out for a numbered one"
        )
    return folder
