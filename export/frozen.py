"""A generator as one graph of constants, as the LiteRT converter wants it."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


def frozen(model: keras.Model, *shapes: tuple[int, ...]) -> Any:
    """Traces a generator for one size with its weights as constants.

    From a graph with variables the converter writes files that return NaN. Random numbers with a
    fixed seed (dropout at test time) become constants too.

    Args:
        model: what to trace, in inference mode.
        *shapes: of its inputs, such as (B, H, W, C).

    Returns:
        A TensorFlow function from float32 of these shapes to a list or tensor of images.
    """
    trainable = [variable.numpy() for variable in model.trainable_variables]
    other = [variable.numpy() for variable in model.non_trainable_variables]

    def translate(*inputs: tf.Tensor) -> tf.Tensor:
        weights = [[tf.constant(value) for value in values] for values in (trainable, other)]
        given = list(inputs)
        return model.stateless_call(
            *weights, given if len(given) > 1 else given[0], training=False
        )[0]

    specs = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    traced = tf.function(translate, autograph=False).get_concrete_function(*specs)
    noise = [node for node in traced.graph.get_operations() if _is_noise(node.type)]
    return _with_constant_noise(traced, shapes) if noise else traced


def _is_noise(operator: str) -> bool:
    # StatelessRandomGet... only make keys for the others, and convert without help.
    return operator.startswith("StatelessRandom") and "Get" not in operator


def _with_constant_noise(function: Any, shapes: Sequence[tuple[int, ...]]) -> Any:
    """Replaces stateless random numbers, for which LiteRT has no operator, by their values.

    They depend only on a seed and a shape, so any image can be used to find them.
    """
    definition = function.graph.as_graph_def()
    noise = [node for node in definition.node if _is_noise(node.op)]
    inputs = [tensor.name for tensor in function.inputs]
    find = _pruned(definition, inputs, [f"{node.name}:0" for node in noise])
    values = find(*(tf.zeros(shape) for shape in shapes))
    for node, value in zip(noise, values, strict=True):
        name = node.name
        node.Clear()
        node.name, node.op = name, "Const"
        node.attr["dtype"].type = value.dtype.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    return _pruned(definition, inputs, [tensor.name for tensor in function.outputs])


def _pruned(definition: Any, inputs: list[str], outputs: list[str]) -> Any:
    """Makes a function of the part of a graph between the named tensors."""
    imported = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(definition, name=""), [])
    tensors = imported.graph.get_tensor_by_name
    return imported.prune([tensors(name) for name in inputs], [tensors(name) for name in outputs])
