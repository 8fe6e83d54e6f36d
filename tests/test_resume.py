"""A run that is killed and started again by the same command ends as if nothing had happened."""

import json
import os
import signal
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from forking import Forking
from tfi2i.cli import main
from tfi2i.errors import RunError, WeightsError
from tfi2i.training import Checkpoints
from tfi2i.training.files.array_file import read_arrays
from tfi2i.training.files.arrays import assign_arrays, write_arrays
from tfi2i.zoo.paired.pix2pix import Pix2Pix

# An image pool, moving averages, and draws in every iteration; conformance resumes all variants.
TINY = (
    *("model.filters=4", "model.discriminator_filters=4", "model.receptive_field=16"),
    *("model.blocks=1", "model.diff_augment=[translation]", "train.ema_decay=0.9"),
)


def command(data: Path, run: Path) -> list[str]:
    return [
        *("train", "cyclegan", "--data", str(data), "--run", str(run)),
        *("data.batch_size=2", "data.load_size=36", "data.crop_size=32"),
        # Long enough to be killed within, with checkpoints in the middle of epochs.
        *("train.epochs=30", "train.checkpoint_every=7", "train.sample_every=30"),
        *("train.samples=2", "train.decay_epochs=10"),
        *TINY,
    ]


def iterations_logged(run: Path) -> int:
    try:
        lines = (run / "metrics.jsonl").read_text().splitlines()
        return json.loads(lines[-1])["iteration"] if lines else 0
    except (FileNotFoundError, json.JSONDecodeError):
        return 0


def start_and_stop(
    forking: Forking, arguments: list[str], run: Path, *, after: int, number: int
) -> tuple[int, str]:
    """Sends a signal once `after` iterations are logged; returns the exit code and the output."""
    process = forking.start("-m", "tfi2i", *arguments)
    deadline = time.monotonic() + 300
    while iterations_logged(run) < after and process.poll() is None:
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.02)
    process.send_signal(number)
    output = process.communicate()
    code = process.wait()
    assert code != 1, output
    return code, output


def final_state(run: Path) -> dict[str, np.ndarray]:
    newest = sorted((run / "checkpoints").glob("step-*.npz"))[-1]
    return read_arrays(newest)


def finish(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert not ended.value.code


@pytest.mark.fault("2", "3")
def test_kill_9_and_sigterm_leave_no_trace(forking, unpaired_folder, tmp_path):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    finish(command(unpaired_folder, whole))

    again = command(unpaired_folder, stopped)
    # A random moment, another at every run of the test.
    moment = 6 + os.getpid() % 30
    killed, _ = start_and_stop(forking, again, stopped, after=moment, number=signal.SIGKILL)
    assert killed == -signal.SIGKILL
    terminated, said = start_and_stop(
        forking, again, stopped, after=moment + 10, number=signal.SIGTERM
    )
    assert terminated == 0
    assert f"tfi2i train --resume {stopped}" in said and "all is saved" in said
    finish(again)

    expected, found = final_state(whole), final_state(stopped)
    assert expected.keys() == found.keys()
    assert expected["iteration"] == 90
    assert not [k for k in expected if not np.array_equal(expected[k], found[k])]


@pytest.fixture
def tiny_model():
    model = Pix2Pix(crop_size=32, filters=4, discriminator_filters=4, receptive_field=16, depth=3)
    model.compile()
    return model


def save_at(model, folder: Checkpoints, iteration: int) -> Path:
    model.iteration.assign(iteration)
    return folder.save(model)


@pytest.mark.fault("1")
def test_keeps_the_newest_checkpoints_and_removes_half_written_ones(tiny_model, tmp_path):
    (tmp_path / ".step-000000009.npz.1.tmp").write_bytes(b"half")
    folder = Checkpoints(tmp_path, keep=2)
    for iteration in (1, 2, 10):
        save_at(tiny_model, folder, iteration)
    assert [p.name for p in folder.files()] == ["step-000000002.npz", "step-000000010.npz"]
    assert not list(tmp_path.glob("*.tmp")) + list(tmp_path.glob(".*"))


@pytest.mark.parametrize("damage", ["truncated", "bit flipped", "empty"])
@pytest.mark.fault("4")
def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_used(tiny_model, tmp_path, damage):
    folder = Checkpoints(tmp_path)
    save_at(tiny_model, folder, 1)
    newest = save_at(tiny_model, folder, 2)
    content = bytearray(newest.read_bytes())
    if damage == "bit flipped":
        content[len(content) // 2] ^= 1
    newest.write_bytes(
        {"truncated": content[: len(content) // 2], "bit flipped": content, "empty": b""}[damage]
    )
    with pytest.warns(UserWarning, match="step-000000002.npz is damaged"):
        restored = folder.restore(tiny_model)
    assert restored == tmp_path / "step-000000001.npz"
    assert int(keras.ops.convert_to_numpy(tiny_model.iteration)) == 1


@pytest.mark.fault("4")
def test_only_damaged_checkpoints_are_an_error(tiny_model, tmp_path):
    folder = Checkpoints(tmp_path)
    save_at(tiny_model, folder, 1).write_bytes(b"")
    with pytest.warns(UserWarning), pytest.raises(RunError, match="all 1 checkpoints"):
        folder.restore(tiny_model)


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    write_arrays(path, {"x": np.zeros(3)})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WeightsError, match="No space left"):
        write_arrays(path, {"x": np.ones(3)})
    assert np.array_equal(read_arrays(path)["x"], np.zeros(3))
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.fault("8")
def test_values_that_are_not_finite_are_never_saved(tiny_model, tmp_path):
    kernel = tiny_model.generator.trainable_variables[0]
    kernel.assign(kernel.value * np.nan)
    with pytest.raises(WeightsError, match="not finite"):
        Checkpoints(tmp_path).save(tiny_model)
    assert not list(tmp_path.glob("*.npz"))


@pytest.mark.fault("19")
def test_arrays_that_do_not_fit_change_nothing(tmp_path):
    variable = keras.Variable(np.zeros((2, 3), np.float32), name="kernel")
    good = np.ones((2, 3), np.float32)
    for arrays, message in [
        ({}, "missing"),
        ({"kernel": good, "more": good}, "unexpected"),
        ({"kernel": np.ones((3, 2), np.float32)}, "the model wants"),
        ({"kernel": np.ones((2, 3), np.int32)}, "int32"),
        ({"kernel": good * np.inf}, "not finite"),
    ]:
        with pytest.raises(WeightsError, match=message):
            assign_arrays({"kernel": variable}, arrays, source=tmp_path)
    assert not variable.numpy().any()


def test_pickled_arrays_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{"code": 1}], dtype=object))
    with pytest.raises(WeightsError, match="damaged or not a file of arrays"):
        read_arrays(tmp_path / "a.npz")
