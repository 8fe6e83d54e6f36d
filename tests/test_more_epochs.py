"""A run that gets more epochs, finished or not: the run it would have been, or a sentence on it."""

import json
import warnings

import numpy as np
import pytest

from tfi2i.cli import main
from tfi2i.errors import RunError
from tfi2i.recipe import Recipe, TrainSettings
from tfi2i.training import RunFolder
from tfi2i.training.files.arrays import variables_to_arrays
from tfi2i.training.run.training import Training
from tfi2i.training.schedule import lengthened_in_words
from tfi2i.zoo.paired.pix2pix import Pix2Pix


def training(data, folder, **train) -> Training:
    recipe = Recipe(
        "pix2pix",
        model={"filters": 2, "discriminator_filters": 2, "receptive_field": 16, "depth": 2},
        # 6 images: an epoch has 3 steps.
        data={"source": str(data), "batch_size": 2, "load_size": 18, "crop_size": 16},
        train={"samples": 1, "checkpoint_every": 1, "ema_decay": 0.5, **train},
    )
    return Training(recipe.resolve(Pix2Pix), Pix2Pix, RunFolder(folder))


def finished(data, folder, **train) -> dict[str, np.ndarray]:
    """The state at the end of a run."""
    run = training(data, folder, **train)
    run.fit(verbose=0)
    assert run.finished and run.iteration == 3 * train["epochs"]
    return variables_to_arrays(run.model.state())


def assert_equal(found, expected) -> None:
    assert found.keys() == expected.keys()
    assert not [name for name in expected if not np.array_equal(found[name], expected[name])]


@pytest.fixture(scope="module")
def constant(tmp_path_factory, paired_folder):
    return finished(paired_folder, tmp_path_factory.mktemp("constant") / "run", epochs=3)


def test_a_finished_run_with_constant_rates_ends_as_the_longer_one(
    constant, paired_folder, tmp_path
):
    folder = RunFolder(tmp_path / "run")
    finished(paired_folder, folder.path, epochs=1)
    begun = folder.facts()
    for epochs in (2, 3):
        found = finished(paired_folder, folder.path, epochs=epochs)
    assert_equal(found, constant)
    assert folder.recipe().train["epochs"] == 3
    facts = folder.facts()
    assert [change["epochs"] for change in facts["lengthened"]] == [[1, 2], [2, 3]]
    assert facts["started"] == begun["started"] and "lengthened" not in begun
    # What it is now, it stays: nothing is said or changed about it any more.
    with warnings.catch_warnings(action="error", category=UserWarning):
        assert training(paired_folder, folder.path, epochs=3).iteration == 9
    assert folder.facts() == facts


def test_a_run_has_no_fewer_epochs_than_it_had(paired_folder, tmp_path):
    finished(paired_folder, tmp_path / "run", epochs=2)
    for changed in ({"epochs": 1}, {"epochs": 3, "seed": 1}):
        with pytest.raises(RunError, match="begun with another recipe") as told:
            training(paired_folder, tmp_path / "run", **changed)
        assert ("train.epochs" in str(told.value)) == (changed["epochs"] == 1)
    assert RunFolder(tmp_path / "run").recipe().train["epochs"] == 2


def test_rates_that_had_decayed_go_up_again_and_it_is_said(paired_folder, tmp_path):
    finished(paired_folder, tmp_path / "run", epochs=2, decay_epochs=1)
    with pytest.warns(UserWarning, match="decayed to 50% by epoch 2 of 2. They go on at 100%"):
        longer = training(paired_folder, tmp_path / "run", epochs=4, decay_epochs=1)
    longer.fit(verbose=0)
    assert longer.iteration == 12


def test_what_becomes_of_the_rates_by_hand():
    def words(before, epochs, decay_epochs, trained) -> str:
        settings = TrainSettings(epochs=epochs, decay_epochs=decay_epochs)
        return lengthened_in_words(before=before, settings=settings, trained=trained)

    # 200 epochs of which 100 decay: as far as epoch 100, longer is what it would have been.
    assert not words(200, 300, 0, 200)
    assert not words(200, 300, 100, 0)
    assert not words(200, 300, 100, 100)
    assert not words(None, 300, 100, 200) and not words(300, 300, 100, 250)
    # In the middle of epoch 101, whose rate is 100/101, and of 151, with 50/101.
    assert "decayed to 99% by epoch 101 of 200. They go on at 100% " in words(200, 300, 100, 100.5)
    assert "decayed to 50% by epoch 151 of 200. They go on at 100% " in words(200, 300, 100, 150.5)
    # Finished at 1/101; in 250 epochs, number 201 has (250 - 200) / 101.
    told = words(200, 250, 100, 200)
    assert "decayed to 1% by epoch 200 of 200. They go on at 50% and decay to zero" in told
    assert "over the last 100 of now 250 epochs" in told


def test_what_becomes_of_rates_that_decay_at_every_iteration_by_hand():
    def words(before, epochs, trained) -> str:
        settings = TrainSettings(epochs=epochs, decay_epochs=100, decay_by="iterations")
        return lengthened_in_words(before=before, settings=settings, trained=trained)

    assert not words(200, 300, 100) and not words(200, 300, 0)
    # A quarter of the hundred epochs is over; of a run of 225 epochs nothing is.
    assert "decayed to 75% by epoch 125 of 200. They go on at 100% " in words(200, 225, 125)
    # At the end of the run; of 250 epochs the half of the last hundred is over.
    assert "decayed to 0% by epoch 200 of 200. They go on at 50% " in words(200, 250, 200)


def test_on_the_command_line(constant, paired_folder, tmp_path, capsys):
    run = tmp_path / "run"
    finished(paired_folder, run, epochs=2)

    def command(*words: str) -> str:
        with pytest.raises(SystemExit) as exited:
            main(["train", "--resume", str(run), *words])
        said = capsys.readouterr()
        assert not exited.value.code, said.err
        return said.out

    before = (run / "run.json").read_bytes()
    assert "3 epochs of 3 iterations = 9" in command("train.epochs=3", "--dry-run")
    assert (run / "run.json").read_bytes() == before
    said = command("train.epochs=3")
    assert "of the run, with train.epochs 2 -> 3" in said and "from iteration 6" in said
    assert "epoch 3/3  iteration 9" in said and "epoch 2/3" not in said
    assert "train.epochs 2 -> 3" in (run / "log.txt").read_text()
    lengthened = json.loads((run / "run.json").read_text())["lengthened"]
    assert [change["epochs"] for change in lengthened] == [[2, 3]]
    assert_equal(
        variables_to_arrays(training(paired_folder, run, epochs=3).model.state()), constant
    )
