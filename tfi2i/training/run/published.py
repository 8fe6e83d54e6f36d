"""A published recipe, adapted to the images it trains on: `tfi2i train` takes it by default."""

import dataclasses
import statistics
from collections.abc import Collection, Mapping
from typing import Any

from tfi2i.data import DataSource
from tfi2i.image_sizes import sides_of, size_in_words
from tfi2i.recipe import CHANNELS, Recipe
from tfi2i.training.files.trained import Trained
from tfi2i.training.gan import GAN
from tfi2i.training.run.preparation import open_images
from tfi2i.training.run.start import find_start

# Every variant takes images of this side in its published form.
_SMALLEST_CROP = 64
# Of the section model: the images that are trained on decide, not those that were.
_OF_IMAGES = (*CHANNELS, "domains", "classes", "known_captions", "text_encoder")


def cut_to_images(
    published: Recipe, asked: Recipe, variant_class: type[GAN]
) -> tuple[Recipe, list[str], DataSource | None]:
    """Adapts size, batch and decay of a published recipe to the training that is asked for.

    The crop, and with it the size that images are loaded at, is halved while most training images
    are smaller, down to 64 px. A batch larger than the number of images becomes the largest one for
    which there are images. If other epochs are asked for, the same part of them decays. A training
    that begins from trained weights has their networks, losses and size. What the user asks for
    stays as it is.

    Args:
        published: The recipe as it is in its file.
        asked: What the user asks for: the images, and any other settings.
        variant_class: The variant's class.

    Returns:
        The resolved recipe, the changes in words, and the images, or None if they must be opened
        anew.

    Raises:
        DataError: If the images cannot be used as asked.
        RecipeError: If the user asks for what is no setting of the variant.
        WeightsError: If there are no such weights as the training begins from.
    """
    keys = {f"{one}.{key}" for one in ("model", "data", "train") for key in getattr(asked, one)}
    recipe, decay = _cut_decay(published, asked, variant_class)
    begun = []
    if recipe.train["start_from"] is not None:
        trained = find_start(recipe.train["start_from"], variant_class)
        recipe, begun = _as_trained(recipe, keys, trained)
        keys.add("data.crop_size")
    source = open_images(recipe, variant_class)
    recipe, batch = _cut_batch(recipe, keys, variant_class, source)
    recipe, size = _cut_size(recipe, keys, source)
    return recipe, [*size, *batch, *decay, *begun], None if size else source


def _as_trained(
    recipe: Recipe, asked: Collection[str], trained: Trained
) -> tuple[Recipe, list[str]]:
    config, words = trained.facts["config"], f"as {trained.name}"
    model = {
        key: config[key]
        for key in recipe.model
        if key in config and f"model.{key}" not in asked and key not in _OF_IMAGES
    }
    recipe, changes = _changed(recipe, "model", model, words)
    crop, load = sides_of(config.get("crop_size")), recipe.data["load_size"]
    if {"data.crop_size", "data.load_size"} & set(asked) or crop is None:
        return recipe, changes
    ratio = 1 if load is None else load / recipe.data["crop_size"]
    loaded = tuple(round(side * ratio) for side in crop)
    sizes = {"crop_size": _written(crop), "load_size": load and _written(loaded)}
    recipe, sized = _changed(recipe, "data", sizes, words)
    return recipe, [*changes, *sized]


def _written(sides: tuple[int, ...]) -> int | str:
    """A size as recipes have it."""
    return sides[0] if sides[0] == sides[-1] else size_in_words(sides)


def _cut_decay(
    published: Recipe, asked: Recipe, variant_class: type[GAN]
) -> tuple[Recipe, list[str]]:
    """Resolves the recipe; a decay longer than the epochs asked for would be refused there."""
    merged = published.changed_by(asked)
    decay = published.train.get("decay_epochs", 0)
    if not decay or "decay_epochs" in asked.train or "epochs" not in asked.train:
        return merged.resolve(variant_class), []
    short = dataclasses.replace(merged, train={**merged.train, "decay_epochs": 0})
    recipe = short.resolve(variant_class)
    epochs = recipe.train["epochs"]
    recipe = dataclasses.replace(recipe, train={**recipe.train, "decay_epochs": decay})
    new = round(epochs * decay / published.train["epochs"])
    return _changed(recipe, "train", {"decay_epochs": new}, f"{epochs} epochs")


def _cut_batch(
    recipe: Recipe, asked: Collection[str], variant_class: type[GAN], source: DataSource
) -> tuple[Recipe, list[str]]:
    train = source.splits["train"]
    images = max(len(train.a), len(train.b or train.a))
    if "data.batch_size" in asked or recipe.data["batch_size"] <= images:
        return recipe, []
    argument = variant_class.mini_batches
    parts = recipe.model[argument] if argument else 1
    batch = max(images // parts, 1) * parts
    return _changed(recipe, "data", {"batch_size": batch}, f"{images} training images")


def _cut_size(
    recipe: Recipe, asked: Collection[str], source: DataSource
) -> tuple[Recipe, list[str]]:
    if {"data.crop_size", "data.load_size"} & set(asked):
        return recipe, []
    published, load = recipe.data["crop_size"], recipe.data["load_size"]
    train = source.splits["train"]
    domains = [train.a] if train.b is None else [train.a, train.b]
    side = statistics.median(min(size) for images in domains for size in images.sizes)
    crop = published
    while crop > side and crop // 2 >= _SMALLEST_CROP:
        crop //= 2
    changed = {"crop_size": crop, "load_size": load and round(load * crop / published)}
    return _changed(recipe, "data", changed, f"most images are smaller than {published} px")


def _changed(
    recipe: Recipe, section: str, values: Mapping[str, Any], why: str
) -> tuple[Recipe, list[str]]:
    """The recipe with other values, and what changed in words."""
    table = getattr(recipe, section)
    new = {key: value for key, value in values.items() if table[key] != value}
    if not new:
        return recipe, []
    words = ", ".join(f"{section}.{key} {table[key]} -> {value}" for key, value in new.items())
    return dataclasses.replace(recipe, **{section: {**table, **new}}), [f"{words} ({why})"]
