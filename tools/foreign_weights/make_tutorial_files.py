"""Writes checkpoints as TensorFlow's tutorials do, and what their generators make.

Runs without tfi2i, best beside TensorFlow 2.15, whose Keras 2 wrote most of those there are:

    python make_tutorial_files.py OUTPUT IMAGE [--full-size]
"""

import argparse
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image
from tutorial_networks import at_test, checkpoint, fill, generator


def write_case(folder: Path, names: list[str], *, full_size: bool, picture: Image.Image) -> None:
    """Writes one checkpoint and `expected.npz`."""
    size = {} if full_size else {"depth": 5, "filters": 1}
    side, every = (256, 1) if full_size else (32, 3)
    generators = {name: generator(instance="_" in name, **size) for name in names}
    pixels = np.asarray(picture.resize((side, side), Image.Resampling.LANCZOS))
    images = tf.constant(pixels[None].astype(np.float32) / 127.5 - 1)
    expected = {"image": pixels}
    for seed, model in enumerate(generators.values()):
        fill(model, seed)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint(generators).write(str(folder / "ckpt-5"))
    for name, model in generators.items():
        expected[f"{name}/eval"] = at_test(model, images, training=False)[0, ::every, ::every]
        expected[f"{name}/made"] = at_test(model, images, training=True)[0, ::every, ::every]
    np.savez_compressed(folder / "expected.npz", **expected)


def main() -> None:
    """Writes all cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("image", type=Path)
    parser.add_argument("--full-size", action="store_true")
    arguments = parser.parse_args()
    with Image.open(arguments.image) as opened:
        picture = opened.convert("RGB")
    cases = {"tutorial_pix2pix": ["generator"]}
    if arguments.full_size:
        cases["tutorial_cyclegan"] = ["generator_g", "generator_f"]
    for case, names in cases.items():
        folder = arguments.output / case
        write_case(folder, names, full_size=arguments.full_size, picture=picture)
        print(f"{case}: {', '.join(path.name for path in sorted(folder.iterdir()))}")


if __name__ == "__main__":
    main()
