"""A disk that is full or read-only, whatever is written: a real one, of a process's own."""

import shutil
from pathlib import Path

import pytest

from faulty_commands import (
    Disk,
    assert_same_end,
    can_make_disks,
    finished_run,
    run_command,
    tiny_run,
)
from tfi2i.training.files.array_file import read_arrays

IN_WORDS = ("No space left on device", "Read-only file system", "read-only for this user")


@pytest.fixture(scope="module", autouse=True)
def disks(forking, tmp_path_factory) -> None:
    if not can_make_disks(forking, tmp_path_factory.mktemp("disk")):
        pytest.skip("this system gives a process no disk of its own (mount namespaces)")


@pytest.fixture(scope="module")
def finished(forking, images_folder, tmp_path_factory) -> Path:
    return finished_run(forking, images_folder, tmp_path_factory.mktemp("finished"))


def assert_said(code: int, output: str) -> None:
    assert code == 2 and "Traceback" not in output, output
    last = output.strip().splitlines()[-1]
    assert last.startswith("error: ") and any(words in last for words in IN_WORDS), output


@pytest.mark.fault("6", "R8")
# Where the disk ends: at the events for TensorBoard, at the page, at the second checkpoint.
@pytest.mark.parametrize("kilobytes", [20, 32, 540])
def test_training_on_a_disk_that_fills_up(forking, kilobytes, images_folder, finished, tmp_path):
    place, kept = tmp_path / "disk", tmp_path / "kept"
    kept.mkdir()
    command = tiny_run(images_folder, place / "run")
    disk = Disk(place, kilobytes, keep=kept)
    assert_said(*run_command(forking, command, disk=disk))
    for file in (kept / "run").rglob("*.npz"):
        assert int(read_arrays(file)["iteration"]) % 2 == 0, "what has its final name is whole"
    # With room the same command goes on.
    shutil.copytree(kept / "run", tmp_path / "disk/run")
    ended = run_command(forking, command)
    assert ended.code == 0, ended.output
    assert_same_end(finished, place / "run")


@pytest.mark.fault("7", "R8")
def test_a_disk_that_is_read_only(forking, images_folder, finished, tmp_path):
    place = tmp_path / "disk"
    for command in (
        tiny_run(images_folder, place / "new"),
        ["train", "--resume", place / "run", "train.epochs=3"],
        ["sample", "--run", finished, "--out", place / "samples"],
        ["evaluate", "--run", finished, "--json", place / "figures/all.json"],
    ):
        disk = Disk(place, read_only=True, begin=finished.parent)
        ended = run_command(forking, command, disk=disk)
        assert_said(*ended)
        assert "epoch 1/" not in ended.output and "baseline" not in ended.output, "before the work"


@pytest.mark.fault("R8", "R2")
def test_an_export_to_a_full_disk_leaves_nothing(forking, finished, tmp_path):
    place, kept = tmp_path / "disk", tmp_path / "kept"
    kept.mkdir()
    command = ["export", "--run", finished, "--out", place / "out", "--formats", "saved_model"]
    assert_said(*run_command(forking, command, disk=Disk(place, 40, keep=kept)))
    assert not [path for path in kept.rglob("*") if path.is_file()]
