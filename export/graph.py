"""Pieces of the exported graphs: frozen weights, padding to a multiple, readable refusals."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

# No public name exists for this; TensorFlow's own converters import it from here too.
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfi2i.export.inference import InferenceGenerator


def frozen(
    generator: InferenceGenerator, shape: tuple[int | None, ...]
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Traces a generator and bakes its weights into the graph as constants.

    Constant weights let TensorFlow fold their casts and re-layouts once instead of at every
    request, and the LiteRT converter needs them: from a graph with variables it writes files
    that return NaN.

    Args:
        generator: what to trace, in inference mode.
        shape: (B, H, W, C) of its input, None where any size may come. If all are known, random
            numbers of a fixed seed (dropout at test time) become constants too.

    Returns:
        A function from images, float32 in [-1, 1] of that shape, to translated images.
    """
    model = generator.model
    traced = tf.function(lambda images: model(images, training=False)).get_concrete_function(
        tf.TensorSpec(shape, tf.float32, name="images")
    )
    constant = convert_variables_to_constants_v2(traced, lower_control_flow=False)
    if None not in shape:
        constant = _with_constant_noise(constant, shape)
    return lambda images: tf.nest.flatten(constant(images))[0]


def _with_constant_noise(function: Any, shape: tuple[int | None, ...]) -> Any:
    """Replaces stateless random numbers by their values, which LiteRT has no operator for.

    They depend on a seed and a shape alone, so any image finds them.
    """
    definition = function.graph.as_graph_def()
    noise = [node for node in definition.node if node.op.startswith("StatelessRandom")]
    if not noise:
        return function
    tensors = [function.graph.get_tensor_by_name(f"{node.name}:0") for node in noise]
    values = function.prune(function.inputs, tensors)(tf.zeros(shape))
    for node, value in zip(noise, values, strict=True):
        name = node.name
        node.Clear()
        node.name, node.op = name, "Const"
        node.attr["dtype"].type = value.dtype.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value))
    imported = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(definition, name=""), [])
    return imported.prune(
        [imported.graph.get_tensor_by_name(tensor.name) for tensor in function.inputs],
        [imported.graph.get_tensor_by_name(tensor.name) for tensor in function.outputs],
    )


def padded_side(side: tf.Tensor, generator: InferenceGenerator) -> tf.Tensor:
    """Rounds a height or width up to what the generator takes; int scalar to int scalar."""
    multiple = generator.size_multiple
    rounded = -(-side // multiple) * multiple
    return tf.maximum(rounded, tf.constant(generator.smallest_side, side.dtype))


def pad_by_reflection(images: tf.Tensor, generator: InferenceGenerator) -> tf.Tensor:
    """Mirrors images at their lower and right edge up to a size that the generator takes.

    Equals `tf.pad(mode="REFLECT")` where that works, and goes on mirroring back and forth where
    the padding is longer than the image, which `tf.pad` refuses (as `numpy.pad` does it).

    Args:
        images: (B, H, W, C), H and W at least 1.
        generator: gives the multiple and the smallest side.

    Returns:
        (B, H', W', C), H' and W' multiples of size_multiple, the image in the upper left corner.
    """
    for axis in (1, 2):
        side = tf.shape(images)[axis]
        images = tf.gather(images, _mirrored(side, padded_side(side, generator)), axis=axis)
    return images


def _mirrored(side: tf.Tensor, padded: tf.Tensor) -> tf.Tensor:
    """Indices 0 1 2 ... side-1 ... 2 1 0 1 2 ... of length `padded`."""
    period = tf.maximum(2 * (side - 1), 1)
    phase = tf.range(padded) % period
    return tf.minimum(phase, period - phase)


def require(condition: tf.Tensor, *message: str | tf.Tensor) -> tf.Operation:
    """Makes an operation that stops the graph with a sentence when the condition is false.

    Args:
        condition: bool scalar.
        *message: words and scalar tensors, joined to one sentence.

    Returns:
        The operation, to be waited for with `tf.control_dependencies`: TensorFlow orders it
        by itself only against other stateful operations, and decoding an image is not one.
    """
    words = [part if isinstance(part, str) else tf.strings.as_string(part) for part in message]
    return tf.debugging.Assert(condition, [tf.strings.join(words)])
