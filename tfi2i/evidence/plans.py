"""Plans of measurement: the recipe, the claim and the arms that `tfi2i reproduce` trains."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from tfi2i.errors import RecipeError
from tfi2i.recipe import Recipe, load_recipe
from tfi2i.zoo.catalogue import MAIN_PLAN, Variant, find_variant

# Settings of a run on which no figure depends.
BESIDE_THE_FIGURES = frozenset(
    (
        "train.checkpoint_every",
        "train.keep_checkpoints",
        "train.sample_every",
        "train.samples",
        "train.sample_size",
    )
)


@dataclass(frozen=True)
class Plan:
    """A variant's `reproduce.yaml`, or another file of that form.

    Attributes:
        name: Name of the file, without `.yaml`.
        recipe: Name of the recipe that all arms share.
        arms: Name of an arm to its overrides; the first is the variant as it is meant.
        claim: What the paper, or the article, leads one to expect from the arms, in words.
        preset: The name under which the first arm's generator ships, or None.
        measures: Names of `tfi2i.evidence.measures` that the claim needs besides the usual figures.
    """

    name: str
    recipe: str
    arms: dict[str, list[str]]
    claim: str
    preset: str | None = None
    measures: tuple[str, ...] = ()


def load_plan(variant: Variant, name: str = MAIN_PLAN) -> Plan:
    """Reads a plan of a variant.

    Raises:
        RecipeError: The variant has no plan with this name.
    """
    path = variant.folder / f"{name}.yaml"
    if not path.exists():
        raise RecipeError(f"{variant.name} has no plan {name!r}; it has {variant.plans or 'none'}")
    return Plan(name, **yaml.safe_load(path.read_text(encoding="utf-8")))


def arm_variant(name: str, arm: Sequence[str]) -> tuple[str, list[str]]:
    """The variant that an arm trains, and its overrides.

    Args:
        name: Name of the variant whose plan it is.
        arm: Overrides; `variant=NAME` among them takes that variant's recipe of the plan's name.
    """
    key = "variant="
    named = [change.removeprefix(key) for change in arm if change.startswith(key)]
    return named[-1] if named else name, [c for c in arm if not c.startswith(key)]


def plan_settings(variant: Variant, plan: Plan) -> dict[str, dict[str, Any]]:
    """The resolved recipes that the arms change, by variant, as flat tables of `section.key`.

    Every default is filled in, and settings on which no figure depends are left out: figures hold
    while none of these values changes.
    """
    others = {arm_variant(variant.name, arm)[0] for arm in plan.arms.values()} - {variant.name}
    trained = [variant, *(find_variant(name) for name in sorted(others))]
    return {
        one.name: {
            key: value
            for key, value in _resolved(one, plan).flat().items()
            if key not in BESIDE_THE_FIGURES
        }
        for one in trained
    }


def _resolved(variant: Variant, plan: Plan) -> Recipe:
    return load_recipe(variant.recipe_path(plan.recipe)).resolve(variant.load_class())


def arm_recipe(variant: Variant, plan: Plan, arm: str) -> tuple[Variant, Recipe]:
    """The variant that an arm trains, and its recipe with the arm's overrides, not yet resolved."""
    name, overrides = arm_variant(variant.name, plan.arms[arm])
    trained = find_variant(name)
    return trained, load_recipe(trained.recipe_path(plan.recipe)).with_overrides(overrides)
