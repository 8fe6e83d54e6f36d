"""Trained weights by any of their names: a preset, a run, a saved model's folder, or on the hub."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.errors import WeightsError
from tfi2i.inference.presets import preset_folder
from tfi2i.package_files import file_sha256
from tfi2i.training.files.array_file import Header, read_arrays
from tfi2i.training.files.checkpoints import Checkpoints
from tfi2i.training.files.hub import PREFIX, hub_folder
from tfi2i.training.files.model_facts import FACTS, WEIGHTS, read_model_facts

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
    facts: dict[str, Any]
    checkpoint: Path | None = None

    @classmethod
    def of(
        cls,
        folder: str | Path,
        *,
        name: str | None = None,
        checkpoint: int | str | None = None,
    ) -> "Trained":
        """The trained weights in a folder.

        Args:
            folder: Of a run or of a saved model.
            name: As the user gave it; None for the folder.
            checkpoint: Of a run: an iteration or `best`; None for the newest.

        Raises:
            WeightsError: The folder holds no model, or a saved one that has no checkpoints.
            RunError: The run has no such checkpoint.
        """
        folder = Path(folder)
        found = cls(name or str(folder), folder, read_model_facts(folder))
        if checkpoint is None:
            return found
        if found.is_saved:
            raise WeightsError(
                f"{folder} is a saved model and no run: it has no checkpoints to choose from"
            )
        return replace(found, checkpoint=found.checkpoints.find(checkpoint))

    @property
    def is_saved(self) -> bool:
        """Whether it is a saved model or a preset, whose weights have a SHA-256; else a run."""
        return "weights_sha256" in self.facts

    @property
    def checkpoints(self) -> Checkpoints:
        """Those of a run."""
        return Checkpoints(self.folder / "checkpoints")

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
        if self.is_saved:
            path = self.folder / WEIGHTS
            if file_sha256(path) != self.facts["weights_sha256"]:
                raise WeightsError(f"{path} is not the file {FACTS} describes (SHA-256)")
        if path is not None:
            return path, read_arrays(path, lambda headers: pick(headers, path))
        read = self.checkpoints.read_newest(pick)
        if read is None:
            raise WeightsError(f"{self.folder} has no checkpoint yet")
        return read


def find_preset(name: str) -> Path:
    """Finds a preset: one that ships, a folder of one's own, or one on the hub.

    Args:
        name: Of a preset, of the folder of a saved model, or `hf://OWNER/REPO`; a folder comes
            before a preset of the same name.

    Raises:
        WeightsError: There is none of this name, or the folder is one of a run.
        MissingExtraError: It is on the hub, and `huggingface_hub` is not installed.
    """
    path = Path(name).expanduser()
    if name.startswith(PREFIX):
        return hub_folder(name)
    if path.is_dir() or (len(path.parts) > 1 and path.exists()):
        if not Trained.of(path).is_saved:
            raise WeightsError(f"{name} is the folder of a run: give it as --run, or to tfi2i.load")
        return path
    if len(path.parts) > 1:
        raise WeightsError(f"there is no folder {name}, where a preset could be")
    return preset_folder(name)


def find_trained(name: str) -> Trained:
    """Finds trained weights by a name.

    Args:
        name: The folder of a run or of a saved model, a checkpoint's file in a run, a preset, or
            `hf://OWNER/REPO`; a folder comes before a preset of the same name.

    Raises:
        WeightsError: There are none of this name; the message names the nearest preset.
        RunError: The run has no such checkpoint; the message lists those there are.
        MissingExtraError: It is on the hub, and `huggingface_hub` is not installed.
    """
    path = Path(name).expanduser()
    if name.startswith(PREFIX):
        return Trained.of(hub_folder(name), name=name)
    if path.is_dir():
        return Trained.of(path, name=name)
    if path.suffix == ".npz" and path.parent.name == "checkpoints":
        run = Trained.of(path.parent.parent, name=name)
        return replace(run, checkpoint=path if path.exists() else run.checkpoints.find(path.name))
    if path.is_file():
        raise WeightsError(
            f"{name} is a file: give the folder of a run or of a saved model, or a file in "
            "checkpoints/ of a run"
        )
    if len(path.parts) > 1:
        raise WeightsError(f"there is no folder {name}")
    try:
        folder = preset_folder(name)
    except WeightsError as error:
        raise WeightsError(f"there is no folder {name[:60]}, and {error}") from None
    return Trained.of(folder, name=name)
