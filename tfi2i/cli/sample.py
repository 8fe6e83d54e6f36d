"""`tfi2i sample`: images from noise by a trained generator."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfi2i.cli.chosen import CheckpointOption, PresetOption, RunOption, choose_model
from tfi2i.cli.console import import_tensorflow, out
from tfi2i.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    from tfi2i.cli.chosen import Chosen
    from tfi2i.zoo.generation._base import GenerationGAN

# Of a picture of known captions.
_ROWS = 8
EXAMPLE = "Example:  tfi2i sample --run runs/00000-dcgan-digits --count 64 --grid --out samples.png"


def sample(
    out_path: Annotated[
        Path,
        typer.Option(
            "--out",
            help="A folder for the samples; or with --grid, --walk and --nearest a picture.",
        ),
    ],
    run: RunOption = None,
    checkpoint: CheckpointOption = None,
    preset: PresetOption = None,
    count: Annotated[
        int, typer.Option(help="How many samples; with --walk, stops on the way.")
    ] = 16,
    seed: Annotated[int, typer.Option(help="Of the latents: equal seeds give equal samples.")] = 0,
    truncation: Annotated[
        float | None,
        typer.Option(
            help="Draw components of latents beyond this value again: samples vary less and are "
            "better on average; 1 is moderate, none is the default."
        ),
    ] = None,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class",
            help="Of a model that knows classes: draw this one; more than once: these in turn, "
            "with --walk from one to the next at one latent. Else all classes.",
        ),
    ] = None,
    captions: Annotated[
        list[str] | None,
        typer.Option(
            "--caption",
            help="Of a model that reads captions: draw this; more than once: these in turn, with "
            "--walk from one to the next at one latent. Else some that it knows. New captions need "
            "the extra captions.",
        ),
    ] = None,
    grid: Annotated[
        bool,
        typer.Option(
            "--grid",
            help="One picture of all samples; of classes and captions with a row of --count "
            "samples for each.",
        ),
    ] = False,
    walk: Annotated[
        bool,
        typer.Option(
            "--walk",
            help="A walk from latent to latent and back to the first: a .gif, or a picture with a "
            "row for each way.",
        ),
    ] = False,
    nearest: Annotated[
        bool,
        typer.Option(
            "--nearest",
            help="A picture of samples, each above the training image that is nearest to it: does "
            "the model only repeat what it has seen?",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there already.")
    ] = False,
) -> None:
    """Draw images from noise with a trained generator."""
    import_tensorflow()
    from tfi2i.inference import samples as draw
    from tfi2i.zoo.generation._base import generator_of

    chosen = choose_model(run, preset, checkpoint)
    model = generator_of(chosen.model)
    options: dict[str, Any] = {
        "count": count,
        "seed": seed,
        "truncation": truncation,
        "overwrite": overwrite,
    }
    if sum((grid, walk, nearest)) > 1:
        raise DataError("--grid, --walk and --nearest are three pictures: ask for one at a time")
    each = None if grid or walk else count
    options["condition"] = _class_conditions(model, classes, each)
    if options["condition"] is None:
        options["condition"] = _caption_conditions(chosen, captions, each)
    elif captions:
        raise DataError(f"{model.name} reads no captions: leave --caption out")
    if grid:
        draw.write_grid(model, out_path, **options)
    elif walk:
        draw.write_walk(model, out_path, **options)
    elif nearest:
        training = chosen.open_data(None)
        draw.write_nearest(model, training, out_path, **options)
    else:
        written = draw.write_samples(model, out_path, **options)
        out.print(f"{len(written)} samples in {out_path}")
        return
    out.print(f"written: {out_path}")


def _class_conditions(
    model: "GenerationGAN", classes: list[str] | None, count: int | None
) -> "np.ndarray | None":
    """The classes of samples as the generator takes them; None where it takes none.

    Args:
        model: Draws the samples.
        classes: Those asked for; None for all.
        count: Of samples, which have the classes in turn; None for each class once.

    Raises:
        DataError: The model knows no classes, or not these.
    """
    from tfi2i.zoo.generation._labelled import LabelGAN

    if not isinstance(model, LabelGAN):
        if classes:
            raise DataError(f"{model.name} knows no classes: leave --class out")
        return None
    asked = classes or list(model.label_names)
    return model.label_conditions(asked, len(asked) if count is None else count)


def _caption_conditions(
    chosen: "Chosen", captions: list[str] | None, count: int | None
) -> "np.ndarray | None":
    """The embeddings of captions for samples; None where the model reads none.

    Args:
        chosen: The model, and the data that it was trained with: a file of embeddings beside these
            knows more captions than it does itself.
        captions: Those asked for; None for all that it knows itself, as far as there are samples.
        count: Of samples, which have the captions in turn; None for each caption once.

    Raises:
        DataError: The model reads no captions, or knows none.
        MissingExtraError: A new caption needs the encoder, and it is not installed.
    """
    from tfi2i.data.captions import FILE
    from tfi2i.zoo.generation._captioned import CaptionGAN

    model = chosen.model
    if not isinstance(model, CaptionGAN):
        if captions:
            raise DataError(f"{model.name} reads no captions: leave --caption out")
        return None
    if captions is None:
        return model.conditions(_ROWS if count is None else count)
    beside = Path(str(chosen.data.get("source", ""))).expanduser() / FILE
    wanted = len(captions) if count is None else count
    return model.caption_conditions(captions, wanted, file=beside if beside.exists() else None)
