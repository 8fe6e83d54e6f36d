"""Several replicas on one machine: logical devices of one process, or workers on loopback."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys

import tensorflow as tf

from tfi2i.training.strategy import make_strategy

REPLICAS = 2
_STRATEGIES = {"one": "one", "devices": "mirrored", "workers": "multiworker"}
_END_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def strategy_of(replicas: str) -> tf.distribute.Strategy:
    """tfi2i's own for `one` device, two logical `devices`, or two `workers`."""
    if replicas == "devices":
        device = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration() for _ in range(REPLICAS)]
        tf.config.set_logical_device_configuration(device, parts)
    return make_strategy(_STRATEGIES[replicas])


def second_worker() -> subprocess.Popen | None:
    """Starts this program once more as the second worker; None in the second worker itself.

    Each gets its share of the cores as threads.
    """
    if "TF_CONFIG" in os.environ:
        return None
    addresses = [f"127.0.0.1:{port}" for port in _free_ports(REPLICAS)]
    os.environ["TF_NUM_INTRAOP_THREADS"] = str(max(1, (os.cpu_count() or 1) // REPLICAS))
    os.environ["TF_CONFIG"] = _task(addresses, 1)
    second = subprocess.Popen(
        [sys.executable, *sys.orig_argv[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        preexec_fn=_end_with_parent,
    )
    os.environ["TF_CONFIG"] = _task(addresses, 0)
    return second


def _task(addresses: list[str], index: int) -> str:
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": addresses}, "task": task})


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
