"""A trained model as a folder of arrays and facts: what `save`, `load` and the presets use.

`model.json` names the variant and the arguments of its constructor, `weights.npz` holds arrays.
There is no code in either, and nothing is imported by a name found in them: the variant must be one
of the zoo.
"""

import inspect
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import keras

from tfi2i.errors import WeightsError
from tfi2i.scale import TrainedScale
from tfi2i.training.arrays import (
    assign_arrays,
    file_sha256,
    read_arrays,
    variables_to_arrays,
    write_arrays,
)
from tfi2i.training.checkpoints import Checkpoints
from tfi2i.training.gan import GAN

Model = TypeVar("Model", bound=GAN)

FACTS = "model.json"
WEIGHTS = "weights.npz"


def write_model_facts(folder: Path, variant: str, config: dict[str, Any], **facts: Any) -> None:
    """Writes `model.json`: the variant's name, its constructor's arguments, and further facts."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"variant": variant, "config": config, **facts}, indent=2)
    (folder / FACTS).write_text(text + "\n", encoding="utf-8")


def scale_facts(model: GAN) -> dict[str, Any]:
    """What `model.json` says of the scale of training; nothing where images kept their size."""
    return {} if model.trained_scale is None else {"scale": model.trained_scale.to_facts()}


def read_model_facts(folder: Path) -> dict[str, Any]:
    """Reads `model.json`.

    Raises:
        WeightsError: If the folder holds no model, or the file does not have the form.
    """
    path = folder / FACTS
    if not path.exists():
        raise WeightsError(f"{folder} holds no model: it has no {FACTS}")
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise WeightsError(f"{path} is damaged: {error}") from None
    if not isinstance(facts, dict) or not isinstance(facts.get("config"), dict):
        raise WeightsError(f"{path} does not describe a model: `variant` and `config` are needed")
    return facts


def save_model(
    model: GAN,
    folder: str | Path,
    *,
    networks: Sequence[keras.Model] | None = None,
    dtype: str | None = None,
    **facts: Any,
) -> Path:
    """Saves networks, with their running averages where a player keeps one.

    Args:
        model: The trained model, of a variant of the zoo.
        folder: Made if needed; an older model in it is replaced.
        networks: Which networks; None for all.
        dtype: `float16` halves the file; None keeps float32.
        **facts: Anything else for `model.json`: licence, figures.

    Returns:
        The folder.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    names = [network.name for network in networks or model.networks]
    facts |= scale_facts(model)
    with model.averaged_weights():
        arrays = variables_to_arrays(_of_networks(model, names), dtype=dtype)
    write_arrays(folder / WEIGHTS, arrays)
    write_model_facts(
        folder,
        model.variant_name(),
        model.get_config(),
        networks=names,
        weights_sha256=file_sha256(folder / WEIGHTS),
        **facts,
    )
    return folder


def load_model(variant_class: type[Model], folder: str | Path) -> Model:
    """Rebuilds a model from a saved folder, a preset, or a run folder (its newest checkpoint).

    Args:
        variant_class: The class that the folder's `variant` names.
        folder: What `save_model` or a training run wrote.

    Raises:
        WeightsError: If the folder holds another variant, unknown arguments, or altered weights.
    """
    folder = Path(folder)
    facts = read_model_facts(folder)
    if facts.get("variant") != variant_class.variant_name():
        raise WeightsError(
            f"{folder} holds a {facts.get('variant')!r}, not a {variant_class.variant_name()!r}"
        )
    known = inspect.signature(variant_class.__init__).parameters.keys() | {"trainable", "dtype"}
    unknown = set(facts["config"]) - known
    if unknown:
        raise WeightsError(f"{folder / FACTS} has unknown arguments: {sorted(unknown)}")
    config = {k: v for k, v in facts["config"].items() if k not in ("trainable", "dtype")}
    model = variant_class(**config)
    model.trained_scale = TrainedScale.from_facts(facts)
    load_weights(model, folder)
    return model


def load_weights(model: GAN, folder: str | Path) -> None:
    """Fills a model from what `save_model` wrote, or from a run folder's newest checkpoint.

    From a run, the generator takes its running average if the run kept one.

    Raises:
        WeightsError: If the file was altered, or does not fit the model.
    """
    folder = Path(folder)
    facts = read_model_facts(folder)
    if "weights_sha256" in facts:
        if file_sha256(folder / WEIGHTS) != facts["weights_sha256"]:
            raise WeightsError(f"{folder / WEIGHTS} is not the file {FACTS} describes (SHA-256)")
        variables = _of_networks(model, facts["networks"])
        assign_arrays(variables, read_arrays(folder / WEIGHTS), source=folder / WEIGHTS)
        return
    newest = Checkpoints(folder / "checkpoints").newest()
    if newest is None:
        raise WeightsError(f"{folder} has no checkpoint yet")
    arrays = read_arrays(newest)
    variables = model.network_state()
    chosen = {
        name: arrays.get(f"average/{name}", arrays[name])
        for name in variables.keys() & arrays.keys()
    }
    assign_arrays(variables, chosen, source=newest)


def _of_networks(model: GAN, names: Sequence[str]) -> dict[str, keras.Variable]:
    return {
        name: variable
        for name, variable in model.network_state().items()
        if name.split("/")[0] in names
    }
