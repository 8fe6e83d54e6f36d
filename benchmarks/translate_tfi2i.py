"""A contestant: one image through an exported generator, from and to host memory."""

import argparse
import os
from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.worker import take_turns
from tfi2i.export.runtime import LiteRTRunner


def main() -> None:
    """Loads the file and translates one image of noise again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path, help="a SavedModel's folder, or a .tflite file")
    parser.add_argument("--size", type=int, default=256)
    arguments = parser.parse_args()
    shape = (1, arguments.size, arguments.size, 3)
    image = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    if arguments.path.suffix == ".tflite":
        runner = LiteRTRunner(arguments.path.read_bytes())
        take_turns(lambda: runner(image), file_bytes=os.path.getsize(arguments.path))
        return
    serve = tf.saved_model.load(str(arguments.path)).signatures["serving_default"]
    (name,) = serve.structured_input_signature[1]
    take_turns(
        lambda: [output.numpy() for output in serve(**{name: tf.constant(image)}).values()],
        file_bytes=sum(f.stat().st_size for f in arguments.path.rglob("*") if f.is_file()),
    )


if __name__ == "__main__":
    main()
