"""Recipes at the published size: the networks are built as they stand there, and take a step.

On as few images as an iteration takes, which is all that a test can wait for.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.recipe import load_recipe
from tfi2i.zoo.catalogue import find_variant, variants
from tiny_models import batch_specs

PUBLISHED = [
    (variant.name, recipe)
    for variant in variants()
    for recipe in variant.recipes
    if recipe.startswith(("paper", "full"))
]


def batch_for(model, recipe):
    smallest = max(model.smallest_batch, model.mini_batch_count)
    while smallest % model.mini_batch_count:
        smallest += 1
    parts = []
    for number, spec in enumerate(batch_specs(model, recipe.data["crop_size"], smallest)):
        if spec.dtype == tf.int32:
            parts.append(tf.range(smallest) % 2)
        else:
            parts.append(tf.random.stateless_uniform(spec.shape, (0, number), -1.0, 1.0))
    return tuple(parts) if len(parts) > 1 else parts[0]


@pytest.mark.parametrize(("name", "recipe_name"), PUBLISHED)
def test_the_published_networks_take_a_step(name, recipe_name):
    variant = find_variant(name)
    variant_class = variant.load_class()
    recipe = load_recipe(variant.recipe_path(recipe_name)).resolve(variant_class)
    config = recipe.model_config(variant_class)
    if "domains" in config and not config["domains"]:
        config["domains"] = ["x", "y"]
    model = variant_class(**config)
    model.compile(**recipe.arguments_for("train", variant_class.compile))
    before = {name: np.array(value) for name, value in model.network_state().items()}
    logs = model.train_step(batch_for(model, recipe))
    assert all(np.isfinite(keras.ops.convert_to_numpy(value)).all() for value in logs.values())
    after = {name: np.array(value) for name, value in model.network_state().items()}
    assert after["iteration"] == 1
    assert all(np.isfinite(value).all() for value in after.values())
    trained = [v for player in model.players.values() for v in player.variables]
    moved = [v for v in trained if not np.array_equal(before[_name(model, v)], v.numpy())]
    assert len(moved) > len(trained) / 2


def _name(model, variable) -> str:
    return next(name for name, one in model.network_state().items() if one is variable)
