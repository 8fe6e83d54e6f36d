"""Files of others in, a preset's folder out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tfi2i.errors import WeightsError
from tfi2i.image_sizes import Size
from tfi2i.importing.checkpoints import checkpoint_at
from tfi2i.importing.models import Variant, model_of
from tfi2i.importing.parts import Part
from tfi2i.importing.torch_parts import torch_files_in, torch_parts
from tfi2i.importing.tutorial_parts import tutorial_parts
from tfi2i.package_files import file_sha256
from tfi2i.training.files.model_facts import FACTS
from tfi2i.training.files.publishing import write_card
from tfi2i.training.files.saving import save_model
from tfi2i.whole_files import refuse_file
from tfi2i.zoo.translation import TranslationGAN

Direction = Literal["a2b", "b2a"]


@dataclass(frozen=True)
class Imported:
    """What an import made.

    Attributes:
        model: With the weights; a generator or discriminator that no file had is untrained.
        folder: The preset's.
        words: A line on each network that was read.
        direction: Whether the generator `a2b` takes images of A, or "b2a" of B, of the data sets
            that it was trained on.
    """

    model: TranslationGAN
    folder: Path
    words: list[str]
    direction: Direction


def import_weights(
    files: Sequence[str | Path],
    variant: Variant,
    folder: str | Path,
    *,
    direction: Direction | None = None,
    size: Size | None = None,
    evaluating: bool = False,
    licence: str | None = None,
) -> Imported:
    """Imports generators, and discriminators if there are files of them, as a preset.

    Args:
        files: `.pth` files of one training by the PyTorch reference implementation of pix2pix and
            CycleGAN, or their folder; or a checkpoint of TensorFlow's tutorials: its folder, its
            prefix or its `.index` file, or the folder of a SavedModel.
        variant: "pix2pix" or "cyclegan".
        folder: For the preset; made if need be.
        direction: "b2a" if the training exchanged its domains (`--direction BtoA`); None reads it
            from the file's name: a `net_G_B` alone translates from B to A.
        size: Side of the training images in pixels; None takes that of the papers for such a
            network.
        evaluating: Whether batch norms normalise by the averages of training, as `test.py --eval`
            does; else by each image's own statistics, as `test.py` and the tutorial do.
        licence: Of the weights, such as "mit".

    Returns:
        What was made.

    Raises:
        WeightsError: A file is damaged, holds another network, or does not fit the others; or the
            folder holds a model already. Nothing is written then.
        DataError: The size is none.
    """
    folder = Path(folder)
    refuse_file(folder, WeightsError)
    if (folder / FACTS).exists():
        raise WeightsError(f"{folder} holds a model already: choose another folder with --out")
    paths = [Path(file).expanduser() for file in files]
    parts = _parts(paths)
    model, filled = model_of(parts, variant, size=size, evaluating=evaluating)
    generators = [part for part in parts if part.role.startswith("G")]
    from_b = len(generators) == 1 and generators[0].role == "G_B"
    direction = direction or ("b2a" if from_b else "a2b")
    read = {file for part in parts for file in _files_of(part)}
    facts: dict[str, Any] = {
        "imported": {"files": {file.name: file_sha256(file) for file in sorted(read)}},
        "data": {"direction": direction, **_channels(model)},
    }
    if licence is not None:
        facts["licence"] = licence
    networks = [network for network in model.networks if network.name in filled]
    save_model(model, folder, networks=networks, **facts)
    write_card(model, folder)
    return Imported(model, folder, [f"{part.path.name}: {part.words}" for part in parts], direction)


def _parts(paths: Sequence[Path]) -> list[Part]:
    (first, *others) = paths
    if not others:
        prefix = checkpoint_at(first)
        if prefix is not None:
            return tutorial_parts(prefix)
        if first.is_dir():
            return torch_parts(torch_files_in(first))
    keras = next((path for path in paths if path.suffix in (".h5", ".keras")), None)
    if keras is not None:
        raise WeightsError(
            f"{keras} is a file of Keras, which is not read: load it there, and save "
            "tf.train.Checkpoint(generator=model).save(PREFIX)"
        )
    return torch_parts(paths)


def _files_of(part: Part) -> list[Path]:
    """The file of a network, or those of a checkpoint."""
    if part.path.is_file():
        return [part.path]
    return sorted(part.path.parent.glob(f"{part.path.name}.*"))


def _channels(model: TranslationGAN) -> dict[str, int]:
    """What `evaluate` needs to know of images that are not coloured."""
    a, b = model.image_channels
    return {} if a == b == 3 else {"a_channels": a, "b_channels": b}
