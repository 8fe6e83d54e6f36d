"""Imports point one way: from what uses to what is used, room by room, and never in a circle."""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# A room may import those that stand before it. `top` is the modules of tfi2i/ itself; a part of
# `top` that stands on others has a place of its own.
ORDER = (
    "top",
    "data",
    "recipe",
    "layers",
    "networks",
    "losses",
    "metrics",
    "inference",
    "training",
    "zoo",
    "importing",
    "export",
    "report",
    "evidence",
    "cli",
)
PLACED = {"tfi2i.recipe": "recipe", "tfi2i.__main__": "cli"}


@cache
def modules() -> dict[str, Path]:
    found = {}
    for folder, name in (("tfi2i", ""), ("zoo", "tfi2i."), ("export", "tfi2i.")):
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[name + ".".join(parts).removesuffix(".__init__")] = path
    return found


def room(module: str) -> str:
    first = (module.split(".") + [""])[1]
    return PLACED.get(module) or (first if first in ORDER else "top")


def imported(module: str) -> set[str]:
    """What a module imports, in functions too; what only type checkers read is left out."""
    found = set()

    def look(node: ast.AST) -> None:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            return
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in modules() else node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        for child in ast.iter_child_nodes(node):
            look(child)

    look(ast.parse(modules()[module].read_text(encoding="utf-8")))
    return (found & set(modules())) - {module}


@pytest.mark.parametrize("name", ORDER)
def test_no_room_imports_one_that_stands_on_it(name):
    own = [module for module in modules() if room(module) == name]
    assert own
    above = set(ORDER[ORDER.index(name) + 1 :])
    wrong = [f"{m} imports {o}" for m in own for o in imported(m) if room(o) in above]
    # `import tfi2i` names its public functions and imports them when they are used.
    assert not [line for line in wrong if not line.startswith("tfi2i imports")]


def test_what_variants_share_knows_none_of_them():
    """Not even by a name in a string."""
    for package in ("layers", "networks", "losses", "training", "data", "metrics"):
        paths = list((ROOT / "tfi2i" / package).rglob("*.py"))
        assert paths
        for path in paths:
            text = path.read_text(encoding="utf-8")
            assert "tfi2i.zoo" not in text and "tfi2i.export" not in text, path


def test_no_imports_go_in_a_circle():
    try:
        list(TopologicalSorter({m: imported(m) for m in modules()}).static_order())
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


STEPS = [p for p in ROOT.glob("zoo/*/*/model.py") if "def train_step" in p.read_text("utf-8")]


@pytest.mark.parametrize("path", STEPS, ids=lambda path: path.parent.name)
def test_the_algorithm_begins_on_the_first_screen(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    methods = [number for number, line in enumerate(lines, 1) if line.startswith("    def ")]
    assert lines[methods[0] - 1].startswith("    def train_step(") and methods[0] < 70
