"""A model's ways to files and back."""

from pathlib import Path
from typing import Any, Self

from tfi2i.errors import RecipeError
from tfi2i.training.state import StatefulModel


class Saved(StatefulModel):
    """Saves networks as a folder, and all state of training as a file; never as Keras' archive."""

    def save(self, folder: str | Path, **unused: Any) -> Path:  # type: ignore[override]
        """Saves all networks to a folder: arrays and JSON, no code; `load` reads it back.

        Raises:
            RecipeError: A Keras file is asked for.
        """
        from tfi2i.training.files.saving import save_model

        if unused or Path(folder).suffix in (".keras", ".h5"):
            raise RecipeError(
                f"save writes a folder that load reads: save('{Path(folder).stem}'); "
                "all state of training is in save_weights('NAME.weights.h5')"
            )
        return save_model(self, folder)

    def get_compile_config(self) -> dict | None:
        """What Keras asks for when it saves or clones a model: refuses, compiled or not.

        Raises:
            RecipeError: Always; it names the way that works.
        """
        raise RecipeError(
            f"Keras' own files and clones would lose the optimizers, running averages and weights "
            f"of {self.name}: save and load keep the networks, save_weights and load_weights all "
            "state"
        )

    def export(self, *args: Any, **kwargs: Any) -> Any:
        """Refuses: a translator is exported, not the whole game.

        Raises:
            RecipeError: Always; it names the way that works.
        """
        raise RecipeError("tfi2i export writes SavedModel and LiteRT files; so does tfi2i export")

    def save_weights(self, filepath: str | Path, overwrite: bool = True) -> None:
        """Saves all state of training, optimizers and running averages too: `*.weights.h5`.

        Raises:
            WeightsError: The file cannot be written, or is there and must not be overwritten.
        """
        from tfi2i.training.files.weights_file import write_weights_file

        write_weights_file(self, Path(filepath), overwrite=overwrite)

    def load_weights(self, filepath: str | Path, **unused: Any) -> None:  # type: ignore[override]
        """Loads what `save_weights` saved, to train on or, without `compile`, to translate.

        Raises:
            RecipeError: Keras is asked to leave out what does not fit.
            WeightsError: If the file does not fit the model as it is compiled.
        """
        from tfi2i.training.files.weights_file import read_weights_file

        given = [name for name, value in unused.items() if value]
        if given:
            raise RecipeError(
                f"load_weights does not take {', '.join(given)}: a file is loaded whole, or "
                "refused with the names of what does not fit"
            )
        read_weights_file(self, Path(filepath))

    @classmethod
    def load(cls, folder: str | Path, *, checkpoint: int | str | None = None) -> Self:
        """Rebuilds a model from what `save` wrote, from a preset's folder, or from a run folder.

        Args:
            folder: The folder.
            checkpoint: Of a run: an iteration or `best`; None takes the newest.

        Raises:
            WeightsError: If the folder holds no model of this variant, or altered weights.
            RunError: If the run has no such checkpoint.
        """
        from tfi2i.training.files.saving import load_model

        return load_model(cls, folder, checkpoint=checkpoint)

    def save_to_preset(
        self, folder: str | Path, *, licence: str | None = None, **facts: Any
    ) -> Path:
        """Saves what the trained model is used by, with a card for the Hugging Face Hub.

        See `tfi2i.training.files.publishing.save_to_preset`; `tfi2i.upload_preset` uploads the
        folder.
        """
        from tfi2i.training.files.publishing import save_to_preset

        return save_to_preset(self, folder, licence=licence, **facts)  # type: ignore[arg-type]

    @classmethod
    def from_preset(cls, name: str) -> Self:
        """Loads trained generators.

        Args:
            name: Of a preset that ships with the package (`tfi2i list` names them), the folder of a
                preset or saved model of one's own, or `hf://OWNER/REPO`.

        Raises:
            WeightsError: There is no such preset, or it is another variant's.
            MissingExtraError: It is on the hub, and `huggingface_hub` is not installed.
        """
        from tfi2i.training.files.trained import find_preset

        return cls.load(find_preset(name))
