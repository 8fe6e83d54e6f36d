"""Writes the generators that the latency race runs, each in every form: run once before it.

Run: python -m benchmarks.exported_files FOLDER
"""

import sys
from pathlib import Path

import keras
import numpy as np

from tfi2i import networks
from tfi2i.export import export_saved_model
from tfi2i.export.generator import inference_generator
from tfi2i.export.litert import convert

SIZE = 256


def trained_like(generator: keras.Model) -> keras.Model:
    """Every network with weights of its own, or equal kernels would share what is cached."""
    random = np.random.default_rng(0)
    for variable in generator.trainable_variables:
        if variable.path.endswith("kernel"):
            variable.assign(random.normal(0, 0.02, variable.shape))
    return generator


def main() -> None:
    """Writes `<network>/keras`, `<network>/float32`, `<network>/bfloat16` and two .tflite files."""
    folder = Path(sys.argv[1])
    generators = {
        "unet": networks.unet(statistics_at_inference="image"),
        "resnet": networks.resnet(blocks=9),
    }
    for name, generator in generators.items():
        trained_like(generator)
        print(f"    exporting {name}", file=sys.stderr, flush=True)
        generator.export(str(folder / name / "keras"), verbose=False)
        for precision in ("float32", "bfloat16"):
            place = folder / name / precision
            export_saved_model(generator, place, metadata={}, precision=precision)
        for precision in ("float32", "int8"):
            # Speed alone: weights that nobody trained do not survive 8 bits.
            model = convert(inference_generator(generator), (SIZE, SIZE), precision)
            (folder / name / f"{precision}.tflite").write_bytes(model)


if __name__ == "__main__":
    main()
