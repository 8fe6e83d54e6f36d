"""Large images through a network, strip by strip, as if the whole image went through at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i.data.decode.rows import KeptRows, Room, Rows, WritableRows, check_space
from tfi2i.data.decode.values import EIGHT_BITS, ValueRanges
from tfi2i.inference.passes import Pass
from tfi2i.inference.steps import Value

# Of all tensors of one strip; TensorFlow holds a part of them at a time, and what its convolutions
# need beside. More takes as long: 256 MiB need 1 GB more, and no less processor time.
STRIP_MEMORY = 64 << 20

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
        image: Rows,
        *,
        memory: int = STRIP_MEMORY,
        report: Callable[[float], None] | None = None,
        value_ranges: ValueRanges = (EIGHT_BITS, EIGHT_BITS),
        room: Room = np.empty,
    ) -> Any:
        """Translates an image.

        Args:
            image: Pixels (H, W, C), H and W multiples of the generator's `size_multiple`.
            memory: Bytes that the tensors of a strip may take, where strips can be so low.
            report: Called now and then with the finished share, in (0, 1].
            value_ranges: Of the pixels that go in, and of those that come out.
            room: Makes the place for the result: an array, or rows in a file.

        Returns:
            Pixels (H, W, C_out), where `room` put them.

        Raises:
            DataError: There is no place for the temporary files.
        """
        height, width = image.shape[:2]
        needed = int(height * width * self.file_bytes_per_pixel)
        check_space(needed, f"translating {width}x{height} pixels")
        made = room(
            (height, width, self._passes[-1].steps[-1].value.channels), value_ranges[1].dtype
        )
        work = _Work(image, made, memory, value_ranges)
        done = np.cumsum([0.0, *(one.bytes_per_pixel for one in self._passes)])
        try:
            for index, one in enumerate(self._passes):

                def passed(share: float, index: int = index) -> None:
                    if report is not None:
                        report(
                            float(
                                (done[index] + share * (done[index + 1] - done[index])) / done[-1]
                            )
                        )

                work.kept |= {value.number: _kept_map(value, height, width) for value in one.keeps}
                self._run(one, work, passed)
                for number in work.kept.keys() - self._read_after(index):
                    work.kept.pop(number).close()
        finally:
            for kept in work.kept.values():
                kept.close()
        return made

    def _run(self, one: Pass, work: "_Work", report: Callable[[float], None]) -> None:
        """One pass: fills its kept maps, its facts and the output.

        While the network computes a strip, the next one is read and the last one is written.
        """
        informed = [work.facts[step.value.number] for step in one.informed]
        if one not in self._graphs:
            self._graphs[one] = _graph(one, informed)
        told = [[] for _ in one.looks]
        strips = work.strips(one)
        with ThreadPoolExecutor(2) as pool:
            coming = pool.submit(work.read, one, strips[0])
            written: Future | None = None
            for strip, following in zip(strips, [*strips[1:], None], strict=True):
                read = coming.result()
                if following is not None:
                    coming = pool.submit(work.read, one, following)
                keeps, looks, made = self._graphs[one](read, informed, strip.place)
                for part, found in zip(told, looks, strict=True):
                    part.append(tuple(fact.numpy() for fact in found))
                if written is not None:
                    written.result()
                written = pool.submit(work.write, one, strip, keeps, made)
                report(strip.end / strip.height)
            assert written is not None
            written.result()
        for step, part in zip(one.looks, told, strict=True):
            work.facts[step.value.number] = step.layer.joined_facts(part)

    def _read_after(self, index: int) -> set[int]:
        return {value.number for one in self._passes[index + 1 :] for value in one.reads}


class _Work:
    """One image on its way through a network.

    Attributes:
        kept: Whole maps, by the numbers of the values that steps make.
        facts: What steps that look at the whole image were told, by the same numbers.
    """

    def __init__(self, image: Rows, made: WritableRows, memory: int, value_ranges: ValueRanges):
        self._image, self._made, self._memory = image, made, memory
        self._taken, self._wanted = value_ranges
        self.kept: dict[int, KeptRows] = {}
        self.facts: Facts = {}

    def strips(self, one: Pass) -> list[_Strip]:
        """Those of a pass, from top to bottom."""
        height, width = self._image.shape[:2]
        before, after = one.margins
        return [
            _Strip(start, end, max(0, start - before), min(height, end + after), height)
            for start, end in one.strips(height, width, self._memory)
        ]

    def read(self, one: Pass, strip: _Strip) -> list[np.ndarray]:
        """What a strip of a pass reads, each (1, rows, W, C)."""
        return [self._rows(value, strip)[None] for value in one.reads]

    def _rows(self, value: Value, strip: _Strip) -> np.ndarray:
        if value.number not in self.kept:
            return self._taken.to_float(self._image[strip.top : strip.bottom])
        stride = value.stride or 1
        return self.kept[value.number][strip.top // stride : strip.bottom // stride]

    def write(
        self, one: Pass, strip: _Strip, keeps: list[tf.Tensor], made: list[tf.Tensor]
    ) -> None:
        """Puts what a strip gave where it belongs."""
        for value, rows in zip(one.keeps, keeps, strict=True):
            stride = value.stride or 1
            self.kept[value.number][strip.start // stride : strip.end // stride] = rows[0].numpy()
        for rows in made:
            self._made[strip.start : strip.end] = self._wanted.to_pixels(rows[0].numpy())


def _kept_map(value: Value, height: int, width: int) -> KeptRows:
    stride = value.stride or 1
    dtype = tf.as_dtype(value.dtype).as_numpy_dtype
    return KeptRows((height // stride, width // stride, value.channels), dtype)


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
