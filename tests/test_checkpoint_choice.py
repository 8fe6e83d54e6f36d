"""Any checkpoint of a run: in Python, and in `translate`, `evaluate` and `export`."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import tfi2i
from tfi2i.cli import main
from tfi2i.data import read_image
from tfi2i.errors import DamagedFileError, RunError, WeightsError
from tfi2i.export import read_metadata
from tfi2i.inference.presets import preset_folder
from tfi2i.recipe import Recipe
from tfi2i.training import Checkpoints, RunFolder
from tfi2i.training.files.array_file import read_arrays
from tfi2i.training.run import callbacks
from tfi2i.training.run.training import Training
from tfi2i.zoo.paired.pix2pix import Pix2Pix


@pytest.fixture(scope="module")
def trained(tmp_path_factory, paired_folder) -> Path:
    """A run of six iterations that keeps the checkpoints of 2, 3, 4, 5 and 6."""
    path = tmp_path_factory.mktemp("trained") / "run"
    model = {"filters": 4, "discriminator_filters": 4, "receptive_field": 16, "depth": 3}
    data = {"source": str(paired_folder), "batch_size": 2, "load_size": 36, "crop_size": 32}
    train = {"epochs": 2, "samples": 1, "checkpoint_every": 1, "keep_checkpoints": 5}
    recipe = Recipe("pix2pix", model, data, {**train, "ema_decay": 0.5}).resolve(Pix2Pix)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(callbacks, "LOG_EVERY", 1)
        Training(recipe, Pix2Pix, RunFolder(path)).fit(verbose=0)
    return path


@pytest.fixture
def run(trained, tmp_path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "run"))


def assert_state_of(model, file: Path) -> None:
    """The generator's running averages, and the newest weights of the discriminator."""
    stored = read_arrays(file)
    networks = {name: v for name, v in model.network_state().items() if "/" in name}
    assert any(f"average/{name}" in stored for name in networks)
    for name, variable in networks.items():
        wanted = stored.get(f"average/{name}", stored[name])
        np.testing.assert_array_equal(variable.numpy(), wanted, err_msg=name)


@pytest.mark.parametrize("name", [3, "3", "000000003", "step-000000003.npz"])
def test_a_checkpoint_by_its_iteration(trained, name):
    model = tfi2i.load(trained, checkpoint=name)
    assert int(model.iteration.numpy()) == 3
    assert_state_of(model, trained / "checkpoints/step-000000003.npz")


def test_without_a_name_it_is_the_newest(trained):
    assert_state_of(Pix2Pix.load(trained), trained / "checkpoints/step-000000006.npz")


def test_the_best_one_where_a_run_keeps_it(run):
    with pytest.raises(RunError, match="no checkpoint 'best'; there are 2, 3, 4, 5, 6 "):
        tfi2i.load(run, checkpoint="best")
    best = run / "checkpoints/best.npz"
    shutil.copy(run / "checkpoints/step-000000004.npz", best)
    assert_state_of(Pix2Pix.load(run, checkpoint="best"), best)
    with pytest.raises(RunError, match="there are 2, 3, 4, 5, 6, best "):
        tfi2i.load(run, checkpoint=1)


def test_iterations_as_the_command_line_shows_them(tmp_path):
    (tmp_path / "step-000001250.npz").touch()
    for name in (1250, "1,250", "1250"):
        assert Checkpoints(tmp_path).find(name).name == "step-000001250.npz"
    for name in ("1.250", "-1250", "newest", "", "1" * 5000):
        with pytest.raises(RunError, match="there are 1250 ") as told:
            Checkpoints(tmp_path).find(name)
        assert len(str(told.value)) < 300 + len(str(tmp_path))
    with pytest.raises(RunError, match="there are none "):
        Checkpoints(tmp_path / "nowhere").find(0)


@pytest.mark.fault("R6")
def test_a_damaged_one_that_was_asked_for_is_no_other(run):
    file = run / "checkpoints/step-000000003.npz"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DamagedFileError, match="step-000000003.npz is damaged"):
        tfi2i.load(run, checkpoint=3)


def test_a_saved_model_has_no_checkpoints():
    with pytest.raises(WeightsError, match="has no checkpoints to choose from"):
        tfi2i.load(preset_folder("pix2pix-relief2elevation-64"), checkpoint=3)


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as exited:
        main([str(argument) for argument in arguments])
    return int(exited.value.code or 0)


def test_translate_evaluate_and_export_take_it(trained, paired_folder, tmp_path, capsys):
    photo = paired_folder / "A/test/000.png"
    of_3 = ("--run", trained, "--checkpoint", 3)
    assert command("translate", photo, *of_3, "--out", tmp_path / "3") == 0
    assert "checkpoint of iteration 3" in capsys.readouterr().out
    assert command("translate", photo, "--run", trained, "--out", tmp_path / "newest") == 0
    written = read_image(tmp_path / "3/000.png")
    expected = tfi2i.load(trained, checkpoint=3).translate(photo)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(written, expected)
    assert (written != read_image(tmp_path / "newest/000.png")).any()

    figures = tmp_path / "figures.json"
    assert command("evaluate", *of_3, "--extractor", "none", "--json", figures) == 0
    measured = json.loads(figures.read_text())["run"]
    assert measured["iteration"] == measured["last_log"]["iteration"] == 3

    out = tmp_path / "shipped"
    assert command("export", *of_3, "--out", out, "--formats", "saved_model") == 0
    assert read_metadata(out / "saved_model/pix2pix-a2b/1")["model"]["iteration"] == 3


def test_a_name_that_is_none_is_one_line(trained, paired_folder, tmp_path, capsys):
    cases = {
        ("--run", trained, "--checkpoint", 9): "no checkpoint '9'; there are 2, 3, 4, 5, 6 ",
        ("--preset", "pix2pix-relief2elevation-64", "--checkpoint", 3): "give --run FOLDER",
    }
    for arguments, words in cases.items():
        code = command("translate", paired_folder, *arguments, "--out", tmp_path / "out")
        complaint = capsys.readouterr().err
        assert code == 2 and words in complaint and complaint.count("\n") == 1
    assert not (tmp_path / "out").exists()
