"""Two workers on loopback that train one model and write one run folder."""

import json
import os
import socket
from pathlib import Path

from forking import Forked, Forking


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def command(data: Path, run: Path, *overrides: str) -> list[str]:
    return [
        *("train", "pix2pix", "--data", str(data)),
        *("--run", str(run), "data.batch_size=4", "data.load_size=36", "data.crop_size=32"),
        *("model.filters=4", "model.discriminator_filters=4", "model.receptive_field=16"),
        *("model.depth=3", "model.dropout=0.0", "train.epochs=2", "train.samples=2"),
        *overrides,
    ]


def start_two(forking: Forking, data: Path, run: Path, *overrides: str) -> list[Forked]:
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = []
    for index in range(2):
        cluster = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        processes.append(
            forking.start(
                "-m",
                "tfi2i",
                *command(data, run, "train.strategy=multiworker", *overrides),
                environment={**os.environ, "TF_CONFIG": json.dumps(cluster)},
            )
        )
    return processes
