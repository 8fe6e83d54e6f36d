"""How large an image a served generator may get, from how its tensors grow with the pixels."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from tfi2i.inference.sizes import padded_side

# What one image may take of a server's memory.
MEMORY_BYTES = 4 << 30
# What one image may make it write in all; time goes with that. A ResNet of 9 blocks does it with 4
# million pixels in half a minute on two cores.
WRITTEN_BYTES = 48 << 30
# What TensorFlow holds for each byte that has to be held, with its kernels' own copies.
HELD_SHARE = 2
# Sides in pixels of the two images by which the growth is found, a power of two apart.
SIDES = (512, 1024)
# Weights are there whatever the image.
_OF_ALL_IMAGES = ("Const", "ReadVariableOp", "Placeholder")
_NEW_NAMES = ("Identity", "Reshape", "Squeeze", "ExpandDims")


@dataclass(frozen=True)
class Load:
    """Bytes of the tensors that a graph makes from one image.

    Attributes:
        held: the most at one time, if each goes when nothing needs it any more.
        written: the sum of all.
    """

    held: int
    written: int


def largest_image(
    translate: Callable[[tf.Tensor], tf.Tensor],
    *,
    channels: int,
    size_multiple: int,
    memory_bytes: int | None = None,
) -> int:
    """Finds the pixels of the largest image that a server, or a page, should accept.

    The graph is drawn at two sizes, not run, and its tensors are added up. A convolution's tensors
    grow with the pixels, an attention's scores with their square.

    Args:
        translate: from one image, float32 (H, W, C), to another.
        channels: C.
        size_multiple: H and W have to be multiples of it.
        memory_bytes: What one image may take of the memory; None for `MEMORY_BYTES`.

    Returns:
        Height times width at which the image needs these bytes or `WRITTEN_BYTES`, whichever
        comes first.
    """
    sides = [padded_side(side, size_multiple) for side in SIDES]
    small, large = (graph_load(translate, (side, side, channels)) for side in sides)
    areas = sides[0] ** 2, sides[1] ** 2
    budget = MEMORY_BYTES if memory_bytes is None else memory_bytes
    by_memory = _pixels(areas, (small.held, large.held), budget // HELD_SHARE)
    by_time = _pixels(areas, (small.written, large.written), WRITTEN_BYTES)
    return min(by_memory, by_time)


def graph_load(translate: Callable[[tf.Tensor], tf.Tensor], shape: tuple[int, int, int]) -> Load:
    """Adds up the tensors of a function's graph for one image of a known shape."""
    graph = (
        tf.function(translate, autograph=False)
        .get_concrete_function(tf.TensorSpec(shape, tf.float32))
        .graph
    )
    steps = graph.get_operations()
    last_use = {_memory(tensor): step for step, op in enumerate(steps) for tensor in op.inputs}
    held = most = written = 0
    sizes: dict[Any, int] = {}
    for step, op in enumerate(steps):
        made = op.outputs if op.type not in (*_OF_ALL_IMAGES, *_NEW_NAMES) else ()
        for tensor in made:
            sizes[tensor.ref()] = (tensor.shape.num_elements() or 0) * tensor.dtype.size
            held += sizes[tensor.ref()]
            written += sizes[tensor.ref()]
        most = max(most, held)
        for memory in {_memory(tensor) for tensor in (*op.inputs, *made)}:
            if last_use.get(memory, step) == step:
                held -= sizes.pop(memory, 0)
    return Load(most, written)


def _memory(tensor: Any) -> Any:
    """What stands for the memory of a tensor: it may be a new name for that of another."""
    while tensor.op.type in _NEW_NAMES:
        tensor = tensor.op.inputs[0]
    return tensor.ref()


def _pixels(areas: tuple[int, int], loads: tuple[int, int], budget: int) -> int:
    """Where linear * p + square * p**2, which goes through two points, reaches the budget."""
    slopes = [load / area for load, area in zip(loads, areas, strict=True)]
    square = max(0.0, (slopes[1] - slopes[0]) / (areas[1] - areas[0]))
    linear = slopes[1] - square * areas[1]
    return int(2 * budget / (linear + math.sqrt(linear**2 + 4 * square * budget)))
