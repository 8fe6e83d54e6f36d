"""The notebooks run from their first cell to their last; only long training is shorter here."""

import json
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
# As it stands in the notebook, and for the test.
LENGTH = ("steps_per_epoch=160, epochs=10", "steps_per_epoch=2, epochs=1")
# What the distances of the notebook are to be, in its own names.
DISTANCES = """
def near(found, expected, tolerance):
    for (shift, value), (_, wanted) in zip(found, expected, strict=True):
        assert abs(value - wanted) <= tolerance * max(1.0, wanted), (shift, value, wanted)

near(two_points["JS"], [(s, np.log(2.0) if s else 0.0) for s in SHIFTS], 0.02)
near(two_points["Wasserstein"], exact["Wasserstein"], 0.04)
assert two_points["KL"][0][1] < 0.01 and min(v for s, v in two_points["KL"][1:]) > 3
near(two_normals["KL"], exact["KL"], 0.15)
near(two_normals["JS"], exact["JS"], 0.03)
near(two_normals["Wasserstein"], exact["Wasserstein"], 0.1)
assert picture._repr_html_().startswith("<svg")
"""


def as_program(notebook: Path) -> str:
    """The cells as one program that says which cell begins; a last expression is evaluated too."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 5
    return "\n".join(f"print('cell', {number})\n{one}" for number, one in enumerate(code))


def run(program: str, folder: Path) -> None:
    (folder / "cells.py").write_text(program + "\nprint('to the end')\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "cells.py"], cwd=folder, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert done.stdout.endswith("to the end\n")


def test_every_cell_of_the_first_steps_runs(tmp_path):
    program = as_program(DOCS / "first_steps.ipynb")
    assert program.count(LENGTH[0]) == 1
    run(program.replace(*LENGTH), tmp_path)
    assert list((tmp_path / "exported").glob("**/saved_model.pb"))
    assert (tmp_path / "exported" / "model.tflite").stat().st_size > 10_000


def test_optimal_judges_measure_the_distances_that_are_known(tmp_path):
    run(as_program(DOCS / "distances.ipynb") + DISTANCES, tmp_path)
