"""The page's part on processors with matrix units: the races run again on two cores of one."""

from typing import Any

from benchmarks.table import machine_in_words, races


def on_amx(results: dict[str, Any]) -> str:
    """The section of docs/speed.md; `results` are those of `benchmarks/results_amx.json`."""
    return "\n".join(
        [
            f"{machine_in_words(results, 'training')}, {results['training_date']} UTC, pinned to "
            "two of 16 cores. In brackets: how many times faster than the first row.",
            *races(results),
            "",
            _READING,
        ]
    )


_READING = """\
Trainings on a GPU ran on the other 14 cores. Medians therefore lie above the fastest times, by half
for ResNet-9 in bfloat16 and by twice for OpenVINO's: the ratios are rough, but the contestants took
turns. PyTorch's compiled form is missing, because it was not ready in the time available. Two rows
would be faster now: U-Net-256 was exported with transposed convolutions and served without frozen
weights, and pix2pix was trained without products of matrices for its small maps.

    taskset -c 0,1 python -m benchmarks.run --peers PYTHON --only roofline,training,latency \\
        --json benchmarks/results_amx.json"""
