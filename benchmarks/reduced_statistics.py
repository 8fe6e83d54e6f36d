"""A way that was not taken: a large image by strips, with the statistics of a small copy of it.

It needs one pass and no files, and its error is what `benchmarks.large_images` measures.
"""

from typing import Any

import keras
import numpy as np

from tfi2i.data import resize_image, to_float, to_uint8
from tfi2i.inference.passes import Pass
from tfi2i.inference.sizes import padded_side
from tfi2i.inference.steps import OpenNetwork, laid_open
from tfi2i.inference.strips import STRIP_MEMORY

# Longest side of the small copy in pixels.
REDUCED_SIDE = 512


def translate_by_reduced_statistics(generator: keras.Model, image: np.ndarray) -> np.ndarray:
    """Translates an image with the statistics, keys and values that a small copy of it has.

    Args:
        generator: From images to images, of the zoo's layers.
        image: uint8 (H, W, C), H and W multiples of the generator's `size_multiple`.

    Returns:
        uint8 (H, W, C_out).
    """
    network = laid_open(generator)
    share = min(1.0, REDUCED_SIDE / max(image.shape[:2]))
    sides = (padded_side(round(side * share), generator.size_multiple) for side in image.shape[:2])
    facts = facts_of(network, resize_image(image, *sides))
    all_steps = Pass((network.image,), network.steps, (), (), makes_output=True)
    before, after = all_steps.margins
    height, width = image.shape[:2]
    parts = []
    for start, end in all_steps.strips(height, width, STRIP_MEMORY):
        top, bottom = max(0, start - before), min(height, end + after)
        made = _computed(network, image[top:bottom], facts, top, height)
        parts.append(to_uint8(made[0, start - top : end - top]))
    return np.concatenate(parts)


def facts_of(network: OpenNetwork, image: np.ndarray) -> dict[int, tuple[np.ndarray, ...]]:
    """What layers that look at a whole image are told by this one, by the numbers of their values.

    Args:
        network: A generator's steps.
        image: uint8 (H, W, C).
    """
    facts: dict[int, tuple[np.ndarray, ...]] = {}
    _computed(network, image, facts, 0, image.shape[0], learns=True)
    return facts


def _computed(
    network: OpenNetwork,
    rows: np.ndarray,
    facts: dict[int, tuple[np.ndarray, ...]],
    top: int,
    height: int,
    *,
    learns: bool = False,
) -> np.ndarray:
    """What a network makes of some rows, (1, rows, W, C_out); it fills the facts if it learns."""
    values: dict[int, Any] = {network.image.number: to_float(rows[np.newaxis])}
    for step in network.steps:
        number = step.value.number
        if learns and step.looks_at_whole:
            told = step.facts_of(values[step.sources[0].number])
            facts[number] = step.layer.joined_facts([tuple(fact.numpy() for fact in told)])
        values[number] = step.on_strip(values, facts.get(number), top, height)
    return np.asarray(values[network.output.number])
