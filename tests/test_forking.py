"""What tests/forking.py starts is like what Python starts."""

import os
import signal
import subprocess
import sys

import pytest

SHOWN = """
import os, sys, tensorflow as tf
print(sys.argv, os.getcwd(), os.environ.get("GIVEN"), __name__)
print(len(tf.config.list_logical_devices("CPU")), float(tf.reduce_sum(tf.ones(3))))
print("complaint", file=sys.stderr)
"""


def test_a_program_is_alone_with_its_arguments_folder_and_environment(forking, tmp_path):
    environment = {**os.environ, "GIVEN": "so"}
    done = forking.run("-c", SHOWN, "one", 2, environment=environment, folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout == f"['-c', 'one', '2'] {tmp_path} so __main__\n1 3.0\n"
    assert done.stderr.endswith("complaint\n")
    assert "GIVEN" not in os.environ


@pytest.mark.parametrize(
    "ending", ["pass", "raise SystemExit", "raise SystemExit(7)", "raise SystemExit('no')", "1 / 0"]
)
def test_the_exit_code_is_what_python_would_give(forking, ending):
    done = forking.run("-c", ending)
    python = subprocess.run([sys.executable, "-c", ending], capture_output=True, text=True)
    assert done.returncode == python.returncode
    assert done.stderr.splitlines()[-1:] == python.stderr.splitlines()[-1:]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_signal_ends_it(forking, number):
    process = forking.start("-c", "import time\nprint(1, flush=True)\ntime.sleep(60)")
    assert process.stdout.readline() == "1\n"
    assert process.poll() is None
    process.send_signal(number)
    assert process.communicate() == ""
    assert process.wait() == process.poll() == -number


def test_what_is_registered_runs_at_its_end(forking):
    done = forking.run("-c", "import atexit\natexit.register(print, 'last')\nprint('first')")
    assert done.stdout == "first\nlast\n"


def test_a_module_runs_as_main(forking):
    done = forking.run("-m", "tfi2i", "--version")
    assert done.returncode == 0 and done.stdout.startswith("tfi2i ")
