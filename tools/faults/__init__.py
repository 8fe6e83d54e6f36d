"""The table of faults: what happens when they are made to happen, from a run of the tests.

Tests that make a fault happen bear its number, `@pytest.mark.fault("R8")`, wherever they are.
`python -m tools.faults` runs them, those of `tests/faults/long_*.py` too, which `make test` leaves
out. It writes the outcomes to `docs/reliability.json` and the table to `docs/reliability.md`. What
is given after it goes to pytest, so that some can be run alone: they replace earlier outcomes.

    python -m tools.faults tests/test_resume.py
"""
