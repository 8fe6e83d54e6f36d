"""Presets of one's own: a folder with a card, and its way to the Hugging Face Hub."""

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfi2i.errors import RecipeError, WeightsError
from tfi2i.training.files.hub import PREFIX, parts_of_address, uploaded
from tfi2i.training.files.model_card import CARD, PLACE, card_text
from tfi2i.training.files.model_facts import FACTS, WEIGHTS, read_model_facts
from tfi2i.training.files.saving import save_model
from tfi2i.training.files.trained import Trained
from tfi2i.whole_files import write_text

if TYPE_CHECKING:
    from tfi2i.training.gan import GAN


def save_to_preset(
    model: "GAN",
    folder: str | Path,
    *,
    licence: str | None = None,
    dtype: str | None = None,
    **facts: Any,
) -> Path:
    """Saves what a trained model is used by, with a card: a preset's folder.

    Networks that only training needs, such as discriminators, are left out; `model.save` keeps
    them. A `README.md` that is there already stays as it is.

    Args:
        model: The trained model.
        folder: Made if needed; an older preset in it is replaced.
        licence: Of the weights, as the hub's identifiers have it, such as "mit" or "cc-by-4.0".
        dtype: "float16" halves the file; None keeps float32.
        **facts: Anything else for `model.json`.

    Returns:
        The folder.

    Raises:
        RecipeError: The model has no network that is used after training.
        WeightsError: See `save_model`.
    """
    folder = Path(folder)
    if not model.views:
        raise RecipeError(f"{model.name} has no network that is used after training")
    if licence is not None:
        facts["licence"] = licence
    save_model(model, folder, networks=model.shipped_networks, dtype=dtype, **facts)
    write_card(model, folder)
    return folder


def write_card(model: "GAN", folder: Path) -> None:
    """Writes the card of a saved model, unless there is one."""
    if (folder / CARD).exists():
        return
    module = inspect.getmodule(type(model))
    assert module is not None and module.__doc__ is not None
    views = model.views
    text = card_text(
        read_model_facts(folder),
        name=folder.absolute().name,
        title=module.__doc__.split("\n", 1)[0],
        takes=next(iter(views.values())).takes,
        ways=list(views),
    )
    write_text(folder / CARD, text, WeightsError)


def upload_preset(address: str, folder: str | Path) -> str:
    """Uploads a preset's folder to the Hugging Face Hub, and makes the repository if need be.

    `hf auth login` tells the hub who you are. Uploaded are `model.json`, `weights.npz` and the
    card; its examples get the address.

    Args:
        address: `hf://OWNER/REPO`, with `/SUBFOLDER` where the model is not for the top.
        folder: What `save_to_preset`, `save` or `tfi2i import` wrote.

    Returns:
        Where the hub shows it.

    Raises:
        MissingExtraError: `huggingface_hub` is not installed.
        WeightsError: The address is none, the folder holds no saved model or an altered one, or the
            hub refuses.
    """
    repository, revision, subfolder = parts_of_address(address)
    if revision is not None:
        raise WeightsError(f"{address}: what is uploaded makes a revision of its own: leave @ out")
    folder = Path(folder)
    trained = Trained.of(folder)
    if not trained.is_saved:
        raise WeightsError(
            f"{folder} is the folder of a run, whose checkpoints hold far more than the model: "
            "upload what tfi2i.load(RUN).save_to_preset(FOLDER) writes"
        )
    trained.read(lambda headers, path: {})  # raises if it is damaged or altered
    contents: dict[str, Path | bytes] = {name: folder / name for name in (FACTS, WEIGHTS)}
    if (folder / CARD).is_file():
        text = (folder / CARD).read_text(encoding="utf-8")
        at = f"{PREFIX}{repository}" + (f"/{subfolder}" if subfolder else "")
        contents[CARD] = text.replace(PLACE, at).encode("utf-8")
    return uploaded(address, repository, subfolder, contents)
