"""The generator as it is exported: its precision chosen, its sizes known."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import keras

from tfi2i.data.decode.values import EIGHT_BITS, ValueRange, ValueRanges
from tfi2i.errors import ExportError
from tfi2i.export.condition import Condition
from tfi2i.export.exportable import check_finite, check_form, check_repeatable
from tfi2i.inference.sizes import only_size, padded_side
from tfi2i.layers import PhaseConv2DTranspose
from tfi2i.layers.phase_convolution import doubles_as_published

BFLOAT16_NEEDS = (
    "bfloat16 wants processors with AVX-512 BF16 or AMX, or GPUs from Ampere on; others take about "
    "four times as long as in float32: for those export with --precision float32."
)
# Layers that training computes as products of matrices: runtimes are better at convolutions.
_PLAIN_FORMS = {
    f"tfi2i>Product{name}": {"module": "keras.layers", "class_name": name, "registered_name": None}
    for name in ("Conv2D", "Conv2DTranspose")
}


@dataclass(frozen=True)
class InferenceGenerator:
    """A generator in one precision, and what the code that exports it has to know.

    Attributes:
        model: functional model, (B, H, W, C_in) to (B, H, W, C_out), float32 in [-1, 1].
        precision: "float32" or "bfloat16", of its weights and its arithmetic.
        notes: sentences that a reader of the export should know.
        takes: depth of the pixels that go in, and the values that are -1 and 1.
        gives: the same of those that come out.
        condition: what the model takes beside images, as its second input; None for nothing.
    """

    model: keras.Model
    precision: str
    notes: tuple[str, ...]
    takes: ValueRange = EIGHT_BITS
    gives: ValueRange = EIGHT_BITS
    condition: Condition | None = None

    @property
    def is_plain(self) -> bool:
        """Whether pixels of both sides are of 8 bits: these are served as float32 in 0..255."""
        return self.takes == self.gives == EIGHT_BITS

    @property
    def only_size(self) -> tuple[int, int] | None:
        """The one height and width that the model computes; None if it computes any."""
        return only_size(self.model)

    @property
    def size_multiple(self) -> int:
        """Height and width have to be multiples of this, in pixels; 1 where images are resized."""
        return self.model.size_multiple if self.only_size is None else 1

    @property
    def smallest_side(self) -> int:
        """The smallest height and width that the model computes, in pixels."""
        return padded_side(1, self.size_multiple)

    @property
    def input_channels(self) -> int:
        """Channels of the images that go in."""
        return self.model.inputs[0].shape[-1]

    @property
    def output_channels(self) -> int:
        """Channels of the images that come out."""
        return self.model.outputs[0].shape[-1]


def inference_generator(
    generator: keras.Model,
    precision: Literal["float32", "bfloat16"] = "float32",
    *,
    fused: bool = False,
    value_ranges: ValueRanges = (EIGHT_BITS, EIGHT_BITS),
) -> InferenceGenerator:
    """Returns the generator in one precision, with what its exports have to know.

    A generator that is not yet as asked for is rebuilt from its configuration with the same
    weights; any other is returned as it is. The given generator is never changed.

    Args:
        generator: functional `keras.Model` from (B, H, W, C_in) to (B, H, W, C_out) that
            carries the int attribute `size_multiple`, or has a known H and W: images are then
            resized to that size, and the results back.
        precision: precision of weights and arithmetic. In bfloat16 the norms keep float32
            statistics, and the last layer is computed in float32.
        fused: whether norms use the fused kernel, which LiteRT does not convert, and transposed
            convolutions are computed as plain ones (`tfi2i.layers.PhaseConv2DTranspose`): faster.
            Convolutions that training computes as products of matrices become Keras' own.
        value_ranges: of the pixels that go in, and of those that come out.

    Raises:
        ExportError: it has several inputs or outputs, unknown channels, no size_multiple, or
            weights that are not finite; it fails on the smallest images; or it draws random numbers
            anew at every call.
    """
    check_form(generator)
    model, notes = in_precision(generator, precision, fused=fused)
    if only_size(generator) is None:
        model.size_multiple = generator.size_multiple
    check_repeatable(model)
    return InferenceGenerator(model, precision, notes, *value_ranges)


def in_precision(
    generator: keras.Model, precision: Literal["float32", "bfloat16"], *, fused: bool
) -> tuple[keras.Model, tuple[str, ...]]:
    """A functional model in one precision, and what a reader of its export should know.

    Args:
        generator: It is never changed; where it is as asked for already, it is returned itself.
        precision: See `inference_generator`.
        fused: See `inference_generator`.

    Raises:
        ExportError: It has weights that are not finite, or cannot be rebuilt.
    """
    check_finite(generator)
    rewriting = _Rewriting(precision, fused)
    config = rewriting.of(generator.get_config())
    _keep_last_in_float32(config, generator, fused)
    model = generator
    notes = []
    if rewriting.changed:
        model = type(generator).from_config(config)
        _copy_weights(generator, model)
    trained = rewriting.policies - {"float32"}
    if trained or precision != "float32":
        trained_in = ", ".join(sorted(trained or rewriting.policies))
        notes.append(f"Trained in {trained_in}; exported in {precision}.")
    if precision == "bfloat16":
        notes.append(BFLOAT16_NEEDS)
    if rewriting.noise_layers:
        notes.append(
            "Dropout stays on at test time, as in Keras: one fixed mask for every image size, in "
            f"{', '.join(rewriting.noise_layers)}."
        )
    return model, (*notes,)


def _keep_last_in_float32(config: dict[str, Any], model: Any, fused: bool) -> None:
    """Rewrites the configuration of the last layer, which may be a model itself."""
    last = model.outputs[0]._keras_history.operation
    for layer in config["layers"]:
        if layer["name"] == last.name and isinstance(last, keras.Model):
            _keep_last_in_float32(layer["config"], last, fused)
        elif layer["name"] == last.name:
            layer["config"] = _Rewriting("float32", fused).of(layer["config"])


class _Rewriting:
    """Copies a Keras configuration with every layer in one precision, its kernels fused or not.

    Attributes:
        policies: the dtype policies that the configuration had.
        noise_layers: names of the layers that keep dropout at test time.
        changed: whether any copy differed from its original.
    """

    def __init__(self, precision: str, fused: bool):
        self._precision, self._fused = precision, fused
        self.policies: set[str] = set()
        self.noise_layers: list[str] = []
        self.changed = False

    def of(self, node: Any) -> Any:
        """Returns the copy."""
        if isinstance(node, list | tuple):
            return type(node)(self.of(child) for child in node)
        if not isinstance(node, dict):
            return node
        copy = {key: self.of(value) for key, value in node.items()}
        if self._fused and isinstance(copy.get("layers"), list):
            # They are copies already, in their plain form.
            copy["layers"] = [self._by_phases(layer) for layer in copy["layers"]]
        if copy.get("registered_name") in _PLAIN_FORMS:
            self.changed = True
            copy |= _PLAIN_FORMS[copy["registered_name"]]
        inner = copy.get("config")
        if isinstance(inner, dict):
            if copy.get("registered_name") == "tfi2i>Dropout" and inner["at_inference"]:
                self.noise_layers.append(inner["name"])
            if copy.get("class_name") == "DTypePolicy":
                self.policies.add(inner["name"])
                self._set(inner, "name", self._precision)
            if "fused_at_inference" in inner:
                self._set(inner, "fused_at_inference", self._fused)
        return copy

    def _by_phases(self, layer: dict[str, Any]) -> dict[str, Any]:
        """A transposed convolution of the size that has a faster form in that form."""
        config = layer["config"]
        if layer["class_name"] != "Conv2DTranspose" or not doubles_as_published(config):
            return layer
        self.changed = True
        kept = ("name", "trainable", "dtype", "filters", "use_bias", "activation")
        kind = PhaseConv2DTranspose
        return {
            **layer,
            "module": kind.__module__,
            "class_name": kind.__name__,
            "registered_name": f"tfi2i>{kind.__name__}",
            "config": {key: config[key] for key in kept},
        }

    def _set(self, config: dict[str, Any], key: str, value: Any) -> None:
        self.changed |= config[key] != value
        config[key] = value


def _copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Gives every variable of `target` the value of the one with the same path in `source`."""
    values = dict(_variables_of(source))
    if len(values) < len(source.variables):
        raise ExportError(
            f"{source.name!r} cannot be rebuilt for export: it has several variables of one path. "
            "Give the layers of networks inside it different names."
        )
    phases = {id(layer.kernel) for layer in _layers_of(target, PhaseConv2DTranspose)}
    for path, variable in _variables_of(target):
        if path not in values:
            raise ExportError(
                f"{source.name!r} cannot be rebuilt for export: its copy has a variable "
                f"{path!r} that it has not. Give every layer an explicit name."
            )
        value = values[path]
        if id(variable) in phases and value.shape != variable.shape:
            kernel = keras.ops.convert_to_numpy(keras.ops.cast(value, "float32"))
            variable.assign(PhaseConv2DTranspose.phase_kernel(kernel))
        else:
            variable.assign(value)


def _variables_of(model: keras.Model, within: str = "") -> Iterator[tuple[str, keras.Variable]]:
    """Every variable with its path, before which stand the names of the models that it is in."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _variables_of(layer, f"{within}{layer.name}/")
        else:
            yield from ((within + variable.path, variable) for variable in layer.variables)


def _layers_of(model: keras.Model, kind: type) -> list[Any]:
    """All layers of a kind, also those of models inside the model."""
    inner = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    own = [layer for layer in model.layers if isinstance(layer, kind)]
    return own + [layer for one in inner for layer in _layers_of(one, kind)]
