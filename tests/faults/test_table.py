"""The table of faults, docs/reliability.md, names tests that are there and is as they left it."""

import re
from pathlib import Path

from tools.faults.marked import marked_tests
from tools.faults.outcomes import kept
from tools.faults.rows import ROWS
from tools.faults.table import PAGE, page

ROOT = Path(__file__).parents[2]


def test_every_number_is_a_row_and_every_row_is_shown():
    numbers = [row.number for row in ROWS]
    assert len(set(numbers)) == len(numbers)
    shown = {number for rows in marked_tests().values() for number in rows}
    assert shown <= set(numbers)
    assert set(numbers) - shown == {row.number for row in ROWS if row.elsewhere}


def test_the_page_is_that_of_the_outcomes_and_names_tests_that_exist():
    marked = marked_tests()
    assert PAGE.read_text(encoding="utf-8") == page(marked, kept()), "make faults"
    for file, test in re.findall(r"`([\w/]+\.py)::([\w:]+)`", PAGE.read_text(encoding="utf-8")):
        function = test.rpartition("::")[2]
        assert f"def {function}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


def test_no_row_falls_short():
    results = PAGE.read_text(encoding="utf-8")
    assert "falls short" not in results and "no test" not in results
