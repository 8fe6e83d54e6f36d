"""What `tfi2i translate` takes for one very large picture: memory, time, and cores kept busy.

Run: python -m benchmarks.megapixels [--side 11648x8736] [--json FILE] [--page docs/large.md]
Writes benchmarks/results_megapixels.json. A picture of 102 million pixels takes some minutes for
each preset, and about 20 GB for a while in the folder for temporary files (TMPDIR). `--page` alone
writes the table of the last results.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.markdown import table
from benchmarks.pictures import domains_of, picture
from tfi2i.cli.chosen import choose_model
from tfi2i.image_sizes import height_and_width
from tfi2i.machine import available_cores, processor_name

RESULTS = Path(__file__).with_name("results_megapixels.json")
BEGIN, END = "<!-- megapixels: begin -->", "<!-- megapixels: end -->"
# A preset for each kind of network. Attention is not among them: it compares all pairs of places,
# so that its time grows with the square of the pixels.
KINDS = {
    "U-Net": "pix2pix-relief2elevation-64",
    "ResNet": "cyclegan-relief2elevation-64",
    "ResNet of many domains": "stargan-earth-64",
}
# A part of the map without the poles, which is enlarged.
PLACE, CUT = (150, 900), (900, 1200)


def main() -> None:
    """Translates the picture with each preset in a process of its own."""
    parser = argparse.ArgumentParser(description="One very large picture.")
    parser.add_argument("--side", default="8736x11648", help="height and width in pixels")
    parser.add_argument("--kinds", nargs="*", choices=KINDS, help="measure these anew")
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, help="write the table of the results there, no more")
    arguments = parser.parse_args()
    results: dict[str, Any] = (
        json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
    )
    if arguments.page:
        page = arguments.page.read_text(encoding="utf-8")
        above, _, rest = page.partition(BEGIN)
        below = rest.partition(END)[2]
        arguments.page.write_text(above + section(results) + below, encoding="utf-8")
        return
    for kind in arguments.kinds or KINDS:
        height, width = height_and_width(arguments.side)
        results[kind] = measured(KINDS[kind], height, width)
        print(kind, results[kind], flush=True)
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def measured(preset: str, height: int, width: int) -> dict[str, Any]:
    """Runs the command on a JPEG file; figures of the whole process, its start included."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "large.jpg"
        _picture(preset).resize((width, height), Image.Resampling.BICUBIC).save(source, quality=92)
        command = [sys.executable, "-m", "tfi2i", "translate", "--preset", preset]
        command += ["--out", str(Path(folder) / "out"), str(source)]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, code, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(code)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    cpu = used.ru_utime + used.ru_stime
    megapixels = height * width / 1e6
    return {
        "preset": preset,
        "megapixels": round(megapixels, 1),
        "peak_mib": round(used.ru_maxrss / 1024),
        "seconds": round(seconds, 1),
        "seconds_per_megapixel": round(seconds / megapixels, 3),
        "processor_seconds": round(cpu, 1),
        "cores_busy": round(cpu / seconds, 2),
        "cores": available_cores(),
        "processor": processor_name(),
    }


def _picture(preset: str) -> Image.Image:
    chosen = choose_model(None, preset)
    model = chosen.translator()
    read, _ = domains_of(source := chosen.open_data(None), next(iter(model.translators)))
    return Image.fromarray(picture(source, read, CUT, PLACE))


def section(results: dict[str, Any]) -> str:
    """The table between its markers."""
    rows = [
        [
            f"{kind} (`{one['preset']}`)",
            f"{one['megapixels']:g}",
            f"{one['peak_mib']:,}",
            f"{one['seconds']:,.0f}",
            f"{one['seconds_per_megapixel']:.2f}",
            f"{one['processor_seconds']:,.0f}",
            f"{one['cores_busy']:.2f} of {one['cores']}",
        ]
        for kind, one in results.items()
    ]
    head = ["", "megapixels", "peak MiB", "seconds", "s per megapixel", "processor seconds"]
    head += ["cores busy"]
    machines = sorted({one["processor"] for one in results.values()})
    return f"{BEGIN}\n{table(head, rows)}\n\nMeasured on {', '.join(machines)}.\n{END}"


if __name__ == "__main__":
    main()
