"""`tfi2i compare`: several variants under one budget, in one table and side by side in pictures.

Every variant trains the networks of one of its recipes, on the same images, at the same size, for
the same number of images, in a process of its own. It is measured on the same test images. Where a
size of generators is asked for, all generators are made as wide as that size needs.
"""

import functools
import json
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfi2i.data import DataSource, evaluation_arrays, open_source, steps_per_epoch
from tfi2i.errors import DataError, RecipeError, RunError
from tfi2i.evidence.results import summary
from tfi2i.evidence.trial import measured_run
from tfi2i.image_sizes import Size, size_in_words
from tfi2i.machine import describe_machine
from tfi2i.recipe import Recipe, load_recipe
from tfi2i.report.compare_page import write_compare_page
from tfi2i.report.compare_readme import write_compare_readme
from tfi2i.training.gan import GAN
from tfi2i.training.run.folder import RunFolder
from tfi2i.whole_files import refuse_file, refuse_folder, write_json
from tfi2i.zoo.catalogue import Variant, find_variant, load
from tfi2i.zoo.generation._base import generator_of
from tfi2i.zoo.translating import translator_of

SHOWN_IMAGES = 6
_RECIPE = "small"


@dataclass(frozen=True)
class Budget:
    """What all variants get in the same way.

    Attributes:
        data: A folder of images or a built-in source.
        size: Side of the training images in pixels, or (height, width).
        epochs: Passes over the training images; the last third brings the rates to zero.
        flip: Whether training images are mirrored at random; None: unless they are digits.
        channels: Of the images; None: 1 for digits alone and for music, else 3.
        generator_size: Approximate parameters of every generator; None leaves each as in its
            recipe.
    """

    data: str
    size: Size
    epochs: int
    flip: bool | None = None
    channels: int | None = None
    generator_size: int | None = None

    def settled(self) -> "Budget":
        """The same with every default filled in."""
        alone = self.data.startswith("digits:") and "-" not in self.data
        grey = alone or self.data.startswith("music:")
        return replace(
            self,
            flip=not self.data.startswith("digits:") if self.flip is None else self.flip,
            channels=(1 if grey else 3) if self.channels is None else self.channels,
        )

    def overrides(self, seed: int) -> list[str]:
        """The overrides that give a variant's recipe this budget."""
        return [
            f"data.source={json.dumps(self.data)}",
            f"data.load_size={size_in_words(self.size)}",
            f"data.crop_size={size_in_words(self.size)}",
            f"data.channels={self.channels}",
            f"data.flip={json.dumps(self.flip)}",
            f"train.epochs={self.epochs}",
            f"train.decay_epochs={self.epochs // 3}",
            f"train.sample_every={max(1, self.epochs // 5)}",
            f"train.seed={seed}",
        ]


@dataclass(frozen=True)
class _Entry:
    """A variant as it was named, its recipe and images; for each seed overrides and run folder."""

    name: str
    variant: Variant
    recipe: str
    source: DataSource
    overrides: dict[int, list[str]]
    folders: dict[int, RunFolder]


def compare(
    names: Sequence[str], budget: Budget, *, seeds: Sequence[int], out: Path, jobs: int = 1
) -> dict[str, Any]:
    """Trains, measures and shows several variants.

    Runs that are finished in `out` are not repeated: a stopped call goes on, and a variant can be
    added to a comparison.

    Args:
        names: Variants of the zoo that all translate images, or all draw them from noise, each with
            its `small` recipe; or `variant:recipe` for another one, so that one variant can be
            there several times.
        budget: What each of them gets.
        seeds: Each variant has one run for each of these.
        out: Folder for the runs, `compare.json`, `index.html` and `README.md`.
        jobs: Processes side by side; each gets its share of the processor's threads.

    Returns:
        The contents of `compare.json`: `data`, `budget`, the machine, and `variants`. Under the
        latter each name has what `tfi2i.evidence.results.summary` gives, with `images_seen`, the
        numbers of `parameters` and the `run` of the first seed.

    Raises:
        DataError: The images cannot serve a variant's kind of batch; this is found before any
            training.
        RecipeError: A variant is unknown, named twice, makes no images of others or of noise, makes
            them otherwise than the first, has no recipe, or its generator has no width to set.
        RunError: `out` holds a run with another budget, or pages that no comparison wrote.
        TrainingError: A run failed; its own message is in its log.
    """
    budget = budget.settled()
    if len(set(names)) != len(names):
        raise RecipeError(f"each variant can be named once, got {', '.join(names)}")
    _check_comparable(names)
    entries = [_enter(name, budget, seeds, out) for name in names]
    _check_pages(out)

    def run(entry: _Entry, seed: int) -> dict[str, Any]:
        record = measured_run(
            entry.folders[seed],
            [entry.variant.name, "--recipe", entry.recipe, *entry.overrides[seed]],
            label=f"{entry.name}, seed {seed}",
            jobs=jobs,
        )
        return {"arm": entry.name, "seed": seed, **record}

    planned = [(entry, seed) for entry in entries for seed in seeds]
    with ThreadPoolExecutor(jobs) as pool:
        records = list(pool.map(lambda one: run(*one), planned))

    drawn = _draws(entries[0].variant.load_class())
    pictures = _test_images(entries[0].source, budget.size, drawn=drawn)
    machine = describe_machine()
    results = {
        "data": entries[0].source.description,
        "budget": {key: value for key, value in asdict(budget).items() if key != "data"},
        **{key: machine[key] for key in ("command", "processor", "cores", "versions")},
        "variants": {},
    }
    for entry in entries:
        name = entry.name
        own = [record for record in records if record["arm"] == name]
        model = load(entry.folders[seeds[0]].path)
        results["variants"][name] = {**summary(own), **_cost(entry.folders[seeds[0]], own, model)}
        if "input" in pictures:
            pictures[name] = translator_of(model).translate_batch(pictures["input"])
        else:
            pictures[name] = generator_of(model).sample(SHOWN_IMAGES)
    write_json(out / "compare.json", results)
    write_compare_page(out / "index.html", results, pictures)
    write_compare_readme(out, results, pictures)
    return results


def _generator(model: GAN) -> keras.Model:
    """The network of a model's main view."""
    return next(iter(model.views.values())).network


def _cost(folder: RunFolder, records: list[dict[str, Any]], model: GAN) -> dict[str, Any]:
    return {
        "images_seen": records[0]["iterations"] * folder.recipe().data["batch_size"],
        "parameters": {
            "generator": int(_generator(model).count_params()),
            "all": sum(folder.facts()["parameters"].values()),
        },
        "run": str(folder.path),
    }


def _enter(name: str, budget: Budget, seeds: Sequence[int], out: Path) -> _Entry:
    variant_name, _, recipe_name = name.partition(":")
    variant, recipe_name = find_variant(variant_name), recipe_name or _RECIPE
    variant_class = variant.load_class()
    written = load_recipe(variant.recipe_path(recipe_name))
    source = open_source(
        budget.data,
        kind=variant_class.batch_kind,
        load_size=budget.size,
        channels=budget.channels or 3,
    )
    if "test" not in source.splits:
        raise DataError(f"{source.name} has no test images, on which variants are compared")
    paced = _paced(variant_class, written.resolve(variant_class), budget.epochs)
    overrides = {seed: [*budget.overrides(seed), *paced] for seed in seeds}
    if budget.generator_size is not None:
        resolved = written.with_overrides(overrides[seeds[0]]).resolve(variant_class)
        width = _width(variant_class, resolved, source, budget.generator_size)
        overrides = {seed: [*own, f"model.filters={width}"] for seed, own in overrides.items()}
    recipes = {
        seed: written.with_overrides(own).resolve(variant_class) for seed, own in overrides.items()
    }
    steps_per_epoch(source, recipes[seeds[0]].data["batch_size"])
    place = name.replace(":", "-")
    folders = {seed: _folder(out / f"{place}-seed{seed}", one) for seed, one in recipes.items()}
    return _Entry(name, variant, recipe_name, source, overrides, folders)


def _paced(variant_class: type[GAN], recipe: Recipe, epochs: int) -> list[str]:
    """Overrides that give the parts of a training their share of another number of epochs."""
    share = epochs / recipe.train["epochs"]
    lengths = {name: recipe.model[name] for name in variant_class.pace}
    return [
        f"model.{name}={max(1, round(length * share))}"
        for name, length in lengths.items()
        if length
    ]


def _width(variant_class: type[GAN], recipe: Recipe, source: DataSource, parameters: int) -> int:
    """The `model.filters` whose generator comes nearest to a number of parameters."""
    config = variant_class.completed_config(recipe.model_config(variant_class), source)
    if "filters" not in config:
        raise RecipeError(f"{recipe.variant} has no model.filters to set its generator's size by")

    @functools.cache
    def size(filters: int) -> int:
        model = variant_class(**{**config, "filters": filters})
        return int(_generator(model).count_params())

    def distance(filters: int) -> float:
        return abs(math.log(size(filters) / parameters))

    # Nearly all parameters are kernels, which grow with the square of the width.
    start = config["filters"]
    filters = max(1, round(start * math.sqrt(parameters / size(start))))
    while (nearer := min(max(1, filters - 1), filters, filters + 1, key=distance)) != filters:
        filters = nearer
    return filters


def _folder(path: Path, recipe: Recipe) -> RunFolder:
    """Where a run is; one that is there already must have had this budget."""
    folder = RunFolder(path)
    if folder.exists:
        differences = folder.recipe().differences(recipe)
        if differences:
            raise RunError(
                f"{folder.path} was trained with another budget ({'; '.join(differences)}): give "
                "another folder with --out"
            )
    return folder


def _check_pages(out: Path) -> None:
    refuse_file(out, RunError)
    for name in ("compare.json", "README.md", "index.html"):
        refuse_folder(out / name, RunError)
    pages = [out / name for name in ("README.md", "index.html") if (out / name).exists()]
    if pages and not (out / "compare.json").exists():
        raise RunError(
            f"{pages[0]} is there already and no comparison wrote it: name another folder"
        )


def _check_comparable(names: Sequence[str]) -> None:
    """Raises a RecipeError unless all variants translate, or all draw from noise."""
    ways = {}
    for name in names:
        variant_class = find_variant(name.partition(":")[0]).load_class()
        draws = _draws(variant_class)
        if not draws and not hasattr(variant_class, "translate_batch"):
            raise RecipeError(f"{name} makes one picture, and no images to compare")
        ways.setdefault("draws images from noise" if draws else "translates images", name)
    if len(ways) > 1:
        words = " and ".join(f"{name} {way}" for way, name in ways.items())
        raise RecipeError(f"{words}: compare those of one kind with each other")


def _draws(variant_class: type[GAN]) -> bool:
    """Whether it draws images from noise, perhaps of labels or captions."""
    return hasattr(variant_class, "decode")


def _test_images(source: DataSource, size: Size, *, drawn: bool) -> dict[str, np.ndarray]:
    """A few test images, with their truth where the source has one; `real` beside drawn ones."""
    a, b, _ = evaluation_arrays(source, size=size, limit=SHOWN_IMAGES)
    if drawn:
        return {"real": a}
    return {"input": a} if b is None or not source.aligned_test else {"input": a, "truth": b}
