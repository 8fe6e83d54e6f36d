"""The trained model for `translate`, `evaluate` and `export`: from a run or a preset."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfi2i.cli.console import out, plain_warnings
from tfi2i.data.scale import Scale, check_scale
from tfi2i.errors import DataError, RunError
from tfi2i.image_sizes import Size, as_size

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import GAN
    from tfi2i.zoo.translating import Translating

RunOption = Annotated[
    Path | None, typer.Option("--run", help="A run folder: the model of its newest checkpoint.")
]
CheckpointOption = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        metavar="ITERATION",
        help="Of the run: the checkpoint of this iteration in place of the newest; or best, where "
        "the run keeps its best one.",
    ),
]
PresetOption = Annotated[
    str | None,
    typer.Option(
        "--preset",
        help="A trained model: one that ships with tfi2i, see `tfi2i list`; the folder of a saved "
        "or imported one; or hf://OWNER/REPO.",
    ),
]
StyleOption = Annotated[
    str | None,
    typer.Option(help="A style image, for variants that take one after training (adain)."),
]
StrengthOption = Annotated[
    float | None,
    typer.Option(help="Of the style: 0 leaves the content as it is; 1, all of it, is the default."),
]

DirectionOption = Annotated[
    str | None,
    typer.Option(
        help="a2b, b2a, to_<domain> or reconstruct, as far as the variant learns it; "
        "else its first."
    ),
]


@dataclass(frozen=True)
class Chosen:
    """A trained model and what its folder says about it.

    Attributes:
        model: The model, with its weights.
        folder: Folder of the run or the preset.
        facts: `model.json`: the variant, its arguments, figures of a preset.
        data: The section `data` of the recipe it was trained with; empty if none is noted.
    """

    model: "GAN"
    folder: Path
    facts: dict[str, Any]
    data: dict[str, Any]

    @property
    def size(self) -> Size:
        """Size of the images that the model was trained with."""
        return self.model.crop_size

    @property
    def iteration(self) -> int:
        """Completed iterations of training at the run's checkpoint; 0 for a preset."""
        return int(self.model.iteration.numpy())

    def measured_size(self, text: str) -> Size:
        """What `evaluate --size` asks for.

        Raises:
            DataError: It is no size, or the training had no `load_size`.
        """
        if text == "crop":
            return self.size
        if text != "load":
            return as_size(text, "--size")
        load_size = self.data.get("load_size")
        if load_size is None:
            raise DataError(
                f"--size load: {self.folder} notes no data.load_size, so that training saw images "
                "in their own size; --size crop measures the middles of images at theirs"
            )
        return as_size(load_size)

    def translator(self) -> "Translating":
        """The model as one that translates images.

        Raises:
            DataError: If it does not.
        """
        from tfi2i.zoo.translating import translator_of

        return translator_of(self.model)

    def open_data(self, source: str | None, size: Size | None = None) -> "DataSource":
        """Opens images to measure the model on: the given ones, or else its own.

        Args:
            source: The images; None for those it was trained with.
            size: The size to be measured; None takes that of the training crops.

        Raises:
            DataError: None are given, and none are noted.
        """
        from tfi2i.data import at_trained_scale
        from tfi2i.data.opening import open_noted

        table, size = dict(self.data), size or self.size
        if source is not None:
            table.update(source=source, kind=None, side=self._side(source))
        if "source" not in table:
            raise DataError(f"{self.folder} does not note its images: give them with --data")
        kind = table.get("kind") or self.model.batch_kind
        # Tiles of built-in maps come in the size that is measured, and are not scaled.
        found = open_noted(table, kind=kind, load_size=size)
        load_size = table.get("load_size", self.size)
        return at_trained_scale(found, load_size=load_size, crop_size=size)

    def _side(self, source: str) -> Any:
        """The half of the model's own files that is `a`, where other images have their form."""
        from tfi2i.data.folders.layouts import recognise

        folder, side = Path(source).expanduser(), self.data.get("side")
        return side if side and folder.is_dir() and recognise(folder).is_flat else None


def parse_scale(text: str) -> Scale:
    """The option --scale as a word or a number.

    Raises:
        DataError: It is not a possible scale.
    """
    try:
        scale: Scale = float(text)
    except ValueError:
        scale = text  # type: ignore[assignment]
    check_scale(scale)
    return scale


def set_chosen_style(model: "Translating", style: str | None, strength: float | None) -> None:
    """Gives a model the style that --style and --strength ask for, if they ask for one.

    Raises:
        DataError: If the model takes no style, or there is a strength of none.
    """
    if style is None and strength is not None:
        raise DataError("--strength is how much of a style is taken: give --style too")
    if style is not None:
        from tfi2i.zoo.style._base import TakesStyle

        if not isinstance(model, TakesStyle):
            raise DataError(f"{model.name} has its style from training, and takes no other")
        model.set_style(style, strength=1.0 if strength is None else strength)


def choose_model(run: Path | None, preset: str | None, checkpoint: str | None = None) -> Chosen:
    """Loads the model that --run, with --checkpoint, or --preset names.

    Raises:
        RunError: If not exactly one of them is given, the run folder holds no run, or it has no
            such checkpoint.
        WeightsError: If there is no checkpoint or no such preset, or the weights do not fit.
    """
    if (run is None) == (preset is None):
        raise RunError("say which model: --run FOLDER, or --preset NAME (not both)")
    if checkpoint is not None and run is None:
        raise RunError("--checkpoint is one of a run: give --run FOLDER")

    from tfi2i.training import RunFolder
    from tfi2i.training.files.model_facts import read_model_facts
    from tfi2i.training.files.trained import find_preset
    from tfi2i.zoo.catalogue import load

    folder = find_preset(preset) if preset is not None else run
    assert folder is not None
    if not folder.is_dir():
        raise RunError(f"there is no run folder {folder}")
    facts = read_model_facts(folder)
    with plain_warnings():
        model = load(folder, checkpoint=checkpoint)
    began = RunFolder(folder)
    data = dict(began.recipe().data) if began.exists else facts.get("data", {})
    chosen = Chosen(model, folder, facts, data)
    if checkpoint is not None:
        out.print(f"checkpoint of iteration {chosen.iteration:,}")
    return chosen
