"""The notebook runs from its first cell to its last; only the training is shorter here."""

import json
import subprocess
import sys
from pathlib import Path

NOTEBOOK = Path(__file__).parent.parent / "docs" / "first_steps.ipynb"
# As it stands in the notebook, and for the test.
LENGTH = ("steps_per_epoch=160, epochs=10", "steps_per_epoch=2, epochs=1")


def as_program(notebook: Path) -> str:
    """The cells as one program that says which cell begins; a last expression is evaluated too."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) > 5 and sum(one.count(LENGTH[0]) for one in code) == 1
    numbered = (f"print('cell', {number})\n{one}" for number, one in enumerate(code))
    return "\n".join(numbered).replace(*LENGTH) + "\nprint('to the end')\n"


def test_every_cell_of_the_notebook_runs(tmp_path):
    (tmp_path / "cells.py").write_text(as_program(NOTEBOOK), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "cells.py"], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    assert done.stdout.endswith("to the end\n")
    assert list((tmp_path / "exported").glob("**/saved_model.pb"))
    assert (tmp_path / "exported" / "model.tflite").stat().st_size > 10_000
