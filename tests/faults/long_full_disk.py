"""A disk that is full at many more places than tests/faults/test_full_disk.py tries."""

import pytest

from faulty_commands import Disk, run_command, tiny_run
from tfi2i.training.files.array_file import read_arrays


@pytest.mark.fault("6", "R8")
@pytest.mark.parametrize("kilobytes", [4, 8, 12, 16, 24, 28, 36, 200, 520, 560, 1010, 1016])
def test_training_on_a_disk_that_fills_up_anywhere(forking, kilobytes, images_folder, tmp_path):
    place, kept = tmp_path / "disk", tmp_path / "kept"
    kept.mkdir()
    disk = Disk(place, kilobytes, keep=kept)
    ended = run_command(forking, tiny_run(images_folder, place / "run"), disk=disk)
    assert ended.code == 2 and "Traceback" not in ended.output, ended.output
    assert ended.output.strip().splitlines()[-1].startswith("error: "), ended.output
    for file in (kept / "run").rglob("*.npz"):
        read_arrays(file)
