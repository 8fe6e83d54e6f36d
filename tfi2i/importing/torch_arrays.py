"""The arrays of a recognised PyTorch network, in the order in which ours has them."""

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from tfi2i.errors import WeightsError
from tfi2i.importing.torch_keys import Found, Place, State, norm_of

# What a normalisation may have; the rest of it is of no use here.
_RUNNING = ("running_mean", "running_var", "num_batches_tracked")
_NORM = {
    "gamma": ("weight", 1.0),
    "beta": ("bias", 0.0),
    "moving_mean": ("running_mean", None),
    "moving_variance": ("running_var", None),
}
# A kernel (out, in, rows, columns), and of a transposed convolution (in, out, rows, columns), in
# the order of Keras; and back.
_TO_KERAS, _TO_TORCH = (2, 3, 1, 0), (3, 2, 0, 1)


def arrays_for(
    network: keras.Model, found: Found, state: State, path: Path
) -> dict[str, np.ndarray]:
    """The arrays for a network of ours.

    Three things differ beside the order of axes. Ours has no bias before an instance norm, which
    takes it out again. A normalisation without scale and offset has
    ones and zeros here. Skips come first there and last here.

    Args:
        network: Of the kind and the sizes that were found.
        found: What the state dict is of.
        state: The state dict, without prefixes of wrappers.
        path: Its file, for messages.

    Returns:
        Arrays by `layer/variable`; random states of dropout are not among them.

    Raises:
        WeightsError: A tensor is missing, too many, of another shape, or not finite.
    """
    variables = {
        f"{layer.name}/{variable.name}": variable
        for layer in network.layers
        for variable in layer.weights
        if keras.backend.is_float_dtype(variable.dtype)
    }
    arrays: dict[str, np.ndarray] = {}
    used: set[str] = set()
    if norm_of(state, found, path) == "instance":
        used.update(key for p in found.places if p.normalised and (key := f"{p.key}.bias") in state)
    for place in found.places:
        read = _norm if place.norm else _convolution
        arrays |= read(place, variables, state, path, used)
    _refuse_others(state, used, found, path)
    for key in used:
        if not np.isfinite(state[key]).all():
            raise WeightsError(f"{path}: {key} has values that are not finite")
    assert arrays.keys() == variables.keys()
    return arrays


def _norm(
    place: Place,
    variables: Mapping[str, keras.Variable],
    state: State,
    path: Path,
    used: set[str],
) -> dict[str, np.ndarray]:
    arrays = {}
    for ours, (theirs, absent) in _NORM.items():
        name, key = f"{place.layer}/{ours}", f"{place.key}.{theirs}"
        if name not in variables:
            continue
        shape = tuple(variables[name].shape)
        if key not in state and absent is not None:
            arrays[name] = np.full(shape, absent, np.float32)
        else:
            arrays[name] = _tensor(state, key, shape, path, used)
    # Of instance norms before PyTorch 0.4, and where images are normalised by themselves.
    used.update(key for name in _RUNNING if (key := f"{place.key}.{name}") in state)
    return arrays


def _convolution(
    place: Place,
    variables: Mapping[str, keras.Variable],
    state: State,
    path: Path,
    used: set[str],
) -> dict[str, np.ndarray]:
    name = f"{place.layer}/kernel"
    shape = tuple(variables[name].shape)
    wanted = tuple(shape[axis] for axis in _TO_TORCH)
    kernel = _tensor(state, f"{place.key}.weight", wanted, path, used).transpose(_TO_KERAS)
    if place.skip_first:
        kernel = np.roll(kernel, kernel.shape[-1] // 2, axis=-1)
    arrays, bias = {name: kernel}, f"{place.key}.bias"
    if f"{place.layer}/bias" in variables:
        size = tuple(variables[f"{place.layer}/bias"].shape)
        # An outermost convolution has one in any case; others as the norm is.
        needed = place.layer in ("up1_conv", "last_conv") or bias in state
        arrays[f"{place.layer}/bias"] = (
            _tensor(state, bias, size, path, used) if needed else np.zeros(size, np.float32)
        )
    return arrays


def _tensor(
    state: State, key: str, shape: tuple[int, ...], path: Path, used: set[str]
) -> np.ndarray:
    if key not in state:
        raise WeightsError(f"{path} has no {key}; the network that it begins like has one")
    if state[key].shape != shape:
        raise WeightsError(
            f"{path}: {key} is {state[key].shape}, and {shape} in the network that it begins like"
        )
    used.add(key)
    return state[key].astype(np.float32, copy=False)


def _refuse_others(state: State, used: set[str], found: Found, path: Path) -> None:
    others = sorted(state.keys() - used)
    if others:
        raise WeightsError(
            f"{path} begins like a {found.kind}, and has {', '.join(others[:3])} too, which such a "
            f"network has not ({len(others)} of {len(state)} keys): it is another one"
        )
