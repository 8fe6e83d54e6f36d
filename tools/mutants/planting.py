"""Runs tests in forks of a process that has TensorFlow imported, each with a fault of its own.

A fork is made before TensorFlow has run anything: its threads, which a fork would not have, are not
there yet. `tfi2i` is imported in the fork, through a finder that gives one module its faulty text.
"""

import gc
import importlib.machinery
import importlib.util
import linecache
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import IO

from tools.mutants.fault import ROOT, Fault

# What pytest ends with: tests failed, or could not be collected (a fault may break an import).
_NOTICED = (1, 2)
# Nobody reads what the tests say of a fault: they begin and end sooner without the means for it.
_OPTIONS = ["-x", "-q", "--no-header", "--assert=plain"]
_OPTIONS += [f"-pno:{name}" for name in ("xdist", "cacheprovider", "unraisableexception")]


@dataclass
class Outcome:
    """How the tests took a fault.

    Attributes:
        fault: None for the code as it is.
        result: `survived` (all tests passed), `noticed`, `too slow` (counts as noticed), `error`.
        output: What the tests wrote.
        seconds: From the fork to the end.
    """

    fault: Fault | None
    result: str
    output: str
    seconds: float


@dataclass
class _Running:
    fault: Fault | None
    output: IO[bytes]
    started: float = field(default_factory=time.monotonic)


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


def run_each(
    work: Iterable[tuple[Fault | None, tuple[str, ...]]],
    *,
    jobs: int,
    limit: float,
    done: Callable[[Outcome], None],
) -> None:
    """Plants faults and runs their tests, some at a time.

    Args:
        work: Faults (None: the code as it is) and their tests.
        jobs: Forks at a time.
        limit: Seconds after which tests are stopped.
        done: Is told of each fault when its tests have ended.
    """
    running: dict[int, _Running] = {}
    waiting = iter(work)
    more = True
    # So that the forks end with this process, whoever ends it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        while more or running:
            while more and len(running) < jobs:
                item = next(waiting, None)
                more = item is not None
                if item is not None:
                    process, one = _start(*item)
                    running[process] = one
            for process, one in list(running.items()):
                outcome = _ended(process, one, limit)
                if outcome is not None:
                    del running[process]
                    done(outcome)
            time.sleep(0.02)
    finally:
        for process in running:
            os.killpg(process, signal.SIGKILL)


def _start(fault: Fault | None, tests: tuple[str, ...]) -> tuple[int, _Running]:
    # Here, not in the fork, where a fault that cannot be planted would pass for a noticed one.
    finder = _FaultyFinder(fault) if fault else None
    output = tempfile.TemporaryFile()
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        code = 3
        try:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            code = _run_tests(finder, tests)
        finally:
            # Without the parent's clean-up.
            sys.stdout.flush()
            os._exit(code)
    return process, _Running(fault, output)


def _run_tests(finder: "_FaultyFinder | None", tests: tuple[str, ...]) -> int:
    import pytest

    os.chdir(ROOT)
    if finder is not None:
        sys.meta_path.insert(0, finder)
    return pytest.main(
        ["-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header", *tests]
    )


def _ended(process: int, one: _Running, limit: float) -> Outcome | None:
    seconds = time.monotonic() - one.started
    found, status = os.waitpid(process, os.WNOHANG)
    if not found and seconds < limit:
        return None
    if not found:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        result = "too slow"
    elif os.WIFSIGNALED(status) or os.WEXITSTATUS(status) in _NOTICED:
        result = "noticed"
    else:
        result = "error" if os.WEXITSTATUS(status) else "survived"
    one.output.seek(0)
    return Outcome(one.fault, result, one.output.read().decode(errors="replace"), seconds)


class _FaultyFinder(importlib.machinery.PathFinder):
    """Finds one module, and gives it a text that is not its file's."""

    def __init__(self, fault: Fault):
        self.module = fault.module
        self.loader = _FaultyLoader(fault.module, str(ROOT / fault.path), fault.planted())

    def find_spec(self, fullname, path=None, target=None):  # type: ignore[override]
        if fullname != self.module:
            return None
        return importlib.util.spec_from_file_location(
            fullname, self.loader.path, loader=self.loader
        )


class _FaultyLoader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, text: bytes):
        super().__init__(fullname, path)
        self.text = text
        self.code = compile(text, path, "exec", dont_inherit=True)

    def get_code(self, fullname: str):
        _show(self.path, self.text.decode())
        return self.code


def _show(path: str, text: str) -> None:
    """Shows this text to all who read the file's source: tf.function compiles what it reads."""
    lines = text.splitlines(keepends=True)
    read = linecache.updatecache

    def faulty(filename, module_globals=None):
        return lines if filename == path else read(filename, module_globals)

    # An entry without a time of change is not looked up in the file again.
    linecache.cache[path] = (len(text), None, lines, path)
    linecache.updatecache = faulty
