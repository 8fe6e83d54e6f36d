"""What a run tells while it goes on: images per second, means, the name of a broken loss."""

import math

import keras
import pytest
import tensorflow as tf

from tfi2i.cli import training_callbacks
from tfi2i.cli.training_callbacks import ProgressLines
from tfi2i.errors import TrainingError
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.files.checkpoints import Checkpoints
from tfi2i.training.run import callbacks
from tfi2i.training.run.callbacks import WriteMetrics
from tfi2i.training.run.safety_callbacks import StopWhenNotFinite
from tfi2i.training.run.training import Training
from tfi2i.zoo.paired.pix2pix import Pix2Pix


def tiny(**compiled) -> Pix2Pix:
    model = Pix2Pix(crop_size=16, filters=2, discriminator_filters=2, receptive_field=16, depth=2)
    model.compile(**compiled)
    return model


@pytest.mark.parametrize("steps_a_call", [1, 3])
def test_images_per_second_counts_iterations(steps_a_call, tmp_path, monkeypatch):
    monkeypatch.setattr(callbacks, "LOG_EVERY", 2)
    model = tiny(steps_per_execution=steps_a_call)
    # Wherever it starts, an iteration takes a quarter of a second.
    model.iteration.assign(60)
    monkeypatch.setattr(
        callbacks.time, "perf_counter", lambda: 100.0 + 0.25 * int(model.iteration.numpy())
    )
    (tmp_path / "run").mkdir()
    folder = RunFolder(tmp_path / "run")
    batch = tf.zeros((2, 16, 16, 3))
    data = tf.data.Dataset.from_tensors((batch, batch)).repeat()
    # Nine iterations an epoch: whole windows, and one that the end of the epoch cuts off.
    model.fit(
        data, steps_per_epoch=9, epochs=2, verbose=0, shuffle=False,
        callbacks=[WriteMetrics(folder, batch_size=2)],
    )  # fmt: skip
    lines = folder.metrics()
    assert {line["images_per_second"] for line in lines} == {2 / 0.25}
    ends = [2, 4, 6, 8, 9] if steps_a_call == 1 else [6, 9]
    assert [line["iteration"] for line in lines] == [
        60 + e for e in (*ends, *(9 + n for n in ends))
    ]
    assert [line["epoch"] for line in lines] == [0] * len(ends) + [1] * len(ends)


def test_metrics_are_means_over_the_window(tmp_path, monkeypatch):
    monkeypatch.setattr(callbacks, "LOG_EVERY", 3)
    folder = RunFolder(tmp_path)
    writer = WriteMetrics(folder, batch_size=2)
    writer.set_model(tiny())
    writer.on_epoch_begin(4)
    for loss in (1.0, 2.0, 6.0, 10.0):
        writer.on_train_batch_end(0, {"loss": loss, "half": loss / 2})
    writer.on_epoch_end(4)
    writer.on_epoch_end(4)
    lines = [(line["epoch"], line["loss"], line["half"]) for line in folder.metrics()]
    assert lines == [(4, 3.0, 1.5), (4, 10.0, 5.0)]


@pytest.mark.parametrize("within", [True, False])
def test_long_epochs_have_lines_within(within, paired_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(callbacks, "LOG_EVERY", 1)
    recipe = Recipe(
        "pix2pix",
        {"filters": 2, "discriminator_filters": 2, "receptive_field": 16, "depth": 2},
        {"source": str(paired_folder), "batch_size": 1, "load_size": 36, "crop_size": 32},
        {"epochs": 2, "samples": 1},
    ).resolve(Pix2Pix)
    training = Training(recipe, Pix2Pix, RunFolder(tmp_path / "run"))
    # An iteration takes 11 seconds, an epoch of 6 images 66.
    clock = 11.0
    monkeypatch.setattr(
        training_callbacks.time, "monotonic", lambda: 500.0 + clock * training.iteration
    )
    said: list[str] = []
    lines = ProgressLines(training, said.append, **({} if within else {"seconds": None}))
    training.fit(verbose=0, callbacks=[lines])
    # Within: what has been trained since the line before, or since the first iteration, which
    # compiles. The line of an epoch has all of it.
    expected = [
        ("epoch 1/2 (66%)", 4, [2, 3, 4], "88 s left"),
        ("epoch 1/2", 6, [1, 2, 3, 4, 5, 6], "66 s left"),
        ("epoch 2/2 (50%)", 9, [7, 8, 9], "33 s left"),
        ("epoch 2/2", 12, [7, 8, 9, 10, 11, 12], "0 s left"),
    ]
    expected = [line for line in expected if within or "%" not in line[0]]
    losses = {line["iteration"]: line["l1_loss"] for line in RunFolder(tmp_path / "run").metrics()}
    assert len(said) == len(expected)
    for line, (begin, iteration, averaged, left) in zip(said, expected, strict=True):
        assert line.startswith(f"{begin}  iteration {iteration}  "), line
        mean = sum(losses[one] for one in averaged) / len(averaged)
        assert f"  l1_loss {mean:.3g}  " in line, (line, losses)
        assert line.endswith(f"  0.091 images/s  {left}"), line


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.fault("8", "R14")
def test_a_broken_loss_is_named_with_the_last_good_checkpoint(value, tmp_path):
    model = tiny()
    checkpoints = Checkpoints(tmp_path)
    for iteration in (6, 7):
        model.iteration.assign(iteration)
        checkpoints.save(model)
    model.iteration.assign(9)
    watch = StopWhenNotFinite(checkpoints)
    watch.set_model(model)
    watch.on_train_batch_end(0, {"first": 1e30, "second": -1e30})
    watch.on_train_batch_end(0, None)
    with pytest.raises(TrainingError, match="second is .* at iteration 9.*step-000000007.npz"):
        watch.on_train_batch_end(0, {"first": 1.0, "second": value, "third": math.nan})


@pytest.mark.fault("8")
def test_a_run_stops_at_a_broken_loss(paired_folder, tmp_path):
    recipe = Recipe(
        "pix2pix",
        {"filters": 2, "discriminator_filters": 2, "receptive_field": 16, "depth": 2},
        {"source": str(paired_folder), "batch_size": 2, "load_size": 36, "crop_size": 32},
        {"generator_learning_rate": 1e38, "samples": 2},
    ).resolve(Pix2Pix)
    training = Training(recipe, Pix2Pix, RunFolder(tmp_path / "run"))
    with pytest.raises(TrainingError, match="The last good checkpoint is .*step-000000000.npz"):
        training.fit(verbose=0)


@pytest.mark.parametrize(
    ("asked", "computes", "policy"),
    [
        ("auto", True, "mixed_bfloat16"),
        ("auto", False, "float32"),
        ("mixed_float16", True, "mixed_float16"),
        ("float32", True, "float32"),
    ],
)
def test_the_precision_of_a_run(asked, computes, policy, monkeypatch):
    from tfi2i.training.run import preparation

    monkeypatch.setattr(preparation, "computes_bfloat16", lambda: computes)
    assert preparation._dtype_policy(asked) == policy
    keras.config.set_dtype_policy(preparation._dtype_policy(asked))
    assert keras.config.dtype_policy().name == policy
