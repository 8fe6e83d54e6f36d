"""Whatever stands in a recipe: a run as it says, or one line of words."""

import math
import time
import types
from typing import get_args

import pytest

from tfi2i.errors import RecipeError
from tfi2i.recipe import SECTIONS, Recipe, load_recipe, section_parameters
from tfi2i.recipe_values import checked_value, range_of, shown
from tfi2i.zoo.catalogue import find_variant, variants

WRONG = (
    None, True, -1, 0, 1, 10**9, 10**30, 16**5000, -0.5, 0.5, 1.5, 1e39, math.nan, math.inf, "",
    "many", "x" * 10_000, "nul\0", [], [[]], [None], ["x"] * 10_000, {}, {"a": 1}, {1: {2: 3}},
)  # fmt: skip
LONGEST = 600


def keys_of(name: str) -> dict[tuple[str, str], object]:
    tables = section_parameters(find_variant(name).load_class())
    return {(s, key): p.annotation for s, table in tables.items() for key, p in table.items()}


def kinds_of(annotation) -> tuple:
    return get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)


everyone = pytest.mark.parametrize("name", [variant.name for variant in variants()])


@everyone
def test_every_number_of_every_recipe_has_a_range(name):
    numbers = {
        key
        for (_, key), annotation in keys_of(name).items()
        if {int, float} & set(kinds_of(annotation))
    }
    assert numbers and not [key for key in numbers if range_of(key) is None]


@everyone
@pytest.mark.fault("R11")
def test_any_value_of_any_key_is_taken_or_refused_in_one_line(name):
    variant_class = find_variant(name).load_class()
    refused = 0
    for section, key in keys_of(name):
        for value in WRONG:
            tables = {"model": {}, "data": {"source": "photos"}, "train": {}}
            tables[section][key] = value
            try:
                resolved = Recipe(name, **tables).resolve(variant_class)
            except RecipeError as error:
                words = str(error)
                assert f"{section}.{key} " in words or "train.decay_epochs" in words
                assert "\n" not in words and len(words) <= LONGEST
                refused += 1
            else:
                stands = getattr(resolved, section)[key]
                assert stands in (value, None) or stands == float(value)  # type: ignore[arg-type]
    # No key takes more than a third of these.
    assert refused >= len(keys_of(name)) * len(WRONG) * 2 / 3


@pytest.mark.parametrize(
    ("key", "annotation", "taken", "refused"),
    [
        ("train.epochs", int, [1, 10**6], [0, 10**6 + 1, 2.0, True, None, "2"]),
        ("train.checkpoint_every", int | None, [None, 1], [0, 1.5, "null"]),
        ("train.ema_decay", float | None, [None, 0, 0.999], [1, 2, -0.1, math.nan, False]),
        ("train.generator_learning_rate", float, [2e-4, 1, 1e30], [0, -1e-4, math.inf, 10**400]),
        ("train.steps_per_execution", int, [10_000], [10**9]),
        ("model.l1_weight", float, [0, 100], [-1, "100", None]),
        ("model.domains", tuple[str, ...], [[], ["x", "y"]], ["xy", [1], {"x": 1}]),
        ("data.flip", bool, [True, False], [0, 1, "yes", None]),
        ("data.source", str, ["photos"], ["", None, 5, ["photos"], "a\0b"]),
    ],
)
def test_types_and_ranges(key, annotation, taken, refused):
    for value in taken:
        result = checked_value(key, value, annotation)
        assert result == value
        assert isinstance(result, float) or float not in kinds_of(annotation) or value is None
    for value in refused:
        with pytest.raises(RecipeError, match=key):
            checked_value(key, value, annotation)


def test_a_message_says_what_the_key_takes():
    with pytest.raises(RecipeError) as told:
        checked_value("train.ema_decay", 2, float | None)
    assert str(told.value) == ("train.ema_decay must be a number from 0 to below 1 or null, got 2")
    assert shown([1] * 5) == "a list of 5" and shown(16**500).startswith("a number of more")


# YAML that is small and means harm, or a slip.
FILES = {
    "latin": ("variant: café".encode("latin-1"), "not UTF-8"),
    "binary": (bytes(range(256)), "not UTF-8"),
    "control": (b"variant: a\x07b", "not valid YAML"),
    "bomb": (
        b"a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n, n, b"*%c, " % (n - 1) * 9) for n in b"bcdefghi"),
        "anchors are refused",
    ),
    "deep": (b"variant: " + b"[" * 3000 + b"]" * 3000, "too deep"),
    "deep tables": (b"".join(b" " * n + b"a:\n" for n in range(300)), "too deep"),
    "date": (b"variant: 2024-13-45", "no variant is called"),
    "real date": (b"variant: 2024-12-05", "no variant is called"),
    "twice": (b"variant: pix2pix\nmodel: {depth: 3}\nmodel: {depth: 4}", "'model' is there twice"),
    "twice within": (b"variant: pix2pix\nmodel: {depth: 3, depth: 4}", "'depth' is there twice"),
    "no text": (b"variant: [pix2pix]", "variant must be text, got a list of 1"),
    "null": (b"variant:", "variant must be text, got null"),
    "number": (b"variant: pix2pix\nmodel: {3: 4}", "a key must be text, got 3"),
    "tag": (b"variant: !!binary x", "tags are refused"),
    "python": (b"variant: !!python/object/apply:os.system [ls]", "tags are refused"),
    "long number": (b"variant: pix2pix\nmodel: {depth: 1" + b"0" * 5000 + b"}", "not valid YAML"),
    "empty number": (b"variant: pix2pix\nmodel: {depth: 0b_}", "not valid YAML"),
    "two": (b"variant: a\n---\nvariant: b", "not valid YAML"),
    "large": (b"# " + b"x" * 200_000, "larger than 100,000 bytes"),
    "list": (b"- variant", "is not a recipe"),
    "empty": (b"", "is not a recipe"),
    "long key": (b"variant: pix2pix\n" + b"k" * 900 + b": 1", "unknown section 'kkk"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.fault("R11", "18")
def test_a_harmful_file_is_one_short_line(name, tmp_path):
    content, message = FILES[name]
    path = tmp_path / "r.yaml"
    path.write_bytes(content)
    start = time.monotonic()
    with pytest.raises(RecipeError, match=message) as told:
        find_variant(load_recipe(path).variant)
    assert time.monotonic() - start < 2
    words = str(told.value).replace(str(tmp_path), "")
    assert "\n" not in words and len(words) <= LONGEST


@pytest.mark.parametrize(
    "override",
    ["model.filters=[", "model.filters=&a 3", "model.filters=" + "[" * 3000, "x" * 10_000,
     "model." + "k" * 5000 + "=1", "model.filters=1" + "0" * 5000, "model.depth={a: 1, a: 2}"],
)  # fmt: skip
@pytest.mark.fault("R11")
def test_a_harmful_override_is_one_short_line(override):
    pix2pix = find_variant("pix2pix").load_class()
    with pytest.raises(RecipeError) as told:
        Recipe("pix2pix", data={"source": "x"}).with_overrides([override]).resolve(pix2pix)
    assert "\n" not in str(told.value) and len(str(told.value)) <= 2 * LONGEST


def test_every_shipped_recipe_and_arm_stays_within_the_ranges():
    from tfi2i.evidence.reproduce import arm_variant, load_plan

    for variant in variants():
        for plan in (load_plan(variant, name) for name in variant.plans):
            for arm in plan.arms.values():
                name, overrides = arm_variant(variant.name, arm)
                trained = find_variant(name)
                recipe = load_recipe(trained.recipe_path(plan.recipe)).with_overrides(overrides)
                resolved = recipe.resolve(trained.load_class())
                assert set(SECTIONS) <= set(vars(resolved))
