"""Takes one step of recipes at their published size; run by test_published_recipes.py.

    python tests/published_steps.py VARIANT/RECIPE [...]

A process of its own: networks of this size leave gigabytes behind in the one that trained them.
"""

import sys

import keras
import numpy as np
import tensorflow as tf

from tfi2i.recipe import load_recipe
from tfi2i.zoo.catalogue import find_variant
from tiny_models import batch_specs


def take_a_step(name: str, recipe_name: str) -> None:
    """Builds the recipe's networks, takes a step on the fewest images that it takes, and looks."""
    variant = find_variant(name)
    variant_class = variant.load_class()
    recipe = load_recipe(variant.recipe_path(recipe_name)).resolve(variant_class)
    config = recipe.model_config(variant_class)
    for names in ("domains", "classes"):
        if names in config and not config[names]:
            config[names] = ["x", "y"]
    model = variant_class(**config)
    model.compile(**recipe.arguments_for("train", variant_class.make_players))
    # Where networks grow, all of them learn in the last stage.
    model.stage_number.assign(len(model.stages) - 1)
    names = {id(variable): key for key, variable in model.network_state().items()}
    before = {key: np.array(value) for key, value in model.network_state().items()}
    learning = [player for role, player in model.players.items() if not model.rests(role)]
    trained = [names[id(v)] for player in learning for v in player.variables]
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
    raise AssertionError(f"{name}: only {len(moved)} of {len(trained)} variables have moved")


def batch_for(model, recipe):
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


if __name__ == "__main__":
    for words in sys.argv[1:]:
        take_a_step(*words.split("/"))
        print("took a step:", words, flush=True)
