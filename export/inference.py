"""The generator as it is exported: in float32, its sizes known."""

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from tfi2i.errors import ExportError


@dataclass(frozen=True)
class InferenceGenerator:
    """A generator in float32, and what the code that exports it has to know.

    Attributes:
        model: functional model, (B, H, W, C_in) to (B, H, W, C_out), float32 in [-1, 1].
        size_multiple: height and width have to be multiples of this, in pixels.
        smallest_side: the smallest height and width that the model computes, in pixels.
        notes: sentences that a reader of the export should know.
    """

    model: keras.Model
    size_multiple: int
    smallest_side: int
    notes: tuple[str, ...]

    @property
    def input_channels(self) -> int:
        """Channels of the images that go in."""
        return self.model.inputs[0].shape[-1]

    @property
    def output_channels(self) -> int:
        """Channels of the images that come out."""
        return self.model.outputs[0].shape[-1]


def inference_generator(generator: keras.Model) -> InferenceGenerator:
    """Returns the generator in float32, with what its exports have to know.

    A generator that computes in half precision is rebuilt from its configuration with the same
    weights; any other is returned as it is. The given generator is never changed.

    Args:
        generator: functional `keras.Model` from (B, H, W, C_in) to (B, H, W, C_out) that
            carries the int attribute `size_multiple`.

    Raises:
        ExportError: it has several inputs or outputs, unknown channels, or no size_multiple, or it
            draws random numbers anew at every call.
    """
    size_multiple = _checked_size_multiple(generator)
    policies: set[str] = set()
    noise_layers: list[str] = []
    config = _in_float32(generator.get_config(), policies, noise_layers)
    model = generator
    notes = []
    if policies:
        model = type(generator).from_config(config)
        _copy_weights(generator, model)
        notes.append(f"Trained in {', '.join(sorted(policies))}; exported in float32.")
    if noise_layers:
        notes.append(
            "Dropout stays on at test time, as in Keras: one fixed mask for every image size, in "
            f"{', '.join(noise_layers)}."
        )
    smallest_side = _smallest_side(model, size_multiple)
    _check_repeatable(model, smallest_side)
    return InferenceGenerator(model, size_multiple, smallest_side, (*notes,))


def _checked_size_multiple(generator: keras.Model) -> int:
    if len(generator.inputs) != 1 or len(generator.outputs) != 1:
        raise ExportError(
            f"{generator.name!r} has {len(generator.inputs)} inputs and {len(generator.outputs)} "
            "outputs; only generators from one image to one image can be exported."
        )
    for role, tensor in (("input", generator.inputs[0]), ("output", generator.outputs[0])):
        if len(tensor.shape) != 4 or tensor.shape[-1] is None:
            raise ExportError(
                f"The {role} of {generator.name!r} has shape {tuple(tensor.shape)}; "
                "an image batch (B, H, W, C) with a known C is needed."
            )
    size_multiple = getattr(generator, "size_multiple", None)
    if not isinstance(size_multiple, int) or size_multiple < 1:
        raise ExportError(
            f"{generator.name!r} has no attribute size_multiple. Set it to the number that "
            "height and width must be multiples of (1 for a network that keeps the size)."
        )
    return size_multiple


def _in_float32(node: Any, policies: set[str], noise_layers: list[str]) -> Any:
    """Copies a Keras configuration with every dtype float32.

    Collects the dtypes it replaced in `policies`, and in `noise_layers` the names of the layers
    that keep dropout at test time.
    """
    if isinstance(node, list | tuple):
        return type(node)(_in_float32(child, policies, noise_layers) for child in node)
    if not isinstance(node, dict):
        return node
    copy = {key: _in_float32(value, policies, noise_layers) for key, value in node.items()}
    inner = copy.get("config")
    if isinstance(inner, dict):
        if copy.get("registered_name") == "tfi2i>Dropout" and inner["at_inference"]:
            noise_layers.append(inner["name"])
        if copy.get("class_name") == "DTypePolicy" and inner["name"] != "float32":
            policies.add(inner["name"])
            inner["name"] = "float32"
    return copy


def _copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Gives every variable of `target` the value of the one of equal path in `source`."""
    values = {variable.path: variable for variable in source.variables}
    for variable in target.variables:
        if variable.path not in values:
            raise ExportError(
                f"{source.name!r} cannot be rebuilt for export: its copy has a variable "
                f"{variable.path!r} that it has not. Give every layer an explicit name."
            )
        variable.assign(values[variable.path])


def _smallest_side(model: keras.Model, size_multiple: int) -> int:
    """Finds by trial the smallest side that works.

    A ResNet with two strided convolutions turns 4 pixels into 1, which its reflection padding
    cannot mirror: it takes multiples of 4 but needs 8.
    """
    for side in (size_multiple, 2 * size_multiple, 4 * size_multiple, 8 * size_multiple):
        try:
            model(tf.zeros((1, side, side, model.inputs[0].shape[-1])), training=False)
        except tf.errors.InvalidArgumentError:
            continue
        return side
    raise ExportError(
        f"{model.name!r} fails on images of {size_multiple} to {8 * size_multiple} pixels, "
        f"all multiples of its size_multiple of {size_multiple}."
    )


def _check_repeatable(model: keras.Model, side: int) -> None:
    """Refuses generators with which no file can agree, for they disagree with themselves."""
    image = tf.random.stateless_uniform((1, side, side, model.inputs[0].shape[-1]), (0, 0), -1, 1)
    first, second = model(image, training=False), model(image, training=False)
    # Kernels that add in another order on every run stay far below.
    if tf.reduce_max(tf.abs(first - second)) > 1e-3:
        raise ExportError(
            f"{model.name!r} answers the same image differently every time: a layer draws random "
            "numbers at inference, so no exported file could agree with Keras. For dropout at "
            "test time use tfi2i.layers.Dropout, whose mask is fixed."
        )
