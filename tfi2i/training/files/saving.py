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
from tfi2i.training.files.array_file import Header
from tfi2i.training.files.arrays import (
    assign_arrays,
    check_fit,
    variables_to_arrays,
    write_arrays,
)
from tfi2i.training.files.model_facts import (
    FACTS,
    WEIGHTS,
    build_model,
    image_facts,
    restore_image_facts,
    write_model_facts,
)
from tfi2i.training.files.trained import Trained
from tfi2i.training.state import StatefulModel
from tfi2i.whole_files import make_folder

Model = TypeVar("Model", bound=StatefulModel)


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
        networks: Which networks to save; None saves all, but for those that it came without.
        dtype: `float16` halves the file; None keeps float32.
        **facts: Anything else for `model.json`: licence, figures.

    Returns:
        The folder.

    Raises:
        WeightsError: A file lies where the folder belongs, or a folder where its files belong; the
            disk refuses; or weights are not finite.
    """
    folder = Path(folder)
    make_folder(folder, WeightsError)
    names = [one.name for one in networks or model.networks if one.name not in model.absent]
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
    trained = Trained.of(folder, checkpoint=checkpoint)
    facts = trained.facts
    if facts["variant"] != variant_class.variant_name():
        raise WeightsError(
            f"{folder} holds a {facts['variant']!r}, not a {variant_class.variant_name()!r}"
        )
    model = build_model(variant_class, facts["config"], source=trained.folder / FACTS)
    restore_image_facts(model, facts)
    load_weights(model, trained)
    return model


def load_weights(model: StatefulModel, trained: Trained) -> None:
    """Fills a model from what `save_model` wrote, or from a checkpoint of a run.

    From a run, the generator takes its running average if the run kept one. If the newest
    checkpoint is damaged, a warning names it and the one before it is taken; one that is asked for
    by its name is taken or refused.

    Args:
        model: The model.
        trained: The weights.

    Raises:
        WeightsError: If the file is damaged, was altered, or does not fit the model.
        RunError: If all checkpoints are damaged.
    """
    variables = model.network_state()
    if trained.is_saved:
        _check_networks(model, trained)
        variables = _of_networks(model, trained.facts["networks"])

    def pick(headers: Mapping[str, Header], path: Path) -> dict[str, str]:
        stored = {
            name: f"average/{name}" if f"average/{name}" in headers else name for name in variables
        }
        found = {name: headers[origin] for name, origin in stored.items() if origin in headers}
        # A checkpoint has more than networks.
        check_fit(headers if trained.is_saved else found, variables, source=path)
        return stored

    path, arrays = trained.read(pick)
    assign_arrays(variables, arrays, source=path)


def _check_networks(model: StatefulModel, trained: Trained) -> None:
    """Raises a WeightsError unless a saved model has the networks that are needed, and no other."""
    names = trained.facts["networks"]
    unknown = sorted(set(names) - {network.name for network in model.networks})
    if unknown:
        raise WeightsError(f"{trained.folder / FACTS}: the model has no network {unknown[0]!r}")
    missing = sorted({network.name for network in model.shipped_networks} - set(names))
    if not model.do_without(missing):
        raise WeightsError(
            f"{trained.folder} cannot be used: the weights of {missing[0]} are left out"
        )


def _of_networks(model: StatefulModel, names: Sequence[str]) -> dict[str, keras.Variable]:
    return {
        name: variable
        for name, variable in model.network_state().items()
        if name.split("/")[0] in names
    }
