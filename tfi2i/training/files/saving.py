"""A trained model as a folder of arrays and facts: what `save`, `load` and the presets use.

`model.json` names the variant and the arguments of its constructor, `weights.npz` holds arrays.
There is no code in either, and nothing is imported by a name found in them: the variant must be one
of the zoo.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import keras

from tfi2i.errors import WeightsError
from tfi2i.package_files import file_sha256
from tfi2i.training.files.array_file import Header, read_arrays
from tfi2i.training.files.arrays import (
    assign_arrays,
    check_fit,
    variables_to_arrays,
    write_arrays,
)
from tfi2i.training.files.checkpoints import Checkpoints
from tfi2i.training.files.model_facts import (
    FACTS,
    build_model,
    image_facts,
    read_model_facts,
    restore_image_facts,
    write_model_facts,
)
from tfi2i.training.state import StatefulModel
from tfi2i.whole_files import refuse_file

Model = TypeVar("Model", bound=StatefulModel)

WEIGHTS = "weights.npz"


def save_model(
    model: StatefulModel,
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
        networks: Which networks to save; None saves all.
        dtype: `float16` halves the file; None keeps float32.
        **facts: Anything else for `model.json`: licence, figures.

    Returns:
        The folder.

    Raises:
        WeightsError: A file lies where the folder belongs, or a folder where its files belong; the
            disk refuses; or weights are not finite.
    """
    folder = Path(folder)
    refuse_file(folder, WeightsError)
    folder.mkdir(parents=True, exist_ok=True)
    names = [network.name for network in networks or model.networks]
    facts |= image_facts(model)
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


def load_model(
    variant_class: type[Model], folder: str | Path, *, checkpoint: int | str | None = None
) -> Model:
    """Rebuilds a model from a saved folder, a preset, or a run folder.

    Args:
        variant_class: The class that the folder's `variant` names.
        folder: What `save_model` or a training run wrote.
        checkpoint: Of a run: an iteration or `best`; None takes the newest.

    Raises:
        RunError: If the run has no such checkpoint.
        WeightsError: If the folder holds another variant, unknown arguments, or altered weights.
    """
    folder = Path(folder)
    facts = read_model_facts(folder)
    if facts.get("variant") != variant_class.variant_name():
        raise WeightsError(
            f"{folder} holds a {facts.get('variant')!r}, not a {variant_class.variant_name()!r}"
        )
    model = build_model(variant_class, facts["config"], source=folder / FACTS)
    restore_image_facts(model, facts)
    load_weights(model, folder, checkpoint=checkpoint)
    return model


def load_weights(
    model: StatefulModel, folder: str | Path, *, checkpoint: int | str | None = None
) -> None:
    """Fills a model from what `save_model` wrote, or from a checkpoint of a run.

    From a run, the generator takes its running average if the run kept one. If the newest
    checkpoint is damaged, a warning names it and the one before it is taken; one that is asked for
    by its name is taken or refused.

    Args:
        model: The model.
        folder: Of the saved model, or of the run.
        checkpoint: Of a run: an iteration or `best`; None takes the newest.

    Raises:
        WeightsError: If the file is damaged, was altered, or does not fit the model.
        RunError: If the run has no such checkpoint, or all are damaged.
    """
    folder = Path(folder)
    facts = read_model_facts(folder)
    if "weights_sha256" not in facts:
        _load_checkpoint(model, folder, checkpoint)
        return
    if checkpoint is not None:
        raise WeightsError(
            f"{folder} is a saved model and no run: it has no checkpoints to choose from"
        )
    _load_saved(model, folder, facts)


def _load_saved(model: StatefulModel, folder: Path, facts: dict[str, Any]) -> None:
    path, names = folder / WEIGHTS, facts["networks"]
    unknown = sorted(set(names) - {network.name for network in model.networks})
    if unknown:
        raise WeightsError(f"{folder / FACTS}: the model has no network {unknown[0]!r}")
    missing = sorted({network.name for network in model.shipped_networks} - set(names))
    if missing:
        raise WeightsError(f"{folder} cannot be used: the weights of {missing[0]} are left out")
    if file_sha256(path) != facts["weights_sha256"]:
        raise WeightsError(f"{path} is not the file {FACTS} describes (SHA-256)")
    variables = _of_networks(model, names)

    def pick(headers: Mapping[str, Header]) -> dict[str, str]:
        check_fit(headers, variables, source=path)
        return {name: name for name in variables}

    assign_arrays(variables, read_arrays(path, pick), source=path)


def _load_checkpoint(model: StatefulModel, folder: Path, name: int | str | None) -> None:
    variables = model.network_state()
    checkpoints = Checkpoints(folder / "checkpoints")

    def pick(headers: Mapping[str, Header], path: Path) -> dict[str, str]:
        stored = {
            name: f"average/{name}" if f"average/{name}" in headers else name for name in variables
        }
        found = {name: headers[origin] for name, origin in stored.items() if origin in headers}
        check_fit(found, variables, source=path)
        return stored

    if name is None:
        read = checkpoints.read_newest(pick)
        if read is None:
            raise WeightsError(f"{folder} has no checkpoint yet")
        path, arrays = read
    else:
        path = checkpoints.find(name)
        arrays = read_arrays(path, lambda headers: pick(headers, path))
    assign_arrays(variables, arrays, source=path)


def _of_networks(model: StatefulModel, names: Sequence[str]) -> dict[str, keras.Variable]:
    return {
        name: variable
        for name, variable in model.network_state().items()
        if name.split("/")[0] in names
    }
