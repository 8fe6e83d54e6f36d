"""The page's part on processors with matrix units: the races run again on two cores of one."""

from typing import Any

from benchmarks.table import machine_in_words, races


def on_amx(results: dict[str, Any]) -> str:
    """The section of docs/speed.md; `results` are those of `benchmarks/results_amx.json`."""
    return "\n".join(
        [
            f"{machine_in_words(results, 'training')}, {results['training_date']} UTC, pinned to "
            "two of 16 cores. In brackets how many times faster than the first row.",
            *races(results),
            "",
            _READING,
        ]
    )


_READING = """\
Trainings on a GPU ran on the other 14 cores, so that medians lie above the fastest, of ResNet-9 in
bfloat16 by half, of OpenVINO's by twice: rough ratios, of contestants that took turns. PyTorch's
compiled form is missing: it was not ready within the time that there was. Two rows would be
faster now: U-Net-256 was exported with transposed convolutions and served without frozen weights,
and pix2pix trained without products of matrices for its small maps.

    taskset -c 0,1 python -m benchmarks.run --peers PYTHON --only roofline,training,latency \\
        --json benchmarks/results_amx.json"""
