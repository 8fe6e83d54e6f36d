"""Where the time goes: every kernel that oneDNN runs in a step or a generator, beside the peak.

oneDNN names each kernel, its problem and its milliseconds when ONEDNN_VERBOSE asks for it. What a
convolution or matrix product would take at the machine's peak follows from its problem; the
difference is lost.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from statistics import median
from typing import Any

SHOWN = 12
_UNITS = 3
_SIZES = re.compile(r"(mb|g|ic|oc|oh|ow|kh|kw)(\d+)")


@dataclass
class Kernel:
    """One kernel of oneDNN on one problem.

    Attributes:
        milliseconds: Milliseconds of every time it ran.
        gflop: GFLOP of one time; 0 where it computes no products.
    """

    gflop: float
    milliseconds: list[float] = field(default_factory=list)


def layers(module: str, *arguments: str, peak_gflops: float, **environment: str) -> dict[str, Any]:
    """Runs one of our contestants and reads what oneDNN says.

    Args:
        module: A module of `benchmarks`: a contestant.
        *arguments: Its own.
        peak_gflops: The machine's, in the contestant's number format.
        **environment: Environment of its process.

    Returns:
        `unit_ms`, a step's or an image's median; `kernels_ms` and `gflop` of oneDNN's part of it,
        `share_of_peak` of the whole unit, `by_kind` in ms, and `losses`: the kernels that are
        furthest from the peak, each with `problem`, `times` in a unit, `ms`, `gflops` and
        `lost_ms`, all of a unit.
    """
    lines = _verbose_lines(module, *arguments, **environment)
    seconds = next(line for line in lines if '"seconds"' in line)
    unit_ms = 1000 * median(float(number) for number in re.findall(r"\d+\.\d+", seconds))
    # Without the first unit, which builds, and brings weights that stay into order.
    built = next(number for number, line in enumerate(lines) if line.startswith("@@"))
    kernels = kernels_of(lines[built:])
    rows, by_kind = [], defaultdict(float)
    for (kind, problem), kernel in kernels.items():
        times = len(kernel.milliseconds) / _UNITS
        spent = median(kernel.milliseconds) * times
        by_kind[kind] += spent
        rows.append(_row(kind, problem, times, spent, kernel.gflop * times, peak_gflops))
    gflop = sum(row["gflop"] for row in rows)
    rows.sort(key=lambda row: -row["lost_ms"])
    return {
        "unit_ms": round(unit_ms, 1),
        "kernels_ms": round(sum(by_kind.values()), 1),
        "gflop": round(gflop, 1),
        "share_of_peak": round(gflop / (unit_ms / 1000) / peak_gflops, 3),
        "by_kind": {kind: round(ms, 1) for kind, ms in sorted(by_kind.items())},
        "losses": rows[:SHOWN],
    }


def _row(
    kind: str, problem: str, times: float, spent: float, gflop: float, peak: float
) -> dict[str, Any]:
    return {
        "kind": kind,
        "problem": problem,
        "times": round(times, 1),
        "ms": round(spent, 2),
        "gflop": round(gflop, 3),
        "gflops": round(gflop / spent * 1000) if spent else 0,
        "lost_ms": round(spent - gflop / peak * 1000, 2),
    }


def _verbose_lines(module: str, *arguments: str, **environment: str) -> list[str]:
    # One operator at a time, or kernels that overlap would be counted twice.
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTEROP_THREADS": "1"}
    root = str(Path(__file__).parent.parent)
    with tempfile.TemporaryFile("w+") as output:
        subprocess.run(
            [sys.executable, "-m", f"benchmarks.{module}", *arguments],
            input=f"{_UNITS}\n",
            stdout=output,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
            cwd=root,
            env={**os.environ, **quiet, "ONEDNN_VERBOSE": "profile_exec", **environment},
        )
        output.seek(0)
        return output.read().splitlines()


def kernels_of(lines: list[str]) -> dict[tuple[str, str], Kernel]:
    """(kind of work, problem) to its kernel, of the lines that name one."""
    kernels: dict[tuple[str, str], Kernel] = {}
    for line in lines:
        if not line.startswith("onednn_verbose,v1,primitive,exec,cpu,"):
            continue
        primitive, _, direction, *_, problem, milliseconds = line.split(",")[5:]
        kind = primitive if direction == "undef" else f"{primitive}, {direction}"
        gflop = _GFLOP[primitive](problem) if primitive in _GFLOP else 0.0
        kernel = kernels.setdefault((kind, problem), Kernel(gflop))
        kernel.milliseconds.append(float(milliseconds))
    return kernels


def _of_convolution(problem: str) -> float:
    """As `mb1_ic64oc128_ih32oh16kh4sh2dh0ph1_iw32ow16kw4sw2dw0pw1` tells."""
    size = {key: int(number) for key, number in reversed(_SIZES.findall(problem))}
    products = size["mb"] * size["ic"] * size["oc"] * size["kh"] * size["kw"]
    return 2e-9 * products * size["oh"] * size["ow"] / size.get("g", 1)


def _of_matrix_product(problem: str) -> float:
    """As `4x16x8192:4x8192x512` tells: two stacks of 4 matrices."""
    first, second = ([int(side) for side in one.split("x")] for one in problem.split(":"))
    return 2e-9 * prod(first) * second[-1]


_GFLOP = {
    "convolution": _of_convolution,
    "deconvolution": _of_convolution,
    "matmul": _of_matrix_product,
}
