"""A training killed as it opens, renames or removes a file ends as if nothing had happened."""

from pathlib import Path

import pytest

from faulty_commands import assert_same_end, finished_run, killed_and_resumed


@pytest.fixture(scope="module")
def finished(forking, images_folder, tmp_path_factory) -> Path:
    return finished_run(forking, images_folder, tmp_path_factory.mktemp("finished"))


@pytest.mark.fault("1", "2", "R1", "R14")
# As the first checkpoint is written, and as one after an epoch is; tests/faults/long_kills.py tries
# every fourth moment.
@pytest.mark.parametrize("moment", [30, 70])
def test_killed_while_files_are_written(forking, moment, images_folder, finished, tmp_path):
    killed, again = killed_and_resumed(forking, images_folder, tmp_path, moment)
    assert killed.code == -9, "it came to its end before"
    assert again.code == 0, again.output
    assert_same_end(finished, tmp_path / "run")
