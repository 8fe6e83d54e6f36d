"""The notebooks run from their first cell to their last; only long training is shorter here."""

import functools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tfi2i.training import GAN

DOCS = Path(__file__).parent.parent / "docs"
FOREIGN = Path(__file__).parent / "data" / "foreign" / "pix2pix"


def run(notebook: str, monkeypatch, folder: Path, shorter: dict[str, str]) -> dict[str, Any]:
    """Runs the cells in a folder, with what is shorter here; the names that they leave."""
    # Without a graph, whose tracing takes longer than two steps.
    monkeypatch.setattr(GAN, "compile", functools.partialmethod(GAN.compile, run_eagerly=True))
    monkeypatch.chdir(folder)
    cells = json.loads((DOCS / notebook).read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 5
    whole = "\n".join(code)
    for there in shorter:
        assert whole.count(there) == 1, f"{notebook} has no {there} any more"
    names: dict[str, Any] = {}
    for number, cell in enumerate(code):
        for there, here in shorter.items():
            cell = cell.replace(there, here)
        exec(compile(cell, f"{notebook}, cell {number}", "exec"), names)
    return names


def test_every_cell_of_the_first_steps_runs(tmp_path, monkeypatch):
    shorter = {
        "steps_per_epoch=160, epochs=10": "steps_per_epoch=2, epochs=1",
        "(model, test, size=64)": "(model, test, size=64, limit=16)",
    }
    run("first_steps.ipynb", monkeypatch, tmp_path, shorter)
    assert list((tmp_path / "exported").glob("**/saved_model.pb"))
    assert (tmp_path / "exported" / "model.tflite").stat().st_size > 10_000


def test_every_cell_on_own_images_runs(tmp_path, monkeypatch, capsys):
    shorter = {"steps_per_epoch=60, epochs=8": "steps_per_epoch=2, epochs=1"}
    names = run("own_images.ipynb", monkeypatch, tmp_path, shorter)
    assert "paired" in names["source"].description
    said = capsys.readouterr().out
    assert said.count("damaged.png") == 2, "named in the error, and in the list"
    assert names["painted"].shape == (80, 80, 3)
    assert Image.open(tmp_path / "painted.png").size == (80, 80)


def test_weights_of_pytorch_reach_the_phone(tmp_path, monkeypatch):
    shutil.copy(FOREIGN / "latest_net_G.pth", tmp_path)
    expected = np.load(FOREIGN / "expected.npz")
    Image.fromarray(expected["image"]).save(tmp_path / "photo.png")
    names = run("weights_to_phone.ipynb", monkeypatch, tmp_path, {})
    # What PyTorch made of the picture; of an image every third row and column is stored.
    there = np.rint((expected["G/made"] + 1) * 127.5)
    assert np.abs(names["answer"][::3, ::3].astype(int) - there).max() <= 1


def test_optimal_judges_measure_the_distances_that_are_known(tmp_path, monkeypatch):
    shorter = {"SHIFTS = [0.0, 0.5, 1.0, 2.0, 3.0]": "SHIFTS = [0.0, 2.0]"}
    names = run("distances.ipynb", monkeypatch, tmp_path, shorter)
    points, normals, exact = (names[name] for name in ("two_points", "two_normals", "exact"))
    near(points["JS"], [(s, np.log(2.0) if s else 0.0) for s in names["SHIFTS"]], 0.02)
    near(points["Wasserstein"], exact["Wasserstein"], 0.04)
    assert points["KL"][0][1] < 0.01 and min(v for s, v in points["KL"][1:]) > 3
    near(normals["KL"], exact["KL"], 0.15)
    near(normals["JS"], exact["JS"], 0.03)
    near(normals["Wasserstein"], exact["Wasserstein"], 0.1)
    assert names["picture"]._repr_html_().startswith("<svg")


def near(found, expected, tolerance):
    for (shift, value), (_, wanted) in zip(found, expected, strict=True):
        assert abs(value - wanted) <= tolerance * max(1.0, wanted), (shift, value, wanted)
