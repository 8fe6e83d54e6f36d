"""Recipes at the published size: the networks are built as they stand there, and take a step.

On as few images as an iteration takes, which is all that a test can wait for.
"""

import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

from tfi2i.zoo.catalogue import variants

PUBLISHED = [
    (variant.group, f"{variant.name}/{recipe}")
    for variant in variants()
    for recipe in variant.recipes
    if recipe.startswith(("paper", "full"))
]
GROUPS = {group: [name for _, name in pairs] for group, pairs in groupby(PUBLISHED, lambda p: p[0])}


@pytest.mark.parametrize("group", GROUPS)
def test_the_published_networks_take_a_step(group):
    program = Path(__file__).parent / "published_steps.py"
    done = subprocess.run(
        [sys.executable, str(program), *GROUPS[group]], capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout.splitlines() == [f"took a step: {name}" for name in GROUPS[group]]


def test_every_variant_has_a_published_recipe():
    assert {name.split("/")[0] for _, name in PUBLISHED} == {variant.name for variant in variants()}
