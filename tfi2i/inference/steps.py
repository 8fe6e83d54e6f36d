"""A network laid open: the calls of its layers in order, those of models inside it included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from tfi2i.inference.reach import Reach, reach_of
from tfi2i.layers import Dropout, WholeImageLayer


class NotInStrips(Exception):
    """A network has a layer of which it is not known how far it looks, or a form of its own."""


@dataclass(frozen=True)
class Value:
    """A tensor in a network.

    Attributes:
        number: Its place among the network's values; the image is 0.
        stride: Rows of the image for each of its rows; None where it has no rows, as a label.
        surplus: Rows that it has beyond the height of the image over `stride`: padding.
        channels: C.
        dtype: Its type.
    """

    number: int
    stride: int | None
    surplus: int
    channels: int
    dtype: str

    @property
    def bytes_per_pixel(self) -> float:
        """Bytes that it takes for each pixel of the image."""
        if self.stride is None:
            return 0.0
        return self.channels * tf.as_dtype(self.dtype).size / self.stride**2


@dataclass(frozen=True, eq=False)
class Step:
    """One call of a layer.

    Attributes:
        layer: The layer.
        reach: Its reach.
        sources: The values that it reads.
        value: The value that it makes.
        arguments: What the network's graph calls it with, its tensors by their identity.
        numbers: Identity of a tensor in the arguments to the number of a value.
    """

    layer: Any
    reach: Reach
    sources: tuple[Value, ...]
    value: Value
    arguments: Any
    numbers: Mapping[int, int]

    @property
    def looks_at_whole(self) -> bool:
        """Whether it needs facts of the whole image."""
        return isinstance(self.layer, WholeImageLayer) and self.layer.looks_at_whole

    def on_strip(
        self, values: Mapping[int, Any], facts: Sequence[Any] | None, top: Any, height: Any
    ) -> Any:
        """What the layer makes of a strip.

        Args:
            values: By their numbers.
            facts: Facts of the image, where it looks at the whole.
            top: First row of the strip in the image, int32 scalar.
            height: Rows of the image, int32 scalar.
        """
        first = self.sources[0]
        if facts is not None:
            return self.layer.with_facts(self._as_layer_reads(values[first.number]), facts)
        if isinstance(self.layer, Dropout) and self.layer.at_inference:
            rows = (top // first.stride, height // first.stride)
            return self.layer.on_strip(values[first.number], *rows)
        found = {key: values[number] for key, number in self.numbers.items()}
        arguments, options = self.arguments.fill_in(found)
        return self.layer(*arguments, **options)

    def facts_of(self, strip: Any) -> tuple[Any, ...]:
        """What a layer that looks at the whole image is told by a strip."""
        return self.layer.facts_of(self._as_layer_reads(strip))

    def _as_layer_reads(self, strip: Any) -> Any:
        # As Keras does where a layer is called.
        return tf.cast(strip, self.layer.compute_dtype)


@dataclass(frozen=True)
class OpenNetwork:
    """A network from an image to an image of its size.

    Attributes:
        image: The value that goes in.
        steps: The calls of its layers; each reads the image, or what steps before it made.
        output: The value that comes out.
    """

    image: Value
    steps: tuple[Step, ...]
    output: Value


def laid_open(network: keras.Model) -> OpenNetwork:
    """Finds the steps of a network.

    Args:
        network: Functional, from an image to an image of its size.

    Raises:
        NotInStrips: It is no such network, or has layers of unknown reach.
    """
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise NotInStrips(network.name)
    image = Value(0, 1, 0, network.inputs[0].shape[-1], network.inputs[0].dtype)
    steps: list[Step] = []
    (output,) = _opened(network, [image], steps)
    if not steps or (output.stride, output.surplus) != (1, 0):
        raise NotInStrips(network.name)
    return OpenNetwork(image, (*steps,), output)


def _opened(network: Any, given: Sequence[Value], steps: list[Step]) -> list[Value]:
    """Adds the steps of a network to a list; gives the values of its outputs."""
    values = {id(tensor): value for tensor, value in zip(network.inputs, given, strict=True)}

    def value_of(tensor: Any) -> Value:
        if id(tensor) not in values:
            history = tensor._keras_history
            node = history.operation._inbound_nodes[history.node_index]
            read = [value_of(one) for one in node.input_tensors]
            made = _made(node, read, steps)
            values.update(zip(map(id, node.outputs), made, strict=True))
        return values[id(tensor)]

    return [value_of(tensor) for tensor in network.outputs]


def _made(node: Any, read: list[Value], steps: list[Step]) -> list[Value]:
    """The values that a call in a graph makes."""
    layer = node.operation
    if isinstance(layer, keras.Model):
        return _opened(layer, read, steps)
    reach = reach_of(layer)
    if reach is None or not read or len(node.outputs) != 1:
        raise NotInStrips(layer.name)
    value = _value(layer, reach, read, node.outputs[0], 1 + len(steps))
    numbers = {id(one): v.number for one, v in zip(node.input_tensors, read, strict=True)}
    steps.append(Step(layer, reach, (*read,), value, node.arguments, numbers))
    return [value]


def _value(layer: Any, reach: Reach, read: list[Value], tensor: Any, number: int) -> Value:
    channels, dtype = tensor.shape[-1], tensor.dtype
    with_rows = {(one.stride, one.surplus) for one in read if one.stride is not None}
    if len(tensor.shape) != 4:
        return Value(number, None, 0, channels, dtype)
    if len(with_rows) != 1 or channels is None:
        raise NotInStrips(layer.name)
    ((stride, surplus),) = with_rows
    if (stride * reach.down) % reach.up:
        raise NotInStrips(layer.name)
    looks = isinstance(layer, WholeImageLayer) and layer.looks_at_whole
    if surplus and (looks or isinstance(layer, Dropout)):
        raise NotInStrips(layer.name)
    made = stride * reach.down // reach.up
    return Value(number, made, reach.surplus(surplus), channels, dtype)
