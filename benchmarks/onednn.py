"""What oneDNN's kernels bring where TensorFlow would leave them off: the race and its section."""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.contestants import ours, run, times
from benchmarks.markdown import table

WITH, WITHOUT = "with oneDNN", "without"
# What is computed, for how many units a turn.
STEPS = {
    "pix2pix 256": (("pix2pix", "--size", "256"), 4),
    "pix2pix 64": (("pix2pix", "--size", "64"), 8),
    "cyclegan 128": (("cyclegan", "--size", "128"), 2),
    "pix2pix small": (("pix2pix", "--size", "64", "--recipe", "small"), 8),
    "cyclegan small": (("cyclegan", "--size", "64", "--recipe", "small"), 8),
}
GENERATORS = {"U-Net-256 served": "unet", "ResNet-9 served": "resnet"}


def onednn(peers: str, scale: float, works: list[str] | None = None) -> dict[str, Any]:
    """Steps and exported generators with the kernels that `import tfi2i` turns on, and without."""
    wanted = [name for name in (*STEPS, *GENERATORS) if not works or name in works]
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        if set(wanted) & set(GENERATORS):
            subprocess.run([sys.executable, "-m", "benchmarks.exported_files", folder], check=True)
        for name in wanted:
            if name in STEPS:
                work, units = STEPS[name]
                command = ("train_tfi2i", *work)
            else:
                path = Path(folder) / GENERATORS[name] / "float32" / "1"
                command, units = ("translate_tfi2i", str(path)), 4
            contestants = [
                ours(WITH, *command, TF_ENABLE_ONEDNN_OPTS="1"),
                ours(WITHOUT, *command, TF_ENABLE_ONEDNN_OPTS="0"),
            ]
            results[name] = run(contestants, times(4, scale), units)
    return results


def onednn_section(works: dict[str, Any]) -> str:
    """The section of docs/speed.md; `works` is what `onednn` gives."""
    rows = []
    for name, outcomes in works.items():
        seconds, longer = outcomes[WITH]["median_s"], outcomes[WITHOUT]["median_s"]
        rows.append(
            [name, f"{1000 * seconds:,.0f}", f"{1000 * longer:,.0f} ({longer / seconds:.2f})"]
        )
    return (
        "Where a processor has no AVX-512, TensorFlow leaves oneDNN's kernels off. `import tfi2i` "
        "and the command turn them on, unless TF_ENABLE_ONEDNN_OPTS is set or TensorFlow was "
        "imported before (a server reads its own environment). The steps are in float32 at "
        "the pixels that are named, or of the recipe `small`. In brackets: how many times as long "
        "without them.\n\n" + table(["ms", WITH, WITHOUT], rows)
    )
