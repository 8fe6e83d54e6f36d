"""Peak memory of a served model with attention, whose scores grow with the square of the pixels.

Run: python -m benchmarks.served_memory [--size 1024]
"""

import argparse
import json
import subprocess
import sys
import tempfile

import tensorflow as tf

from benchmarks.exported_files import trained_like
from benchmarks.worker import peak_mib
from tfi2i.export import export_saved_model, read_metadata
from tfi2i.zoo.unpaired.siamese_translator import SiameseTranslator


def main() -> None:
    """Exports the generator, and prints the peak of a process that serves it one flat PNG."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024, help="side of the image in pixels")
    parser.add_argument("--served", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.served is not None:
        _serve(arguments.served, arguments.size)
        return
    generator = trained_like(SiameseTranslator().translator())
    with tempfile.TemporaryDirectory() as folder:
        version = export_saved_model(generator, folder, metadata={})
        limit = read_metadata(version)["export"]["max_pixels"]
        # A process of its own: this one has built the model twice.
        command = [sys.executable, "-m", "benchmarks.served_memory", "--served", str(version)]
        served = subprocess.run(
            [*command, "--size", str(arguments.size)], check=True, capture_output=True, text=True
        )
    print(json.dumps({"size": arguments.size, "max_pixels": limit, **json.loads(served.stdout)}))


def _serve(version: str, size: int) -> None:
    serve = tf.saved_model.load(version).signatures["serving_bytes"]
    loaded = peak_mib()
    image = tf.io.encode_png(tf.fill((size, size, 3), tf.constant(127, tf.uint8)))
    answer = {}
    try:
        serve(encoded=image[tf.newaxis])
    except tf.errors.InvalidArgumentError as error:
        answer["refused"] = error.message.split("assertion failed: ")[-1]
    peak = {"loaded_gib": round(loaded / 1024, 2), "peak_gib": round(peak_mib() / 1024, 2)}
    print(json.dumps({**peak, **answer}))


if __name__ == "__main__":
    main()
