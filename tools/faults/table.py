"""The page `docs/reliability.md`, from the rows and the outcomes."""

from tools.faults.marked import ROOT
from tools.faults.outcomes import Outcome
from tools.faults.rows import ROWS, Row

PAGE = ROOT / "docs" / "reliability.md"
_HEAD = """\
# Faults that were made to happen

Trainings run for days, folders of images are dirty, machines are taken away, and model files come
from strangers. Each fault here is made to happen by the tests in its row: processes are killed by
signal, disks are full, files are cut. The table is written by `make faults`, which runs those tests
and says what they came to; [SECURITY.md](../SECURITY.md) says what is trusted. 1 to 30 were listed
before anything was tried; R1 to R14 are kinds of faults that trying them brought to light.

| | fault | promise | made to happen by | result |
|---|---|---|---|---|
"""


def result_of(row: Row, names: list[str], outcomes: dict[str, Outcome]) -> str:
    """What the tests of a row came to, in words."""
    if not names:
        return row.elsewhere or "no test"
    results = [outcomes[name]["result"] if name in outcomes else "not run" for name in names]
    if "failed" in results:
        return "**falls short**"
    if "not run" in results:
        return f"{results.count('not run')} of {len(results)} tests not run"
    if "skipped" in results:
        reasons = {outcomes[name]["reason"] for name in names} - {""}
        return f"survived, as far as could be tried: {'; '.join(sorted(reasons))}"
    cases = sum(outcomes[name]["cases"] for name in names)
    return "survived" if cases == len(names) else f"survived ({cases} cases)"


def page(marked: dict[str, tuple[str, ...]], outcomes: dict[str, Outcome]) -> str:
    """The whole page."""
    lines = []
    for row in ROWS:
        names = [name for name, rows in marked.items() if row.number in rows]
        tests = "<br>".join(f"`{name.removeprefix('tests/')}`" for name in names) or "-"
        result = result_of(row, names, outcomes)
        lines.append(f"| {row.number} | {row.fault} | {row.promise} | {tests} | {result} |\n")
    return _HEAD + "".join(lines)
