"""What the arms of a plan compute first: figures hold for code that still computes the same.

A digest of the source would ask for hours of training after a renamed variable, and a digest of the
recipe alone would not notice a changed loss. So `results.json` keeps, beside the figures, the
losses of each arm's first two iterations. They follow from the images as they are decoded and
cropped, the initial weights, the networks, every term of the objective and one update of each
player. They say nothing of what comes later: schedules, running averages, and the figures' own
code. An arm with `first_losses_commit` has losses of that commit, which is later than its figures.

    python -m tfi2i.evidence.first_losses cyclegan            # computes them and compares
    python -m tfi2i.evidence.first_losses                     # the same for all that is measured
"""

import itertools
import math
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfi2i.evidence.plans import Plan, arm_recipe, load_plan
from tfi2i.zoo.catalogue import Variant, find_variant, variants

if TYPE_CHECKING:
    from tfi2i.recipe import Recipe

Losses = list[dict[str, float]]

ITERATIONS = 2
SEED = 0
# Processors add up in different orders; a real change of the training changes a loss by more.
TOLERANCE = 2e-3


def first_losses(recipe: "Recipe", variant_class: type) -> Losses:
    """Computes the losses of the first iterations, in float32, with seed 0 and the real images.

    Args:
        recipe: Recipe of an arm, resolved or not.
        variant_class: The class that it names.

    Returns:
        For each iteration, the logs of `train_step` by name.

    Raises:
        DataError: If the images are not there.
    """
    import keras

    from tfi2i.data import training_batches
    from tfi2i.training import RunFolder
    from tfi2i.training.run.training import Training

    changes = [f"train.seed={SEED}", "train.precision=float32"]
    recipe = recipe.with_overrides(changes).resolve(variant_class)
    arguments = recipe.arguments_for("data", training_batches)
    with tempfile.TemporaryDirectory() as folder:
        training = Training(recipe, variant_class, RunFolder(Path(folder) / "run"))
        batches = training_batches(**{**arguments, "source": training.source}, seed=SEED)
        # Not through `fit`: two iterations are over before their graph would have been traced.
        found = [
            {
                name: float(keras.ops.convert_to_numpy(value))
                for name, value in training.model.train_step(batch).items()
            }
            for batch in itertools.islice(batches, ITERATIONS)
        ]
    return found


def arm_losses(variant: Variant, plan: Plan, arm: str) -> Losses:
    """`first_losses` of one arm of a plan."""
    trained, recipe = arm_recipe(variant, plan, arm)
    return first_losses(recipe, trained.load_class())


def changed_losses(measured: Losses, now: Losses) -> list[str]:
    """What differs between the losses that figures were measured with and those of today.

    Returns:
        Such as: `iteration 1 cycle_loss: 0.9405 -> 0.8127`; empty where they agree.
    """
    return [
        f"iteration {number} {name}: {old.get(name)} -> {new.get(name)}"
        for number, (old, new) in enumerate(itertools.zip_longest(measured, now, fillvalue={}), 1)
        for name in sorted({*old, *new})
        if not _agree(old.get(name), new.get(name))
    ]


def _agree(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return False
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=1e-5)


def _measured(names: list[str]) -> Iterator[tuple[Variant, Plan, Mapping[str, Any]]]:
    for variant in map(find_variant, names) if names else variants():
        for name in variant.plans:
            results = variant.results(name)
            if results is not None:
                yield variant, load_plan(variant, name), results


def main(names: list[str]) -> int:
    """Compares every measured arm of the named variants, or of all; 1 if one has changed."""
    import keras

    stale = 0
    for variant, plan, results in _measured(names):
        for arm, measured in results["arms"].items():
            if measured["first_losses"] is None:
                print(f"{variant.name}, {plan.name}, {arm}: measured before losses were kept")
                continue
            changes = changed_losses(measured["first_losses"], arm_losses(variant, plan, arm))
            stale += bool(changes)
            keras.backend.clear_session()
            print(f"{variant.name}, {plan.name}, {arm}: {'; '.join(changes) or 'as measured'}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
