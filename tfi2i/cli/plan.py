"""From the words of a `train` command to a checked recipe, a class and a folder."""

import dataclasses
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tfi2i.errors import RecipeError, RunError
from tfi2i.recipe import Recipe, load_recipe, section_parameters

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import GAN, RunFolder
    from tfi2i.training.run.preparation import Preparation
    from tfi2i.training.run.start import Start
    from tfi2i.zoo.catalogue import Variant


@dataclass(frozen=True)
class Plan:
    """What a `train` command asks for; nothing is written or built yet.

    Attributes:
        recipe: The resolved recipe.
        recipe_words: Which recipe it is, and how it was adapted to the images.
        variant_class: The class that it trains.
        folder: Of the run.
        source: The images, where they are open already.
    """

    recipe: Recipe
    recipe_words: str
    variant_class: "type[GAN]"
    folder: "RunFolder"
    source: "DataSource | None" = None

    def rehearse(self) -> "tuple[Preparation, Start | None]":
        """Makes everything that a run makes before it writes.

        Returns:
            The images and the model; and what a new run begins from by `train.start_from`.

        Raises:
            Tfi2iError: What the run would raise.
        """
        import tensorflow as tf

        from tfi2i.training.run.preparation import prepare
        from tfi2i.training.run.resuming import check_resumable, planned_epochs
        from tfi2i.training.run.start import begin_from
        from tfi2i.training.schedule import lengthened_in_words
        from tfi2i.training.strategy import expected_replicas

        self.folder.check_places()
        prepared = prepare(
            self.recipe,
            self.variant_class,
            strategy=tf.distribute.get_strategy(),
            replicas=expected_replicas(self.recipe.train["strategy"]),
            source=self.source,
        )
        start = None
        if self.goes_on:
            images = prepared.source
            facts = {"data": images.description, "data_fingerprint": images.fingerprint}
            check_resumable(self.folder, self.recipe, facts)
            words = lengthened_in_words(
                before=planned_epochs(self.folder),
                settings=self.recipe.train_settings(),
                trained=self._trained_iterations / prepared.steps_per_epoch,
            )
            if words:
                warnings.warn(words, stacklevel=2)
        elif self.recipe.train["start_from"] is not None:
            start = begin_from(prepared.model, self.recipe.train["start_from"])
        return prepared, start

    @property
    def goes_on(self) -> bool:
        """Whether there is training in the folder to go on with."""
        return self._trained_iterations > 0

    @property
    def _trained_iterations(self) -> int:
        from tfi2i.training.files.checkpoints import Checkpoints, iteration_of

        newest = Checkpoints(self.folder.checkpoints).newest()
        return 0 if newest is None else iteration_of(newest)


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
        recipe_name: One of the variant's recipes, a YAML file, or None for the published recipe,
            cut to the images.
        data: Settings of the section `data` that options stand for.
        overrides: `section.key=value` texts; they win over all else.
        run: The run folder, or None for a numbered one.
        runs: Where numbered folders are.

    Raises:
        RecipeError: There is a mistake in one of the words.
        DataError: No recipe is named, and the images cannot be used as asked.
        RunError: `run` is a folder with something else in it.
    """
    from tfi2i.training.run.published import cut_to_images
    from tfi2i.zoo.catalogue import find_variant

    variant = find_variant(variant_name)
    written = _read_recipe(variant, recipe_name or variant.published_recipe)
    asked = Recipe(variant.name, data=data).with_overrides(overrides)
    given = asked if recipe_name is None else written.changed_by(asked)
    if "source" not in given.data:
        raise RecipeError(
            "say which images to train on: --data FOLDER, or --data earth:shadedrelief-etopo1 for "
            "the built-in maps"
        )
    variant_class = variant.load_class()
    given = _with_absolute_paths(given, variant_class)
    folder = _choose_folder(given, run, runs)
    if recipe_name is None:
        recipe, changes, source = cut_to_images(written, given, variant_class)
        but_for = f" but for {' '.join(overrides)}" if overrides else ""
        words = "; ".join([f"{variant.published_recipe}, as published{but_for}", *changes])
    else:
        recipe, source, words = given.resolve(variant_class), None, recipe_name
    return Plan(recipe, words, variant_class, folder, source)


def _read_recipe(variant: "Variant", name: str) -> Recipe:
    is_file = name.endswith((".yaml", ".yml"))
    recipe = load_recipe(name if is_file else variant.recipe_path(name))
    if recipe.variant != variant.name:
        raise RecipeError(f"{name} is a recipe of {recipe.variant}, not of {variant.name}")
    return recipe


def plan_resume(path: Path, source: str | None = None, overrides: Sequence[str] = ()) -> Plan:
    """A run that goes on; its folder says everything, but for its length.

    Args:
        path: The folder.
        source: Where its images are now, if they were moved.
        overrides: Nothing, or `train.epochs=N` for a run that is to have more epochs.

    Raises:
        RecipeError: Another setting is to change.
        RunError: If the folder is not one of a run.
    """
    from tfi2i.training import RunFolder
    from tfi2i.zoo.catalogue import find_variant

    folder = RunFolder(path)
    written = folder.recipe()
    recipe = written.with_overrides(overrides)
    variant_class = find_variant(recipe.variant).load_class()
    if source is not None:
        recipe = dataclasses.replace(recipe, data={**recipe.data, "source": source})
        recipe = _with_absolute_paths(recipe, variant_class)
    recipe = recipe.resolve(variant_class)
    before, now = written.train.get("epochs"), recipe.train["epochs"]
    words = "of the run" if before == now else f"of the run, with train.epochs {before} -> {now}"
    return Plan(recipe, words, variant_class, folder)


def _with_absolute_paths(recipe: Recipe, variant_class: type) -> Recipe:
    """Lets a run be resumed from any working directory."""
    paths = [("data", "source"), ("train", "start_from")]
    style = section_parameters(variant_class)["model"].get("style")
    if style is not None and style.annotation is str:  # a file; elsewhere a form of a loss
        paths.append(("model", "style"))
    for section, key in paths:
        value = getattr(recipe, section).get(key)
        if isinstance(value, str) and os.path.exists(value):
            table = {**getattr(recipe, section), key: os.path.abspath(value)}
            recipe = dataclasses.replace(recipe, **{section: table})
    return recipe


def _choose_folder(recipe: Recipe, run: Path | None, runs: Path) -> "RunFolder":
    from tfi2i.training import RunFolder
    from tfi2i.training.run.training import run_description

    if run is None:
        return RunFolder.next_numbered(runs, run_description(recipe))
    folder = RunFolder(run)
    if not folder.exists and not folder.is_free:
        raise RunError(
            f"{run} exists and is not a run folder. Give a new or an empty folder, or leave --run "
            "out for a numbered one"
        )
    return folder
