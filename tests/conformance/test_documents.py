"""What is written of every variant: recipes resolve, card and page of the zoo are true."""

from pathlib import Path

import pytest

from tfi2i.recipe import load_recipe
from tfi2i.zoo.catalogue import find_variant
from tiny_models import TINY

everyone = pytest.mark.parametrize("name", TINY, indirect=True)


@everyone
def test_every_recipe_of_the_variant_resolves(name):
    variant = find_variant(name)
    assert "small" in variant.recipes
    for recipe_name in variant.recipes:
        recipe = load_recipe(variant.recipe_path(recipe_name))
        assert recipe.variant == name
        resolved = recipe.resolve(variant.load_class())
        assert resolved.resolve(variant.load_class()) == resolved


@everyone
def test_the_card_shows_what_was_measured(name):
    """README.md carries the tables that the files of results give, to the letter."""
    from tfi2i.evidence.cards import results_section

    variant = find_variant(name)
    card = (variant.folder / "README.md").read_text(encoding="utf-8")
    assert variant.plans[0] == "reproduce"
    for plan in variant.plans:
        assert results_section(variant, plan) in card
        for walk in (variant.results(plan) or {}).get("walks", ()):
            assert (variant.folder / walk["file"]).stat().st_size <= 60 * 2**10


def test_the_page_of_the_zoo_shows_all_variants():
    from tfi2i.evidence.cards import zoo_section

    page = (Path(__file__).parents[2] / "docs/zoo.md").read_text(encoding="utf-8")
    assert zoo_section() in page
