"""What goes on in a fork: faults are planted in its memory, and pytest runs.

Faults of one file and the same tests share a fork where they can: the code of a function is
exchanged for the faulty one and back, so that TensorFlow and the networks' kernels are warm. The
mechanisms of training get a fork for each fault: their tests compile graphs and use replicas, of
which something could outlive the fault. There one module is imported from a faulty text.
"""

import importlib.machinery
import importlib.util
import linecache
import os
import sys
import time
from collections.abc import Callable, Sequence
from types import CodeType, FunctionType

from tools.mutants.fault import ROOT, Fault

# What pytest ends with where a test failed, or could not be collected: a fault may break an import.
_FAILED = (1, 2)
# Nobody reads what the tests say of a fault: they begin and end sooner without the means for it.
_OPTIONS = ["-x", "-q", "--no-header", "--assert=plain"]
_OPTIONS += [f"-pno:{name}" for name in ("xdist", "cacheprovider", "unraisableexception")]

Tell = Callable[[int, str, float], None]


def shares_a_fork(fault: Fault) -> bool:
    """Whether the code of a function can be exchanged, and its tests leave nothing behind."""
    return fault.kind != "declared" and not fault.path.startswith("tfi2i/training/")


def run_clean(tests: Sequence[str]) -> str:
    """Runs tests on the code as it is: `survived` if they pass."""
    return _run(tests)


def run_alone(fault: Fault, tests: Sequence[str]) -> str:
    """Imports a faulty module and runs tests: `survived` if they pass, or `noticed`, or `error`."""
    sys.meta_path.insert(0, _FaultyFinder(fault))
    return _run(tests)


def run_together(faults: Sequence[Fault], tests: Sequence[str], tell: Tell) -> None:
    """Runs tests with each fault in turn, and before and after without one.

    Args:
        faults: All of one file.
        tests: Their tests.
        tell: Takes the place of a fault, how its tests went (as `run_alone`) and the seconds; -1
            for the tests before, and the number of faults for those after.
    """
    import keras

    tell(-1, _run(tests), 0.0)
    for place, fault in enumerate(faults):
        begun = time.monotonic()
        function, faulty = _faulty_code(fault)
        clean, function.__code__ = function.__code__, faulty
        keras.utils.clear_session()
        result = _run(tests)
        function.__code__ = clean
        tell(place, result, time.monotonic() - begun)
    keras.utils.clear_session()
    tell(len(faults), _run(tests), 0.0)


def _run(tests: Sequence[str]) -> str:
    import pytest

    os.chdir(ROOT)
    status = int(pytest.main([*_OPTIONS, *tests]))
    return "noticed" if status in _FAILED else "error" if status else "survived"


def _faulty_code(fault: Fault) -> tuple[FunctionType, CodeType]:
    """The function that a fault is in, as the tests know it, and its faulty code."""
    text = fault.planted()
    path = str(ROOT / fault.path)
    _show(path, text.decode())
    code = compile(text, path, "exec", dont_inherit=True)
    found = importlib.import_module(fault.module)
    for name in fault.where.split("."):
        # Not by getattr: of a property, the function is wanted.
        found = vars(found)[name]
        code = next(
            constant
            for constant in code.co_consts
            if isinstance(constant, CodeType) and constant.co_name == name
        )
    function = getattr(found, "fget", found)
    assert isinstance(function, FunctionType), fault.title
    return function, code


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
