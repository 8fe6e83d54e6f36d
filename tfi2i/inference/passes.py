"""In which order a large image goes through a network: passes over its strips.

A layer that looks at the whole image can answer for no strip before all strips have reached it. So
all strips go as far as the next such layer, and then all of them go on. In between, whole maps are
kept: those that take few bytes for each pixel of the image. Larger ones are computed again from the
kept maps before them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import keras

from tfi2i.inference.steps import OpenNetwork, Step, Value
from tfi2i.layers import SelfAttention

# 256 channels at a quarter of the image's side, in float32.
KEPT_BYTES_PER_PIXEL = 64


@dataclass(frozen=True, eq=False)
class Pass:
    """One pass over the strips of an image.

    Attributes:
        reads: The image, and kept maps.
        steps: What is computed, in order.
        keeps: Maps of these that are kept whole.
        looks: Steps that look at the whole image. They are told what this pass makes for them.
        makes_output: Whether the last step makes the network's output.
    """

    reads: tuple[Value, ...]
    steps: tuple[Step, ...]
    keeps: tuple[Value, ...]
    looks: tuple[Step, ...]
    makes_output: bool

    @property
    def informed(self) -> tuple[Step, ...]:
        """The steps that need facts of the whole image."""
        return tuple(step for step in self.steps if step.looks_at_whole)

    @property
    def bytes_per_pixel(self) -> float:
        """Bytes of all tensors of the pass for each pixel of a strip."""
        values = [*self.reads, *(step.value for step in self.steps)]
        return sum(value.bytes_per_pixel for value in values)

    @property
    def coarsest(self) -> int:
        """Rows of the image for a row of the smallest map."""
        values = [*self.reads, *(step.value for step in self.steps)]
        return max(value.stride or 1 for value in values)

    @property
    def align(self) -> int:
        """Strips begin at multiples of this many rows of the image: at even rows of all maps."""
        return 2 * self.coarsest

    @property
    def margins(self) -> tuple[int, int]:
        """Rows of the image that a strip has to read before and after those that it makes."""
        needed = {value.number: (0, 0) for value in self.reads}
        for step in reversed(self.steps):
            before, after = needed.get(step.value.number, (0, 0))
            for source in step.sources:
                stride, known = source.stride or 0, needed.get(source.number, (0, 0))
                needed[source.number] = (
                    max(known[0], before + step.reach.before * stride),
                    max(known[1], after + step.reach.after * stride),
                )
        # Whole rows of all maps, and an even number where the maps are as large as the image.
        unit = max(2, self.coarsest)
        first, last = zip(*(needed[value.number] for value in self.reads), strict=True)
        return -(-max(first) // unit) * unit, -(-max(last) // unit) * unit

    def strips(self, height: int, width: int, memory: int) -> Iterator[tuple[int, int]]:
        """First and last row, less one, of the strips of an image, which fit some bytes."""
        fitting = int(memory / (self.bytes_per_pixel * width)) - sum(self.margins)
        rows = max(1, fitting // self.align) * self.align
        for start in range(0, height, rows):
            yield start, min(start + rows, height)


def planned(network: OpenNetwork, kept_bytes: int = KEPT_BYTES_PER_PIXEL) -> tuple[Pass, ...]:
    """The passes that translate an image.

    Args:
        network: What is computed.
        kept_bytes: A map is kept if it takes at most this many bytes for each pixel of the image.
    """
    kept: set[int] = set()
    at_the_end = _at_the_end(network)
    numbers = {network.image.number: 0}  # Of the pass that makes a value.
    for step in network.steps:
        found = [numbers[one.number] + (one.number in kept) for one in step.sources]
        if step.looks_at_whole:
            found.append(numbers[step.sources[0].number] + 1)
        numbers[step.value.number] = max(found)
        if step.value.number not in at_the_end and _is_kept(step, kept_bytes):
            kept.add(step.value.number)
    return tuple(
        _pass(network, kept, numbers, number) for number in range(1 + max(numbers.values()))
    )


def _at_the_end(network: OpenNetwork) -> set[int]:
    """Values of which the output is made place by place: nothing waits for all of them."""
    found = {network.output.number}
    for step in reversed(network.steps):
        if step.value.number in found and not (step.reach.looks_around or step.looks_at_whole):
            found |= {source.number for source in step.sources}
    return found


def _is_kept(step: Step, kept_bytes: int) -> bool:
    value = step.value
    if value.stride is None or value.surplus:
        return False
    if isinstance(step.layer, SelfAttention):
        return True  # It takes longest to compute again.
    # What a layer makes of each place alone is as quickly made again.
    works = step.reach.looks_around or isinstance(step.layer, keras.layers.Add)
    return works and value.bytes_per_pixel <= kept_bytes


def _pass(network: OpenNetwork, kept: set[int], numbers: dict[int, int], number: int) -> Pass:
    """What has to be computed so that all values of a pass are made."""
    keeps = [
        step.value
        for step in network.steps
        if step.value.number in kept and numbers[step.value.number] == number
    ]
    looks = [
        step
        for step in network.steps
        if step.looks_at_whole and numbers[step.sources[0].number] == number
    ]
    makes_output = numbers[network.output.number] == number
    wanted = {value.number: value for value in keeps}
    wanted |= {step.sources[0].number: step.sources[0] for step in looks}
    if makes_output:
        wanted[network.output.number] = network.output
    steps = []
    for step in reversed(network.steps):
        made_before = step.value.number in kept and numbers[step.value.number] < number
        if step.value.number in wanted and not made_before:
            del wanted[step.value.number]
            steps.append(step)
            wanted |= {source.number: source for source in step.sources}
    return Pass((*wanted.values(),), (*reversed(steps),), (*keeps,), (*looks,), makes_output)
