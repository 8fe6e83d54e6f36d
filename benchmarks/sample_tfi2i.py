"""A contestant: a thousand images from an exported generator, from and to host memory."""

import argparse

import numpy as np
import tensorflow as tf

from benchmarks.worker import take_turns

IMAGES, BATCH = 1000, 100


def main() -> None:
    """Loads the SavedModel and draws a thousand images of latents again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", help="the folder of a SavedModel that takes latents")
    draw = tf.saved_model.load(parser.parse_args().path).signatures["serving_default"]
    (spec,) = draw.structured_input_signature[1].values()
    random = np.random.default_rng(0)
    latents = random.normal(size=(BATCH, spec.shape[-1])).astype(np.float32)

    def work() -> None:
        for _ in range(IMAGES // BATCH):
            for images in draw(**{spec.name: tf.constant(latents)}).values():
                images.numpy()

    take_turns(work)


if __name__ == "__main__":
    main()
