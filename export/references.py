"""Real images, what Keras makes from them in float32, and how long it takes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data.decode.resizing import resize_image
from tfi2i.data.decode.values import EIGHT_BITS, ValueRanges
from tfi2i.errors import ExportError
from tfi2i.export.agreement import keras_inputs
from tfi2i.export.generator import InferenceGenerator, inference_generator
from tfi2i.export.metadata import ranges_facts
from tfi2i.export.scale import outputs_at_scale
from tfi2i.metrics.pixel import l1, psnr

LATENCY_RUNS = 5


@dataclass(frozen=True)
class References:
    """What files are compared with: real images and what Keras makes from them in float32.

    Attributes:
        generator: the exported generator, in float32.
        images: pixels (N, H, W, C) of the range that it takes, N at least 1.
        outputs: the outputs for the images, see `outputs_at_scale`.
        others: the first image in other sizes, pixels (1, H', W', C), with its output: for files
            that take any size.
        targets: what the images should become, pixels (N, H, W, C_out) of the range that it gives;
            None where nobody knows.
    """

    generator: InferenceGenerator
    images: np.ndarray
    outputs: list[np.ndarray]
    others: list[tuple[np.ndarray, list[np.ndarray]]]
    targets: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        generator: keras.Model,
        images: np.ndarray,
        other_sizes: Sequence[tuple[int, int]] = (),
        value_ranges: ValueRanges = (EIGHT_BITS, EIGHT_BITS),
        targets: np.ndarray | None = None,
    ) -> "References":
        """Translates the images with Keras; see `parity_report` for the arguments."""
        inference = inference_generator(generator, value_ranges=value_ranges)
        if images.dtype != inference.takes.dtype or images.ndim != 4 or not len(images):
            raise ExportError(
                f"The parity report needs {inference.takes.dtype} images (N, H, W, C), "
                f"not {images.dtype} {images.shape}."
            )
        resized = [resize_image(images[0], *size)[np.newaxis] for size in other_sizes]
        others = [(image, outputs_at_scale(inference, image, 1.0)) for image in resized]
        return cls(inference, images, outputs_at_scale(inference, images, 1.0), others, targets)

    def at_scale(self, images: np.ndarray, scale: float) -> list[np.ndarray]:
        """What Keras makes from images at a scale; at their own pixels it is made already."""
        for known, outputs in [(self.images, self.outputs), *self.others]:
            if scale == 1 and images is known:
                return outputs
        return outputs_at_scale(self.generator, images, scale)

    def task_figures(self, outputs: list[np.ndarray]) -> dict[str, dict[str, float]]:
        """What `tfi2i evaluate` measures of outputs beside the targets; nothing without targets."""
        if self.targets is None:
            return {}
        gives = self.generator.gives
        pixels = gives.to_pixels(np.concatenate(outputs))
        measured = {
            "l1": l1(pixels, self.targets, gives), "psnr": psnr(pixels, self.targets, gives)
        }  # fmt: skip
        # No decibels of an image that is its target exactly.
        return {"task": {name: one for name, one in measured.items() if np.isfinite(one)}}

    def report(self, artefacts: list[dict[str, Any]]) -> dict[str, Any]:
        """Puts entries of files together with Keras' own latency; see `parity_report`."""
        return {
            "images": len(self.images),
            "image_size": list(self.images.shape[1:3]),
            "value_ranges": ranges_facts(self.generator.takes, self.generator.gives),
            "keras": {
                "latency_ms": _keras_latency(self.generator, self.images),
                **self.task_figures(self.outputs),
            },
            "artefacts": artefacts,
            "notes": list(self.generator.notes),
        }


def _keras_latency(generator: InferenceGenerator, images: np.ndarray) -> float:
    compiled = tf.function(lambda batch: generator.model(batch, training=False), autograph=False)
    image = tf.constant(keras_inputs(generator, images[:1]))
    return latency_ms(lambda: compiled(image).numpy())


def latency_ms(call: Callable[[], object]) -> float:
    """Median milliseconds of a call, after two to warm up."""
    call()
    call()
    times = []
    for _ in range(LATENCY_RUNS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return median(times) * 1e3
