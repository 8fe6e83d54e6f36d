"""A data set that has to be fetched, where there is no network: an error within a minute."""

import subprocess
import sys
import time

import pytest

PROGRAM = """
import ctypes, os, sys
library = ctypes.CDLL(None, use_errno=True)
new_network, new_user = 0x40000000, 0x10000000
if library.unshare(new_network | (new_user if os.getuid() else 0)):
    sys.exit("cannot leave the network")
from tfi2i.cli import main
main(sys.argv[1:])
"""


@pytest.mark.fault("29", "R14")
def test_a_data_set_without_a_network_is_given_up_within_a_minute(tmp_path):
    pytest.importorskip("tensorflow_datasets")
    command = ["train", "cyclegan", "--data", "tfds:cycle_gan/horse2zebra", "--run", tmp_path / "r"]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *command],
        capture_output=True, text=True, env={"HOME": str(tmp_path)}, timeout=500,
    )  # fmt: skip
    if "cannot leave the network" in done.stderr:
        pytest.skip("this system gives a process no network of its own (namespaces)")
    assert done.returncode == 2 and "Manual route: put the builder's archive" in done.stderr
    assert time.monotonic() - began < 90, "the import of TensorFlow among it"
