"""Ways to translate a large image: memory, time, and how near each is to the whole image at once.

Run: python -m benchmarks.large_images [--json FILE]
Writes benchmarks/results_large_images.json, of which `python -m benchmarks.one_picture --page`
shows a table. It takes about 10 minutes on one core.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pictures import domains_of, picture
from benchmarks.worker import peak_mib
from tfi2i.cli.chosen import choose_model
from tfi2i.data import resize_image
from tfi2i.inference.passes import planned
from tfi2i.inference.steps import laid_open
from tfi2i.inference.strips import StripNetwork
from tfi2i.metrics import psnr

RESULTS = Path(__file__).with_name("results_large_images.json")
# A preset for each kind of network, and the sides of the squares that it translates.
KINDS = {
    "U-Net, moving statistics": ("pix2pix-relief2elevation-64", (1024,)),
    "U-Net, statistics of the image": ("bicyclegan-elevation2satellite-64", (1024,)),
    "ResNet": ("cyclegan-relief2elevation-64", (1024, 2048)),
    "ResNet of many domains": ("stargan-earth-64", (1024,)),
    "statistics of a style (AdaIN)": ("adain-relief2elevation-64", (1024,)),
    "U-Net with attention": ("siamese-relief2elevation-64", (1024,)),
}
TILE = 256
WAYS = ("whole", "strips", "reduced", "tiles")
# A square of the map without the poles; for larger sides it is enlarged.
PLACE, CUT = (150, 1200), 1024


def main() -> None:
    """Measures every kind, size and way in a process of its own."""
    parser = argparse.ArgumentParser(description="Ways to translate a large image.")
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        preset, side, way, path = arguments.one
        print(json.dumps(measured(preset, int(side), way, Path(path))))
        return
    results: dict[str, Any] = {}
    for kind, (preset, sides) in KINDS.items():
        results[kind] = {"preset": preset, "sides": {}}
        for side in sides:
            results[kind]["sides"][str(side)] = _ways(preset, side)
            arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _ways(preset: str, side: int) -> dict[str, dict[str, float | None]]:
    """Way -> peak memory in MiB, seconds, PSNR against the whole image."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for way in WAYS:
            print(f"    {preset}, {side} px, {way}", file=sys.stderr, flush=True)
            path = Path(folder) / f"{way}.npy"
            command = [sys.executable, "-m", "benchmarks.large_images", "--one"]
            command += [preset, str(side), way, str(path)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            made, whole = np.load(path)[None], np.load(Path(folder) / "whole.npy")[None]
            equal = np.array_equal(made, whole)
            found[way] = {
                **json.loads(done.stdout.splitlines()[-1]),
                "psnr_db": None if equal else round(psnr(made, whole), 2),
            }
    return found


def measured(preset: str, side: int, way: str, path: Path) -> dict[str, float]:
    """Translates in this process, writes the result, and tells seconds and further memory."""
    from benchmarks.reduced_statistics import translate_by_reduced_statistics
    from tfi2i.inference import translate

    chosen = choose_model(None, preset)
    model = chosen.translator()
    direction = list(model.translators)[-1]
    generator = model.translator(direction)
    read, _ = domains_of(source := chosen.open_data(None), direction)
    image = resize_image(picture(source, read, CUT, PLACE), side, side)
    translate.MOST_PIXELS_AT_ONCE = sys.maxsize
    by_strips = StripNetwork(planned(laid_open(generator)))
    ways = {
        "whole": lambda image: translate.translate_image(generator, image),
        "strips": by_strips.translate,
        "reduced": lambda image: translate_by_reduced_statistics(generator, image),
        "tiles": lambda image: translate.translate_image(generator, image, tile=TILE),
    }
    with model.averaged_weights():
        ways[way](image[:TILE, :TILE])
        before, start = peak_mib(), time.perf_counter()
        made = ways[way](image)
    seconds = time.perf_counter() - start
    np.save(path, made)
    return {"seconds": round(seconds, 1), "peak_mib": round(peak_mib() - before)}


if __name__ == "__main__":
    main()
