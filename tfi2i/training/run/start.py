"""Trained weights that a run begins from, in place of random ones: `train.start_from`.

The networks of both are compared by name. What the start has is taken: generators as `translate`
shows them, by their running averages if there are any, and all others by their newest weights. What
it does not have stays fresh, as the discriminators do where a preset has none. Optimizers, image
pools, schedules and the count of iterations begin anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from tfi2i.errors import RecipeError, RunError, WeightsError
from tfi2i.image_sizes import sides_of, size_in_words
from tfi2i.package_files import file_sha256
from tfi2i.recipe import CHANNELS
from tfi2i.training.files.array_file import Header
from tfi2i.training.files.arrays import HasForm, assign_arrays
from tfi2i.training.files.model_facts import FACTS, build_model
from tfi2i.training.files.trained import Trained, find_trained
from tfi2i.training.gan import GAN

# Of the section model, or of elsewhere: not what networks are made of.
_NO_NETWORKS = ("name", "seed", "dtype", "trainable")


@dataclass(frozen=True)
class Start:
    """What a run began from.

    Attributes:
        facts: For `run.json`.
        words: One line for the log.
    """

    facts: dict[str, Any]
    words: str


def find_start(name: str, variant_class: type[GAN]) -> Trained:
    """Finds the weights that `train.start_from` names.

    Raises:
        WeightsError: There are none of this name.
        RunError: The run has no such checkpoint.
        RecipeError: They are another variant's.
    """
    try:
        trained = find_trained(name)
    except (WeightsError, RunError) as error:
        raise type(error)(f"train.start_from: {error}") from None
    theirs, own = trained.facts["variant"], variant_class.variant_name()
    if theirs != own:
        raise RecipeError(
            f"train.start_from: {name} is a {theirs[:60]!r}, whose networks are others than those "
            f"of {own!r}: train {theirs[:60]!r}, or begin from a {own!r}"
        )
    return trained


def begin_from(model: GAN, name: str) -> Start:
    """Fills the networks of a compiled model from trained weights; nothing is written.

    Args:
        model: Built and compiled, with its first weights.
        name: See `find_trained`.

    Raises:
        WeightsError: There are no such weights, a file is damaged, or a network does not fit.
        RecipeError: They are another variant's.
    """
    trained = find_start(name, type(model))
    path, arrays = trained.read(lambda headers, path: _picked(model, headers, trained))
    state = model.network_state()
    assign_arrays({name: state[name] for name in arrays}, arrays, source=path)
    for player in model.players.values():
        # They were copies of the first weights.
        for variable, average in player.averaged():
            average.assign(variable.value)
    taken = [one.name for one in model.networks if any(map(arrays.__contains__, _own(one, state)))]
    trainable = [one.name for one in model.networks if one.trainable_variables]
    facts = {
        "name": name,
        "file": str(path),
        "sha256": file_sha256(path),
        "taken": taken,
        "fresh": [name for name in trainable if name not in taken],
    }
    return Start(facts, _in_words(facts, _settings(model, trained.facts["config"])))


def _own(network: keras.Model, state: Mapping[str, Any]) -> dict[str, Any]:
    """The weights of a network in a state or a file; whole numbers are states of random draws."""
    return {
        name: one
        for name, one in state.items()
        if name.startswith(f"{network.name}/") and keras.backend.is_float_dtype(str(one.dtype))
    }


def _picked(model: GAN, headers: Mapping[str, Header], trained: Trained) -> dict[str, str]:
    """A variable's name to that of its array, for every network that the file has."""
    state, picked = model.network_state(), {}
    for network in model.networks:
        stored = _own(network, headers)
        if not stored:
            continue
        variables = _own(network, state)
        difference = _first_difference(stored, variables)
        if difference:
            raise WeightsError(
                f"train.start_from: the network {network.name} of {trained.name} does not fit: "
                f"{difference}. {_what_to_set(model, network, trained)}"
            )
        picked |= {
            name: f"average/{name}" if f"average/{name}" in headers else name for name in variables
        }
    if not picked:
        raise WeightsError(f"train.start_from: {trained.name} has no network of {model.name}")
    return picked


def _first_difference(stored: Mapping[str, HasForm], variables: Mapping[str, HasForm]) -> str:
    """Where two networks differ, in words; empty if their arrays have the same names and shapes."""
    for name, variable in variables.items():
        here = tuple(variable.shape)
        if name not in stored:
            return f"{name} is {here} here, and there is none there"
        if tuple(stored[name].shape) != here:
            return f"{name} is {tuple(stored[name].shape)} there and {here} here"
    for name, array in stored.items():
        if name not in variables:
            return f"{name} is {tuple(array.shape)} there, and there is none here"
    return ""


def _settings(model: GAN, theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the constructor that the start had otherwise, with its values."""
    own = json.loads(json.dumps(model.get_config()))
    return {
        key: theirs[key]
        for key in own
        if key in theirs and theirs[key] != own[key] and key not in _NO_NETWORKS
    }


def _what_to_set(model: GAN, network: keras.Model, trained: Trained) -> str:
    """The settings that make a network as it was, found by trying each of those that differ."""
    form = _form(network)
    found = []
    for key, value in _settings(model, trained.facts["config"]).items():
        try:
            config = {**model.get_config(), key: value}
            tried = build_model(type(model), config, source=trained.folder / FACTS)
        except WeightsError:  # not by itself, with the others as they are here
            found.append((key, value))
            continue
        if form != _form(next(one for one in tried.networks if one.name == network.name)):
            found.append((key, value))
    if not found:
        return "Its settings are the same: it was made by another version of tfi2i"
    # Both domains have their channels from one setting.
    settings = dict.fromkeys(_setting(*one) for one in found)
    return f"Set {' '.join(settings)}; without --recipe the start's own settings are taken"


def _form(network: keras.Model) -> list[tuple[str, tuple[int, ...]]]:
    floats = (one for one in network.weights if keras.backend.is_float_dtype(one.dtype))
    return [(one.path, tuple(one.shape)) for one in floats]


def _setting(key: str, value: Any) -> str:
    """Such as: model.filters=16; data.crop_size=64x128."""
    text = value if isinstance(value, str) else json.dumps(value)
    if key in CHANNELS:
        return f"data.channels={text}"
    if key == "crop_size" and sides_of(value):
        return f"data.crop_size={size_in_words(value)}"
    return f"model.{key}={text[:200]}"


def _in_words(facts: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    words = (
        f"{facts['name']} (SHA-256 {facts['sha256'][:12]}...): {', '.join(facts['taken'])} taken"
    )
    if facts["fresh"]:
        words += f", {', '.join(facts['fresh'])} fresh"
    if settings:
        words += f"; it was made with {', '.join(_setting(*one) for one in settings.items())}"
    return words
