"""A contestant's side of the conversation with `race.py`."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def say(**message: Any) -> None:
    """Answers the race."""
    print("@@" + json.dumps(message), flush=True)


def next_units() -> int | None:
    """How many units of work to do; None when the race is over."""
    line = sys.stdin.readline()
    return int(line) if line.strip() else None


def take_turns(work: Callable[[], Any], **facts: Any) -> None:
    """Does the race's work by calling a function once a unit.

    Args:
        work: Returns when the unit is really finished.
        **facts: Of the contestant, for the table.
    """
    work()
    say(**facts)
    while units := next_units():
        seconds = []
        for _ in range(units):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
        say(seconds=seconds)
    say(peak_mib=peak_mib())


def peak_mib(process: int | None = None) -> float:
    """Largest resident memory so far, of this process or of another one by number."""
    status = Path(f"/proc/{process or 'self'}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
