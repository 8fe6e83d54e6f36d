"""What the marked tests came to: noted while pytest runs them, kept in a file."""

import json
from typing import TypedDict

import pytest

from tfi2i.whole_files import read_json, write_json
from tools.faults.marked import ROOT

FILE = ROOT / "docs" / "reliability.json"


class Outcome(TypedDict):
    """Of one test, over all its cases.

    Attributes:
        cases: How many were run.
        result: `passed`, `failed`, or `skipped`.
        reason: Why it was skipped.
        seconds: That they took together.
    """

    cases: int
    result: str
    reason: str
    seconds: float


class Noting:
    """A plugin of pytest that notes the outcome of every test that it is told of."""

    def __init__(self):
        """Begins with nothing."""
        self.outcomes: dict[str, Outcome] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Takes what pytest reports of the setup, call and teardown of a test."""
        name = report.nodeid.partition("[")[0]
        one = self.outcomes.setdefault(
            name, {"cases": 0, "result": "passed", "reason": "", "seconds": 0.0}
        )
        one["cases"] += report.when == "setup"
        one["seconds"] = round(one["seconds"] + report.duration, 2)
        if report.failed:
            one["result"] = "failed"
        elif report.skipped and one["result"] != "failed":
            one["result"] = "skipped"
            assert isinstance(report.longrepr, tuple)
            one["reason"] = report.longrepr[2].removeprefix("Skipped: ")


def kept() -> dict[str, Outcome]:
    """The outcomes of earlier runs."""
    return read_json(FILE) if FILE.exists() else {}  # type: ignore[return-value]


def keep(outcomes: dict[str, Outcome]) -> None:
    """Writes outcomes, in order."""
    write_json(FILE, json.loads(json.dumps(outcomes, sort_keys=True)))
