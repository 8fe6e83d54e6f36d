"""Large images through a network, strip by strip, as if the whole image went through at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tfi2i.data.decode.values import EIGHT_BITS, ValueRange, ValueRanges
from tfi2i.inference.kept_maps import KeptMap, check_space
from tfi2i.inference.passes import Pass
from tfi2i.inference.steps import Value

# Of all tensors of one strip; TensorFlow holds a part of them at a time.
STRIP_MEMORY = 256 << 20

# By the numbers of the values that steps make.
Facts = dict[int, tuple[np.ndarray, ...]]


@dataclass(frozen=True)
class _Strip:
    """Rows of an image.

    Attributes:
        start: The first that is made.
        end: The last that is made, and one.
        top: The first that is read.
        bottom: The last that is read, and one.
        height: Rows of the image.
    """

    start: int
    end: int
    top: int
    bottom: int
    height: int

    @property
    def place(self) -> np.ndarray:
        """What a graph is told of it."""
        own = (self.start - self.top, self.end - self.start)
        return np.array([*own, self.top, self.height], np.int32)


class StripNetwork:
    """A network that takes images by strips, and gives what it gives for whole images.

    Memory grows with the width of an image, not with its height: maps that are needed whole are in
    temporary files.
    """

    def __init__(self, passes: Sequence[Pass]):
        """Takes the passes of the network, in order."""
        self._passes = passes
        self._graphs: dict[Pass, Callable] = {}

    @property
    def file_bytes_per_pixel(self) -> float:
        """Bytes that temporary files take for each pixel of an image."""
        alive: dict[int, float] = {}
        most = 0.0
        for index, one in enumerate(self._passes):
            alive |= {value.number: value.bytes_per_pixel for value in one.keeps}
            most = max(most, sum(alive.values()))
            alive = {number: alive[number] for number in alive.keys() & self._read_after(index)}
        return most

    def translate(
        self,
        image: np.ndarray,
        *,
        memory: int = STRIP_MEMORY,
        report: Callable[[float], None] | None = None,
        value_ranges: ValueRanges = (EIGHT_BITS, EIGHT_BITS),
    ) -> np.ndarray:
        """Translates an image.

        Args:
            image: Pixels (H, W, C), H and W multiples of the generator's `size_multiple`.
            memory: Bytes that the tensors of a strip may take, where strips can be so low.
            report: Called now and then with the finished share, in (0, 1].
            value_ranges: Of the pixels that go in, and of those that come out.

        Returns:
            Pixels (H, W, C_out).

        Raises:
            DataError: There is no place for the temporary files.
        """
        height, width = image.shape[:2]
        needed = int(height * width * self.file_bytes_per_pixel)
        check_space(needed, f"translating {width}x{height} pixels")
        kept: dict[int, KeptMap] = {}
        facts: Facts = {}
        parts = []
        work = np.cumsum([0.0, *(one.bytes_per_pixel for one in self._passes)])
        try:
            for index, one in enumerate(self._passes):

                def passed(share: float, index: int = index) -> None:
                    if report is not None:
                        done = work[index] + share * (work[index + 1] - work[index])
                        report(float(done / work[-1]))

                kept |= {value.number: _kept_map(value, width) for value in one.keeps}
                parts = self._run(one, image, kept, facts, memory, passed, value_ranges)
                for number in kept.keys() - self._read_after(index):
                    kept.pop(number).close()
        finally:
            for one in kept.values():
                one.close()
        return np.concatenate(parts)

    def _run(
        self,
        one: Pass,
        image: np.ndarray,
        kept: dict[int, KeptMap],
        facts: Facts,
        memory: int,
        report: Callable[[float], None],
        value_ranges: ValueRanges,
    ) -> list[np.ndarray]:
        """One pass: fills its kept maps and its facts; gives the strips of the output."""
        height, width = image.shape[:2]
        before, after = one.margins
        taken, wanted = value_ranges
        informed = [facts[step.value.number] for step in one.informed]
        if one not in self._graphs:
            self._graphs[one] = _graph(one, informed)
        told = [[] for _ in one.looks]
        output = []
        for start, end in one.strips(height, width, memory):
            strip = _Strip(start, end, max(0, start - before), min(height, end + after), height)
            read = [_rows(value, strip, image, kept, taken) for value in one.reads]
            keeps, looks, made = self._graphs[one](read, informed, strip.place)
            for value, rows in zip(one.keeps, keeps, strict=True):
                kept[value.number].write(start // (value.stride or 1), rows[0].numpy())
            for part, found in zip(told, looks, strict=True):
                part.append(tuple(fact.numpy() for fact in found))
            output += [wanted.to_pixels(rows[0].numpy()) for rows in made]
            report(end / height)
        for step, part in zip(one.looks, told, strict=True):
            facts[step.value.number] = step.layer.joined_facts(part)
        return output

    def _read_after(self, index: int) -> set[int]:
        return {value.number for one in self._passes[index + 1 :] for value in one.reads}


def _kept_map(value: Value, width: int) -> KeptMap:
    dtype = np.dtype(tf.as_dtype(value.dtype).as_numpy_dtype)
    return KeptMap(width // (value.stride or 1), value.channels, dtype)


def _rows(
    value: Value,
    strip: _Strip,
    image: np.ndarray,
    kept: dict[int, KeptMap],
    value_range: ValueRange,
) -> np.ndarray:
    """What a strip reads of a value, (1, rows, W, C)."""
    if value.number not in kept:
        return value_range.to_float(image[strip.top : strip.bottom])[None]
    stride = value.stride or 1
    return kept[value.number].read(strip.top // stride, strip.bottom // stride)[None]


def _graph(one: Pass, informed: Sequence[tuple[np.ndarray, ...]]) -> Callable:
    """A pass over one strip, as a graph for strips and images of all sizes: traced once."""
    read = [tf.TensorSpec((1, None, None, value.channels), value.dtype) for value in one.reads]
    # All but the last axis of a fact may grow with the image.
    facts = [
        tuple(
            tf.TensorSpec([None] * (fact.ndim - 1) + list(fact.shape[-1:]), fact.dtype)
            for fact in found
        )
        for found in informed
    ]

    @tf.function(input_signature=[read, facts, tf.TensorSpec((4,), tf.int32)])
    def compute(read, facts, place):
        skipped, rows, top, height = tf.unstack(place)
        values = {value.number: strip for value, strip in zip(one.reads, read, strict=True)}
        known = dict(zip(one.informed, facts, strict=True))
        for step in one.steps:
            values[step.value.number] = step.on_strip(values, known.get(step), top, height)

        def own(value: Value) -> tf.Tensor:
            first = skipped // value.stride
            return values[value.number][:, first : first + rows // value.stride]

        return (
            [own(value) for value in one.keeps],
            [step.facts_of(own(step.sources[0])) for step in one.looks],
            [own(one.steps[-1].value)] if one.makes_output else [],
        )

    return compute
