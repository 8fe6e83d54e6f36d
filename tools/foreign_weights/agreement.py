"""Compares imported networks of full size with what they made where they come from.

    python -m tools.foreign_weights.agreement FOLDER [--page docs/weights_of_others.md]

FOLDER is what make_torch_files.py and make_tutorial_files.py wrote with --full-size. The figures go
to docs/weights_of_others.json and, as a table, between the page's markers.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.importing import Imported, import_weights
from tfi2i.machine import describe_machine

BEGIN, END = "<!-- agreement: begin -->", "<!-- agreement: end -->"
# The role of a generator in its case -> our direction.
DIRECTIONS = {"G": "a2b", "generator": "a2b", "generator_g": "a2b", "generator_f": "b2a"}
EVAL = "eval"


def compared(case: Path) -> dict[str, dict[str, float]]:
    """Differences of a case: of what `test.py` makes, and of `--eval` where that is another."""
    expected = np.load(case / "expected.npz")
    roles = [role for role in DIRECTIONS if f"{role}/made" in expected]
    protocols = [EVAL, "made"] if any(f"{role}/{EVAL}" in expected for role in roles) else ["made"]
    variant = "cyclegan" if "generator_f" in roles or case.name.endswith("instance") else "pix2pix"
    found = {}
    for protocol in protocols:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "made"
            made = import_weights([_files(case)], variant, out, evaluating=protocol == EVAL)
        figures = [_difference(made, role, expected, protocol) for role in roles]
        name = "as test.py --eval" if protocol == EVAL else "as test.py"
        found[name] = {key: max(one[key] for one in figures) for key in figures[0]}
    return found


def _files(case: Path) -> Path:
    return next(iter(sorted(case.glob("*.pth"))), case / "ckpt-5")


def _difference(made: Imported, role: str, expected: Any, protocol: str) -> dict[str, float]:
    generator = made.model.translator(DIRECTIONS[role])
    images = expected["image"][None].astype(np.float32) / 127.5 - 1
    there = expected[f"{role}/{protocol}"]
    here = np.asarray(generator(images))[0]
    exact = expected.get(f"{role}/exact") if protocol == "made" else None
    own = {} if exact is None else {"rounding_there": float(np.abs(there - exact).max())}
    own |= {} if exact is None else {"rounding_here": float(np.abs(here - exact).max())}
    pixels = [np.round((one.astype(np.float64) + 1) * 127.5) for one in (there, here)]
    return {
        "largest": float(np.abs(here - there).max()),
        "mean": float(np.abs(here - there).mean()),
        "pixels_that_differ": float(np.mean(pixels[0] != pixels[1])),
        **own,
    }


def table(results: dict[str, Any]) -> str:
    """The table between its markers, markers included."""
    machine = results["machine"]
    lines = [
        BEGIN,
        "| network | translated | largest difference | mean | to float64: there | here | other "
        "8-bit values |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for name, protocols in results["cases"].items():
        lines += [
            f"| {name} | {protocol} | {one['largest']:.1e} | {one['mean']:.1e} | "
            f"{_shown(one, 'rounding_there')} | {_shown(one, 'rounding_here')} | "
            f"{one['pixels_that_differ']:.3%} |"
            for protocol, one in protocols.items()
        ]
    version = machine["versions"]["tensorflow"]
    lines += ["", f"On {machine['processor']}, TensorFlow {version}.", END]
    return "\n".join(lines)


def _shown(figures: dict[str, float], name: str) -> str:
    return f"{figures[name]:.1e}" if name in figures else ""


def main() -> None:
    """Measures, and writes the figures and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--page", type=Path, default=Path("docs/weights_of_others.md"))
    arguments = parser.parse_args()
    results: dict[str, Any] = {"machine": describe_machine(), "cases": {}}
    for case in sorted(path.parent for path in arguments.folder.glob("*/expected.npz")):
        results["cases"][case.name] = compared(case)
        print(case.name, results["cases"][case.name], flush=True)
    written = arguments.page.with_suffix(".json")
    written.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    page = arguments.page.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    arguments.page.write_text(f"{before}{table(results)}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
