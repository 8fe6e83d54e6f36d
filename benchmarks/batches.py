"""Batches through the exported SavedModel: several images in one call beside one call for each.

Run: python -m benchmarks.batches [--network resnet] [--size 256] [--images 4]
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import tensorflow as tf

from benchmarks.exported_files import trained_like
from tfi2i import networks
from tfi2i.export import export_saved_model

NETWORKS = {
    "unet": lambda: networks.unet(statistics_at_inference="image"),
    "resnet": lambda: networks.resnet(blocks=9),
}


def main() -> None:
    """Prints the median seconds of both ways, which take turns, and how many times as long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, default="resnet")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    generator = trained_like(NETWORKS[arguments.network]())
    shape = (arguments.images, arguments.size, arguments.size, 3)
    images = tf.constant(np.random.default_rng(0).uniform(0, 255, shape), tf.float32)
    results = {}
    for precision in ("float32", "bfloat16"):
        with tempfile.TemporaryDirectory() as folder:
            version = export_saved_model(generator, folder, metadata={}, precision=precision)
            serve = tf.saved_model.load(str(version)).signatures["serving_default"]
        together, apart = [], []
        for _ in range(arguments.rounds + 1):
            together.append(_seconds(lambda serve=serve: serve(images=images)["images"].numpy()))
            apart.append(
                _seconds(
                    lambda serve=serve: [
                        serve(images=image[tf.newaxis])["images"].numpy() for image in images
                    ]
                )
            )
        # The first round warms up.
        batch, single = median(together[1:]), median(apart[1:])
        results[precision] = {
            "batch_s": round(batch, 4),
            "one_by_one_s": round(single, 4),
            "ratio": round(batch / single, 3),
        }
    print(json.dumps(results, indent=1))


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
