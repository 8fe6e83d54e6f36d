"""One run from recipe to figures, each step a `tfi2i` command in a process of its own.

A process of its own has its own peak memory and its own seed for everything. What is finished in a
folder is not repeated.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfi2i.errors import RunError, TrainingError
from tfi2i.machine import available_cores
from tfi2i.training.run.folder import RunFolder
from tfi2i.whole_files import read_json, refuse_file, refuse_folder, write_json


def measured_run(
    folder: RunFolder, train: Sequence[str], *, label: str, measures: Sequence[str] = (), jobs: int
) -> dict[str, Any]:
    """Trains and evaluates, or reads what an earlier call did in this folder.

    Args:
        folder: Folder of the run.
        train: The words of the `train` command, without `--run`.
        label: What is shown when work begins.
        measures: Names of `tfi2i.evidence.measures` to take besides the usual figures.
        jobs: Processes side by side; this one gets its share of the processor's threads.

    Returns:
        `evaluation` (as `tfi2i evaluate --json`), `peak_memory_mib`, `iterations`, `seconds`,
        `images_per_second`.

    Raises:
        TrainingError: If a command fails; its own message is in its log.
    """
    record_path = folder.path / "record.json"
    if record_path.exists():
        return {**read_json(record_path), **training_cost(folder)}
    print(f"{label} ...", flush=True)
    run = ("--run", str(folder.path))
    memory = run_command("train", *train, *run, log=folder.path, jobs=jobs)
    figures_path = folder.path / "evaluation.json"
    asked = [part for name in measures for part in ("--measure", name)]
    run_command("evaluate", *run, "--json", str(figures_path), *asked, log=folder.path, jobs=jobs)
    record = {
        "evaluation": read_json(figures_path),
        "peak_memory_mib": round(memory),
        **training_cost(folder),
    }
    write_json(record_path, record)
    return record


def run_command(*arguments: str, log: Path, jobs: int = 1) -> float:
    """Runs one command of `tfi2i` in a process of its own.

    Args:
        *arguments: The words of the command, without `tfi2i`.
        log: The folder for its output, `<first word>.out`.
        jobs: Commands that run side by side; each gets its share of the processor's threads.

    Returns:
        Its peak memory in MiB.

    Raises:
        RunError: If this system does not tell the peak memory of a process (Windows), or there is
            no place for the output.
        TrainingError: If it fails; its own message is in its log.
    """
    if not hasattr(os, "wait4"):
        raise RunError(
            "measured runs need the peak memory of a process, which this system does not tell: use "
            "Linux (on Windows, its subsystem for Linux) or macOS"
        )
    threads = str(max(1, available_cores() // jobs))
    environment = {
        **os.environ, "TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads
    }  # fmt: skip
    log_path = log / f"{arguments[0]}.out"
    refuse_file(log, RunError)
    refuse_folder(log_path, RunError)
    log.mkdir(parents=True, exist_ok=True)
    with open(log_path, "ab") as file:
        command = [sys.executable, "-m", "tfi2i", *arguments]
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise TrainingError(f"`tfi2i {' '.join(arguments)}` failed; see {log_path}")
    return mebibytes(usage.ru_maxrss, sys.platform)


def mebibytes(maximum: int, platform: str) -> float:
    """MiB of a process's `ru_maxrss`, which macOS gives in bytes and other systems in KiB."""
    return maximum / (2**20 if platform == "darwin" else 2**10)


def training_cost(folder: RunFolder) -> dict[str, float]:
    """Iterations, median images per second, and the seconds that all iterations take at that pace.

    It takes the median, because a run that shares the machine or is resumed would otherwise count
    that time too.
    """
    lines = folder.metrics()
    rate = statistics.median(line["images_per_second"] for line in lines)
    iterations = int(lines[-1]["iteration"])
    images = iterations * folder.recipe().data["batch_size"]
    return {
        "iterations": iterations,
        "seconds": round(images / rate),
        "images_per_second": round(rate, 1),
    }
