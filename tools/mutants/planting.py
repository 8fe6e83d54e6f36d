"""Forks a process that has TensorFlow imported, once for each piece of work, and listens.

A fork is made before TensorFlow has run anything: its threads, which a fork would not have, are not
there yet. What a fork does is in `inside`.
"""

import gc
import itertools
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, NamedTuple

from tools.mutants.fault import Fault
from tools.mutants.inside import run_alone, run_clean, run_together, shares_a_fork


class Outcome(NamedTuple):
    """How the tests took a fault.

    Attributes:
        fault: None for the code as it is.
        result: `survived` (all tests passed), `noticed`, `too slow` (counts as noticed), `error`.
        seconds: That it took.
        output: What the tests wrote, of an error.
    """

    fault: Fault | None
    result: str
    seconds: float
    output: str


class Work(NamedTuple):
    """What one fork does: the tests of some faults, or without one."""

    faults: tuple[Fault, ...]
    tests: tuple[str, ...]


@dataclass
class _Fork:
    work: Work
    output: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    told: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    heard: int = 0
    next: int = 0
    since: float = field(default_factory=time.monotonic)


def divided(faults: list[Fault]) -> list[Work]:
    """Faults as pieces of work: those of a file together where they may share a fork."""
    shared = [fault for fault in faults if shares_a_fork(fault)]
    groups = itertools.groupby(sorted(shared, key=_place), _place)
    together = [tuple(group) for _, group in groups]
    alone = [(fault,) for fault in faults if not shares_a_fork(fault)]
    # The longest first.
    pieces = sorted(together, key=len, reverse=True) + alone
    return [Work(piece, piece[0].tests) for piece in pieces]


def import_slow_packages() -> None:
    """Imports what every test needs and no fault can be in."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # As tests/conftest.py: one thread a process.
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    import keras  # noqa: F401
    import PIL.Image  # noqa: F401
    import pytest  # noqa: F401
    import tensorflow as tf  # noqa: F401
    from tensorflow.python.eager import context

    gc.freeze()  # a fork need not look through what it got
    assert not context.context()._initialized, "TensorFlow runs already: a fork would hang"


def run_each(work: list[Work], *, jobs: int, limit: float, done: Callable[[Outcome], None]) -> None:
    """Does pieces of work, some at a time.

    Args:
        work: What to do.
        jobs: Forks at a time.
        limit: Seconds for a fault, after which its tests are stopped.
        done: Is told of each fault when its tests have ended, and of errors.
    """
    running: dict[int, _Fork] = {}
    waiting = list(work)
    # So that the forks end with this process, whoever ends it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                fork = _Fork(waiting.pop(0))
                running[_start(fork)] = fork
            for process, fork in list(running.items()):
                ended = os.waitpid(process, os.WNOHANG)[0] != 0
                for outcome in _news(fork):
                    done(outcome)
                if not ended and time.monotonic() - fork.since > limit:
                    os.killpg(process, signal.SIGKILL)
                    os.waitpid(process, 0)
                    waiting[:0] = _given_up(fork, limit, done)
                elif ended:
                    _conclude(fork, done)
                if ended or time.monotonic() - fork.since > limit:
                    del running[process]
            time.sleep(0.02)
    finally:
        for process in running:
            os.killpg(process, signal.SIGKILL)


def _place(fault: Fault) -> tuple[str, tuple[str, ...]]:
    return fault.path, fault.tests


def _start(fork: _Fork) -> int:
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        try:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.dup2(fork.output.fileno(), 1)
            os.dup2(fork.output.fileno(), 2)
            _do(fork.work, fork.told)
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            # Without the parent's clean-up.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
    return process


def _do(work: Work, told: IO[bytes]) -> None:
    def tell(place: int, result: str, seconds: float) -> None:
        os.write(told.fileno(), f"{place} {result} {seconds:.2f}\n".encode())

    begun = time.monotonic()
    if not work.faults:
        tell(0, run_clean(work.tests), time.monotonic() - begun)
    elif shares_a_fork(work.faults[0]):
        run_together(work.faults, work.tests, tell)
    else:
        tell(0, run_alone(work.faults[0], work.tests), time.monotonic() - begun)


def _news(fork: _Fork) -> list[Outcome]:
    """What a fork has told since the last time."""
    found = os.pread(fork.told.fileno(), 1 << 20, fork.heard)
    found = found[: found.rfind(b"\n") + 1]
    fork.heard += len(found)
    outcomes = []
    for line in found.decode().splitlines():
        place, result, seconds = line.split()
        fork.since = time.monotonic()
        fork.next = int(place) + 1
        if 0 <= int(place) < len(fork.work.faults):
            fault = fork.work.faults[int(place)]
            outcomes.append(Outcome(fault, result, float(seconds), _output(fork, result)))
        else:
            outcomes.append(Outcome(None, result, float(seconds), _output(fork, result)))
    return outcomes


def _given_up(fork: _Fork, limit: float, done: Callable[[Outcome], None]) -> list[Work]:
    """Tells of the fault that took too long; the faults after it are work again."""
    faults = fork.work.faults
    if not 0 <= fork.next < len(faults):
        done(Outcome(None, "error", limit, "the tests take too long without a fault"))
        return []
    done(Outcome(faults[fork.next], "too slow", limit, ""))
    rest = faults[fork.next + 1 :]
    return [Work(rest, fork.work.tests)] if rest else []


def _conclude(fork: _Fork, done: Callable[[Outcome], None]) -> None:
    """Tells of what a fork that has ended left open."""
    for fault in fork.work.faults[max(fork.next, 0) :]:
        done(Outcome(fault, "error", 0.0, _output(fork, "error")))


def _output(fork: _Fork, result: str) -> str:
    if result == "survived":
        return ""
    fork.output.seek(0)
    return fork.output.read().decode(errors="replace")[-4000:]
