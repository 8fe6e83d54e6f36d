"""How many images a second the input pipeline delivers: from JPEG files, and from memory.

Run: python benchmarks/input_pipeline.py [--json PATH]
Prints a table. The images are blurred noise, written as JPEG (quality 90) to a temporary folder.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from tfi2i.data import open_source, training_batches

# Side of the JPEG, load_size, crop_size, batch_size.
SETTINGS = [(256, 286, 256, 1), (256, 286, 256, 4), (64, 72, 64, 16)]
IMAGES = 200


def write_images(folder: Path, side: int) -> None:
    """Writes the JPEG files."""
    random = np.random.default_rng(0)
    for number in range(IMAGES):
        noise = Image.fromarray(random.integers(0, 256, (side, side, 3), dtype=np.uint8))
        noise.filter(ImageFilter.GaussianBlur(2)).save(folder / f"{number}.jpg", quality=90)


def rate(folder: Path, *, cache: bool, load: int, crop: int, batch: int, seconds: float) -> float:
    """Images per second over some seconds; with `cache`, after every image was seen once."""
    source = open_source(folder, kind="images")
    dataset = training_batches(
        source, batch_size=batch, load_size=load, crop_size=crop, cache=cache
    )
    batches = iter(dataset)
    for _ in range(2 * IMAGES // batch if cache else 4):
        next(batches)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        next(batches)
        count += batch
    return count / (time.perf_counter() - start)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Images per second of the input pipeline.")
    parser.add_argument("--seconds", type=float, default=5, help="of every measurement")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is shown")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    rows = []
    for side, load, crop, batch in SETTINGS:
        with tempfile.TemporaryDirectory() as folder:
            write_images(Path(folder), side)
            row = {"jpeg": side, "load": load, "crop": crop, "batch": batch}
            for name, cache in (("from_jpeg", False), ("from_memory", True)):
                rates = [
                    rate(
                        Path(folder),
                        cache=cache,
                        load=load,
                        crop=crop,
                        batch=batch,
                        seconds=arguments.seconds,
                    )
                    for _ in range(arguments.rounds)
                ]
                row[name] = round(float(np.median(rates)))
            rows.append(row)
    print(f"images per second, median of {arguments.rounds} rounds, {os.cpu_count()} CPU cores")
    print(f"{'JPEG':>6}{'load':>6}{'crop':>6}{'batch':>6}{'from JPEG':>11}{'from memory':>13}")
    for row in rows:
        print(
            f"{row['jpeg']:>6}{row['load']:>6}{row['crop']:>6}{row['batch']:>6}"
            f"{row['from_jpeg']:>11}{row['from_memory']:>13}"
        )
    if arguments.json:
        load = os.getloadavg()[0]
        result = {"cores": os.cpu_count(), "load_average": load, "images_per_second": rows}
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
