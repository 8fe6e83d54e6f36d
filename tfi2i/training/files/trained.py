"""Trained weights by any of their names: a preset, a run, a saved model's folder, or on the hub."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.errors import WeightsError
from tfi2i.inference.presets import preset_folder
from tfi2i.package_files import file_sha256
from tfi2i.training.files.array_file import Header, read_arrays
from tfi2i.training.files.checkpoints import Checkpoints
from tfi2i.training.files.hub import PREFIX, hub_folder
from tfi2i.training.files.model_facts import FACTS, read_model_facts
from tfi2i.training.files.saving import WEIGHTS

Pick = Callable[[Mapping[str, Header], Path], Mapping[str, str]]


@dataclass(frozen=True)
class Trained:
    """Trained weights that were found and are not read yet.

    Attributes:
        name: As the user gave it.
        folder: Where `model.json` is.
        facts: What it says.
        checkpoint: The file, where one of a run's was named.
    """

    name: str
    folder: Path
    facts: Mapping[str, Any]
    checkpoint: Path | None = None

    def read(self, pick: Pick) -> tuple[Path, dict[str, np.ndarray]]:
        """Reads arrays; of a run those of the newest whole checkpoint, if none was named.

        Args:
            pick: The same as for `read_arrays`, with the file as a second argument.

        Returns:
            The file and the arrays picked.

        Raises:
            WeightsError: The file is damaged or altered, there is none, or `pick` raised it.
            RunError: All checkpoints of the run are damaged.
        """
        path = self.checkpoint
        if "weights_sha256" in self.facts:
            path = self.folder / WEIGHTS
            if file_sha256(path) != self.facts["weights_sha256"]:
                raise WeightsError(f"{path} is not the file {FACTS} describes (SHA-256)")
        if path is not None:
            return path, read_arrays(path, lambda headers: pick(headers, path))
        read = Checkpoints(self.folder / "checkpoints").read_newest(pick)
        if read is None:
            raise WeightsError(f"{self.folder} has no checkpoint yet")
        return read


def find_trained(name: str) -> Trained:
    """Finds trained weights by a name.

    Args:
        name: The folder of a run or of a saved model, a checkpoint's file in a run, a preset, or
            `hf://OWNER/REPO`; a folder comes before a preset of the same name.

    Raises:
        WeightsError: There are none of this name; the message names the nearest preset.
        MissingExtraError: It is on the hub, and `huggingface_hub` is not installed.
    """
    path = Path(name).expanduser()
    checkpoint = None
    if name.startswith(PREFIX):
        folder = hub_folder(name)
    elif path.is_dir():
        folder = path
    elif path.is_file() and path.suffix == ".npz" and path.parent.name == "checkpoints":
        folder, checkpoint = path.parent.parent, path
    elif path.is_file():
        raise WeightsError(
            f"{name} is a file: give the folder of a run or of a saved model, or a file in "
            "checkpoints/ of a run"
        )
    elif len(path.parts) > 1:
        raise WeightsError(f"there is no folder {name}")
    else:
        try:
            folder = preset_folder(name)
        except WeightsError as error:
            raise WeightsError(f"there is no folder {name[:60]}, and {error}") from None
    return Trained(name, folder, read_model_facts(folder), checkpoint)
