"""A contestant: one image through a generator in OpenVINO, read from a SavedModel."""

import argparse

import numpy as np
import openvino

from benchmarks.worker import take_turns


def main() -> None:
    """Compiles the model and translates one image of noise again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="a SavedModel of Keras' own export")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    arguments = parser.parse_args()
    shape = [1, arguments.size, arguments.size, 3]
    core = openvino.Core()
    model = core.read_model(arguments.path)
    model.reshape(shape)
    hints = {"INFERENCE_PRECISION_HINT": arguments.precision, "PERFORMANCE_HINT": "LATENCY"}
    translate = core.compile_model(model, "CPU", hints)
    image = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    take_turns(lambda: translate(image)[0])


if __name__ == "__main__":
    main()
