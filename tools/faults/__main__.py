"""`python -m tools.faults [ARGUMENTS OF PYTEST]`: runs the tests that make faults happen."""

import sys

import pytest

from tfi2i.whole_files import write_text
from tools.faults.marked import ROOT, marked_tests
from tools.faults.outcomes import Noting, keep, kept
from tools.faults.table import PAGE, page


def main(arguments: list[str]) -> int:
    """Returns pytest's exit status."""
    marked = marked_tests()
    places = [one for one in arguments if one.startswith("tests/")]
    options = [one for one in arguments if one not in places]
    files = places or sorted({str(ROOT / name.partition("::")[0]) for name in marked})
    noting = Noting()
    status = pytest.main(["-m", "fault", *options, *files], [noting])
    found = {**kept(), **noting.outcomes}
    keep({name: one for name, one in found.items() if name in marked})
    write_text(PAGE, page(marked, kept()))
    return int(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
