"""Kills at every fourth file that a run touches, and ten in a row on runs of several kinds."""

import random
from pathlib import Path

import pytest

from faulty_commands import assert_same_end, finished_run, killed_and_resumed, run_command, tiny_run


@pytest.fixture(scope="module")
def finished(forking, images_folder, tmp_path_factory) -> Path:
    return finished_run(forking, images_folder, tmp_path_factory.mktemp("finished"))


@pytest.mark.fault("1", "2", "R1", "R14")
def test_killed_at_every_fourth_file_that_is_touched(forking, images_folder, finished, tmp_path):
    kills = 0
    for moment in range(2, 400, 4):
        place = tmp_path / str(moment)
        place.mkdir()
        killed, again = killed_and_resumed(forking, images_folder, place, moment)
        if killed.code == 0:
            break
        kills += 1
        assert killed.code == -9 and again.code == 0, again.output
        assert_same_end(finished, place / "run")
    assert kills >= 20


@pytest.mark.fault("2")
@pytest.mark.parametrize(
    "more", [(), ("train.steps_per_execution=3",), ("train.start_from={finished}",)]
)
def test_ten_kills_in_a_row(forking, more, images_folder, finished, tmp_path):
    settings = ("train.epochs=6", *(one.format(finished=finished) for one in more))
    whole = finished_run(forking, images_folder, tmp_path / "whole", *settings)
    place = tmp_path / "place"
    place.mkdir()
    command, draw = tiny_run(images_folder, place / "run", *settings), random.Random(0)
    kills = 0
    while kills < 10:
        # At some file after those that every start writes.
        ended = run_command(forking, command, killed_at=draw.randint(30, 60), watched=place)
        if ended.code == 0:
            break
        assert ended.code == -9, ended.output
        kills += 1
    ended = run_command(forking, command)
    assert ended.code == 0, ended.output
    assert kills >= 3
    assert_same_end(whole, place / "run")
