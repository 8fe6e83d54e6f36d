"""Which tests bear numbers of faults, read from their source: nothing is imported."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONG = "long_*.py"


def marked_tests() -> dict[str, tuple[str, ...]]:
    """Numbers of faults by test, `tests/test_resume.py::test_name`."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "mark.fault(" in text:
            name = path.relative_to(ROOT).as_posix()
            found |= {f"{name}::{test}": rows for test, rows in _in(ast.parse(text).body)}
    return found


def _in(body: list[ast.stmt], inside: str = "") -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for one in body:
        if isinstance(one, ast.ClassDef):
            found += _in(one.body, f"{inside}{one.name}::")
        elif isinstance(one, ast.FunctionDef):
            rows = [row for mark in one.decorator_list for row in _rows(mark)]
            if rows:
                found.append((inside + one.name, tuple(rows)))
    return found


def _rows(decorator: ast.expr) -> list[str]:
    if not isinstance(decorator, ast.Call) or ast.unparse(decorator.func) != "pytest.mark.fault":
        return []
    return [ast.literal_eval(argument) for argument in decorator.args]
