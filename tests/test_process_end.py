"""A process ends although its batches are still being loaded."""

import subprocess
import sys
import threading

import pytest

from tfi2i.data.pipeline.process_end import _Calls

# The images take their time: when the script ends, threads are in the middle of a batch. `kept` is
# what a traceback keeps of a `fit` that an error or Ctrl-C stopped. What is registered first runs
# last at exit.
SCRIPT = """
import atexit, time

begun, ended = [], []

def look():
    before = len(begun)
    quiet = before == len(ended)
    time.sleep(0.5)
    print("quiet" if quiet and before == len(begun) else "busy", flush=True)

atexit.register(look)

import numpy as np
from tfi2i.data import EIGHT_BITS, DataSource, Split, training_batches

class Slow:
    names, sizes, channels, value_range = list("abcd"), [(8, 8)] * 4, 3, EIGHT_BITS
    def __len__(self):
        return 4
    def load(self, index):
        begun.append(index)
        for _ in range(300):
            time.sleep(0.001)
        ended.append(index)
        return np.zeros((8, 8, 3), np.uint8)

source = DataSource("images", "slow", "slow images", {"train": Split(Slow())})
batches = training_batches(source, batch_size=2, load_size=None, crop_size=8, cache=False)
kept = iter(batches)
print(next(kept).shape)
"""


def test_a_script_ends_with_an_iterator_in_a_global_name():
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stdout) == (0, "(2, 8, 8, 3)\nquiet\n")
    assert "Traceback" not in done.stderr and "StopIteration" not in done.stderr


def test_calls_under_way_are_waited_for_and_later_ones_do_nothing():
    calls, begun, may_end, order = _Calls(), threading.Event(), threading.Event(), []

    def load():
        with calls:
            begun.set()
            may_end.wait(60)
            order.append("loaded")

    def end():
        calls.end()
        order.append("ended")

    loading, ending = threading.Thread(target=load), threading.Thread(target=end)
    loading.start()
    begun.wait(60)
    ending.start()
    ending.join(0.3)
    may_end.set()
    for thread in (loading, ending):
        thread.join(60)
    assert order == ["loaded", "ended"]
    with pytest.raises(StopIteration), calls:
        order.append("too late")
    assert len(order) == 2
