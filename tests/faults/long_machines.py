"""A worker that is stopped for a while, and one that dies: the job ends as if neither had been."""

import signal
import time
from pathlib import Path

import numpy as np
import pytest

from faulty_commands import last_state
from tfi2i.training import RunFolder
from two_workers import start_two

LONG = ("train.epochs=300", "train.sample_every=9000", "train.checkpoint_every=20")


def wait_for(run: Path, iteration: int) -> None:
    deadline = time.monotonic() + 300
    while not any(line["iteration"] >= iteration for line in RunFolder(run).metrics()):
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.1)


def end(processes, codes) -> list[str]:
    outputs = [process.communicate() for process in processes]
    found = [process.returncode for process in processes]
    assert all(code in wanted for code, wanted in zip(found, codes, strict=True)), outputs
    return outputs


@pytest.mark.fault("1", "2")
def test_a_straggler_and_a_dead_worker_change_nothing(forking, paired_folder, tmp_path):
    whole, disturbed = tmp_path / "whole", tmp_path / "disturbed"
    end(start_two(forking, paired_folder, whole, *LONG), [(0,), (0,)])

    processes = start_two(forking, paired_folder, disturbed, *LONG)
    wait_for(disturbed, 20)
    processes[1].send_signal(signal.SIGSTOP)
    time.sleep(5)
    processes[1].send_signal(signal.SIGCONT)
    wait_for(disturbed, 60)
    processes[1].send_signal(signal.SIGKILL)
    # The other one notices and ends too; it may have come to its end before.
    end(processes, [range(-32, 256), (-signal.SIGKILL,)])
    assert 60 <= int(last_state(disturbed)["iteration"]) < 300

    end(start_two(forking, paired_folder, disturbed, *LONG), [(0,), (0,)])
    one, other = last_state(whole), last_state(disturbed)
    assert one["iteration"] == other["iteration"] == 300
    assert not [name for name in one if not np.array_equal(one[name], other[name])]
