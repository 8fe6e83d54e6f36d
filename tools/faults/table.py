"""The page `docs/reliability.md`, from the rows and the outcomes."""

from tfi2i.whole_files import read_json
from tools.faults.marked import ROOT
from tools.faults.outcomes import Outcome
from tools.faults.rows import ROWS, Row

COUNTS = ROOT / "docs" / "fuzzing.json"
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

_FUZZED = """
## Inputs that nobody wrote

`make fuzz` feeds what reads files: bytes that atheris chooses by the code that they reach, and
recipes, `model.json` and folders that hypothesis draws. Each input is taken, or refused by an
error of tfi2i's own, within 2 seconds of the processor and 500 MB. Inputs that once broke a
reader are in `tests/data/fuzz`, and are fed again by `make test`. The last run:

| reader | inputs |
|---|---|
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
    return _HEAD + "".join(lines) + _fuzzed()


def _fuzzed() -> str:
    """What `make fuzz` counted when it ran last."""
    counts = read_json(COUNTS)
    rows = [f"| {name} | {one['inputs']:,} |\n" for name, one in counts.items()]
    total = sum(one["inputs"] for one in counts.values())
    return _FUZZED + "".join(rows) + f"| all | {total:,} |\n"
