"""Epochs of a run have the steps that they should, however many a call takes; and signals."""

import signal

import keras
import numpy as np
import pytest

from tfi2i.data.decode.deep import read_pixels
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.files.arrays import variables_to_arrays
from tfi2i.training.run.training import Training
from tfi2i.zoo.paired.pix2pix import Pix2Pix


class StopAt(keras.callbacks.Callback):
    def __init__(self, iteration: int):
        super().__init__()
        self.iteration = iteration

    def on_train_batch_end(self, batch, logs=None):
        assert self.model is not None
        if int(self.model.iteration.numpy()) >= self.iteration:
            raise KeyboardInterrupt


def training(data, folder, **train) -> Training:
    recipe = Recipe(
        "pix2pix",
        model={"filters": 2, "discriminator_filters": 2, "receptive_field": 16, "depth": 2},
        # 6 images: an epoch has 6 steps.
        data={"source": str(data), "batch_size": 1, "load_size": 18, "crop_size": 16},
        train={
            "epochs": 2, "decay_epochs": 1, "samples": 1, "checkpoint_every": 1, "ema_decay": 0.5,
            **train,
        },
    )  # fmt: skip
    return Training(recipe.resolve(Pix2Pix), Pix2Pix, RunFolder(folder))


def state(run: Training) -> dict[str, np.ndarray]:
    return variables_to_arrays(run.model.state())


def test_calls_of_several_steps_end_with_the_epoch_and_resume_within_it(paired_folder, tmp_path):
    whole = training(paired_folder, tmp_path / "whole")
    whole.fit(verbose=0)
    assert whole.iteration == 12

    several = {"data": paired_folder, "folder": tmp_path / "several", "steps_per_execution": 4}
    stopped = training(**several)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(verbose=0, callbacks=[StopAt(7)])
    resumed = training(**several)
    # An epoch is calls of 4 and of 2 steps: 4, 6, and 10 within the second.
    assert resumed.iteration == 10
    resumed.fit(verbose=0)
    assert resumed.finished and resumed.iteration == 12
    expected, found = state(whole), state(resumed)
    assert expected.keys() == found.keys()
    assert not [name for name in expected if not np.array_equal(expected[name], found[name])]

    again = training(**several)
    again.fit(verbose=0)
    assert again.finished and again.iteration == 12


def test_a_run_resumed_within_an_epoch_decodes_its_images_once(
    paired_folder, tmp_path, monkeypatch
):
    stopped = training(paired_folder, tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(verbose=0, callbacks=[StopAt(3)])
    decoded = []

    def counted(path, **options):
        decoded.append(str(path))
        return read_pixels(path, **options)

    resumed = training(paired_folder, tmp_path / "run")
    assert resumed.iteration == 3
    monkeypatch.setattr("tfi2i.data.decode.files.read_pixels", counted)
    resumed.fit(verbose=0)
    assert resumed.finished and resumed.iteration == 12
    trained_on = [path for path in decoded if "train" in path]
    assert len(set(trained_on)) == 12
    # The last image of an epoch and the first of the next are asked for side by side.
    assert len(trained_on) <= 14


def test_a_run_that_went_too_far_trains_no_further(paired_folder, tmp_path):
    """Early runs took whole calls beyond the last epoch."""
    run = training(paired_folder, tmp_path / "run")
    run.model.iteration.assign(15)
    before = state(run)
    run.fit(verbose=0)
    assert run.finished and run.iteration == 15
    assert not [
        name for name, value in state(run).items() if not np.array_equal(before[name], value)
    ]


def test_signals_belong_to_their_owner_again_after_any_exception(paired_folder, tmp_path):
    run = training(paired_folder, tmp_path / "run")
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]

    class Fail(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            assert signal.getsignal(signal.SIGTERM) is not before[0]
            raise RuntimeError("a user's callback")

    with pytest.raises(RuntimeError, match="a user's callback"):
        run.fit(verbose=0, callbacks=[Fail()])
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
