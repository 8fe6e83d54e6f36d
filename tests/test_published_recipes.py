"""Recipes at the published size: the networks are built as they stand there, and take a step.

All that a recipe sets is as published. The step is taken with an eighth of the channels, which is
what a test can wait for, on as few images as an iteration takes: image size, depth, number of
blocks, updates and learning rates are the recipe's.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.recipe import Recipe, load_recipe
from tfi2i.training import GAN
from tfi2i.zoo.catalogue import find_variant, variants
from tiny_models import batch_specs

PUBLISHED = [
    (variant.name, recipe)
    for variant in variants()
    for recipe in variant.recipes
    if recipe.startswith(("paper", "full"))
]


@pytest.mark.parametrize(("name", "recipe_name"), PUBLISHED)
def test_the_published_networks_take_a_step(name, recipe_name):
    variant_class = find_variant(name).load_class()
    recipe = load_recipe(find_variant(name).recipe_path(recipe_name)).resolve(variant_class)
    config = recipe.model_config(variant_class)
    for names in ("domains", "classes"):
        if names in config and not config[names]:
            config[names] = ["x", "y"]
    widths = {key: config[key] for key in config if key.endswith(("filters", "units"))}
    published = sizes(variant_class(**config))

    model = variant_class(**{**config, **{key: width // 8 for key, width in widths.items()}})
    assert sizes(model) == published
    model.compile(**recipe.arguments_for("train", variant_class.make_players))
    take_a_step(model, recipe)


def sizes(model: GAN) -> dict[str, list[tuple]]:
    """Of all maps of every network, the channels aside."""
    return {
        network.name: [
            layer.output.shape[:-1]
            for layer in network.layers
            if isinstance(layer.output, keras.KerasTensor) and len(layer.output.shape) == 4
        ]
        for network in model.networks
        if isinstance(network, keras.Model)
    }


def take_a_step(model: GAN, recipe: Recipe) -> None:
    """Takes a step on the fewest images that it takes, and looks at what has moved."""
    # Where networks grow, all of them learn in the last stage.
    model.stage_number.assign(len(model.stages) - 1)
    names = {id(variable): key for key, variable in model.network_state().items()}
    before = {key: np.array(value) for key, value in model.network_state().items()}
    learning = [player for role, player in model.players.items() if not model.rests(role)]
    trained = [names[id(v)] for player in learning for v in player.variables]
    moved = []
    # Where residual blocks begin as the identity, what is inside of them waits for the second step.
    for iteration in (1, 2):
        logs = model.train_step(batch_for(model, recipe))
        assert all(np.isfinite(keras.ops.convert_to_numpy(value)).all() for value in logs.values())
        after = {key: np.array(value) for key, value in model.network_state().items()}
        assert after["iteration"] == iteration
        assert all(np.isfinite(value).all() for value in after.values())
        moved = [key for key in trained if not np.array_equal(before[key], after[key])]
        if len(moved) > len(trained) / 2:
            return
    raise AssertionError(f"only {len(moved)} of {len(trained)} variables have moved")


def batch_for(model: GAN, recipe: Recipe):
    """As few random images as an iteration takes."""
    count = model.mini_batch_count
    smallest = -(-max(model.smallest_batch, count) // count) * count
    parts = []
    for number, spec in enumerate(batch_specs(model, recipe.data["crop_size"], smallest)):
        if spec.dtype == tf.int32:
            parts.append(tf.range(smallest) % 2)
        else:
            parts.append(tf.random.stateless_uniform(spec.shape, (0, number), -1.0, 1.0))
    return tuple(parts) if len(parts) > 1 else parts[0]


def test_every_variant_has_a_published_recipe():
    assert {name for name, _ in PUBLISHED} == {variant.name for variant in variants()}
