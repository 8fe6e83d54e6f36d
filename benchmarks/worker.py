"""A contestant's side of the conversation with `race.py`."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def say(**message: Any) -> None:
    """Answers the race."""
    print("@@" + json.dumps(message), flush=True)


def next_units() -> int | None:
    """How many units of work to do; None when the race is over."""
    line = sys.stdin.readline()
    return int(line) if line.strip() else None


def take_turns(
    work: Callable[[], Any], gpu: tuple[Callable, Callable] | None = None, **facts: Any
) -> None:
    """Does the race's work by calling a function once a unit.

    Args:
        work: Returns when the unit is really finished; on a GPU, when it is given to it.
        gpu: Of a GPU: what waits until it has done all that it was given, and what tells the
            largest memory so far in MiB. A turn is then timed as a whole.
        **facts: Facts about the contestant, for the table.
    """
    wait, memory = gpu or (None, peak_mib)
    work()
    say(**facts)
    while units := next_units():
        seconds = []
        start = time.perf_counter()
        for _ in range(units):
            work()
            if not wait:
                seconds.append(time.perf_counter() - start)
                start = time.perf_counter()
        if wait:
            wait()
            seconds = [(time.perf_counter() - start) / units]
        say(seconds=seconds)
    say(peak_mib=memory())


def tensorflow_gpu() -> tuple[Callable, Callable] | None:
    """What `take_turns` wants to know of a GPU that TensorFlow computes on; None without one."""
    import tensorflow as tf  # Not all contestants have it.

    if not tf.config.list_physical_devices("GPU"):
        return None

    def memory() -> float:
        return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20

    return tf.test.experimental.sync_devices, memory


def peak_mib(process: int | None = None) -> float:
    """Largest resident memory so far, of this process or of another one by number."""
    status = Path(f"/proc/{process or 'self'}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
