"""Which tests run in one process, and in which order: what they share is made once.

A group is a file, and of tests/conformance a variant: its tests read the same trainings. Without
xdist (`-n 0`) the order is the same. What takes longest comes first, so that no worker is left
alone with it at the end.
"""

from collections.abc import Sequence

import pytest
from xdist.scheduler import LoadScopeScheduling

# Files of half a minute and more; the variants of tests/conformance come after them.
LONG = (
    "tests/test_published_recipes.py",
    "tests/test_cli.py",
    "tests/test_compare.py",
    "tests/test_resume.py",
    "tests/test_web_page.py",
    "tests/test_multiworker.py",
    "tests/test_notebook.py",
    "tests/test_cli_demo.py",
    "tests/test_mutants.py",
    "tests/test_serving.py",
)
CONTRACT = "tests/conformance/"


def group_of(nodeid: str) -> str:
    """The group that a test belongs to.

    >>> group_of("tests/test_losses.py::test_hinge[1-2]")
    'tests/test_losses.py'
    >>> group_of("tests/conformance/test_learning.py::test_trains_in_float16[dcgan]")
    'tests/conformance/[dcgan]'
    """
    file, _, test = nodeid.partition("::")
    _, bracket, parameter = test.partition("[")
    return CONTRACT + bracket + parameter if bracket and file.startswith(CONTRACT) else file


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """All tests, group by group."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        groups.setdefault(group_of(item.nodeid), []).append(item)

    def place(group: str) -> int:
        return LONG.index(group) if group in LONG else len(LONG) + (not group.startswith(CONTRACT))

    return [item for group in sorted(groups, key=place) for item in groups[group]]


class Groups(LoadScopeScheduling):
    """Gives a worker that has no more to do the next group."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
