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
    "pix2pix 256 px": (("pix2pix", "--size", "256"), 4),
    "pix2pix 64 px": (("pix2pix", "--size", "64"), 8),
    "cyclegan 128 px": (("cyclegan", "--size", "128"), 2),
    "pix2pix, recipe `small`": (("pix2pix", "--size", "64", "--recipe", "small"), 8),
    "cyclegan, recipe `small`": (("cyclegan", "--size", "64", "--recipe", "small"), 8),
}
GENERATORS = {"unet": "U-Net-256, served", "resnet": "ResNet-9, served"}


def onednn(peers: str, scale: float) -> dict[str, Any]:
    """Steps and exported generators with the kernels that `import tfi2i` turns on, and without."""
    works = {name: (("train_tfi2i", *work), units) for name, (work, units) in STEPS.items()}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "benchmarks.exported_files", folder], check=True)
        for network, name in GENERATORS.items():
            path = str(Path(folder) / network / "float32" / "1")
            works[name] = (("translate_tfi2i", path), 4)
        results = {}
        for name, (command, units) in works.items():
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
        "imported before; a server needs the setting in its own environment. In float32, in "
        "brackets how many times as long.\n\n" + table(["ms", WITH, WITHOUT], rows)
    )
