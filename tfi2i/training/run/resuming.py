"""Whether a run goes on with a recipe and images, and what is written anew when it does."""

import contextlib
import warnings
from pathlib import Path
from typing import Any

from tfi2i.data.fingerprint import is_known, same_images
from tfi2i.errors import RunError
from tfi2i.package_files import file_sha256
from tfi2i.recipe import Recipe
from tfi2i.training.run.folder import RunFolder

# What readers of run.json rely on.
_FACTS = {"data": str, "data_fingerprint": str, "parameters": dict}
# With another of these, the same values may be rounded in another order.
_ROUNDING = ("processor", "threads", "gpus", "versions", "replicas")


def check_resumable(folder: RunFolder, recipe: Recipe, facts: dict[str, Any]) -> None:
    """Compares a recipe and its data with those that the run began with; writes nothing.

    A run may get more epochs. A warning names what cannot be compared because a file is damaged
    or gone.

    Raises:
        RunError: Keys differ (the message lists them), or the images are not the same.
    """
    written = _written(folder)
    moved = [] if written is None else _check_recipe(folder, written, recipe)
    begun = _begun(folder, moved)
    if begun is None:
        return
    _check_images(folder, begun, facts)
    noted = begun.get("recipe_sha256")
    if written is not None and noted and noted != file_sha256(folder.recipe_path):
        _warn(f"{folder.recipe_path} was changed since the run began")
    changed = [name for name in _ROUNDING if name in begun and name in facts]
    changed = [name for name in changed if begun[name] != facts[name]]
    if changed:
        _warn(
            f"the run goes on elsewhere ({', '.join(changed)} differ from run.json): it is the "
            "same run up to rounding, not bit for bit"
        )


def _written(folder: RunFolder) -> Recipe | None:
    """The recipe that the run began with; warns, and returns None, where it cannot be read."""
    try:
        return folder.written_recipe()
    except RunError as error:
        _warn(f"{error}; the run goes on with the settings given now")
        return None


def _check_recipe(folder: RunFolder, written: Recipe, recipe: Recipe) -> list[str]:
    """Compares two recipes.

    Returns:
        In what they differ if the images lie elsewhere now: that these are the same, their
        fingerprint tells.

    Raises:
        RunError: They differ in something else.
    """
    differences = written.differences(recipe)
    if _more_epochs(written, recipe):
        differences = [one for one in differences if not one.startswith("train.epochs: ")]
    moved = [one for one in differences if one.startswith("data.source: ")]
    if differences != moved:
        raise RunError(
            f"{folder.path} was begun with another recipe ({'; '.join(differences)}). Resume it "
            "with its own, or start a new run in another folder"
        )
    return moved


def _begun(folder: RunFolder, moved: list[str]) -> dict[str, Any] | None:
    """The facts that the run began with; warns, and returns None, where they cannot be read.

    Raises:
        RunError: They cannot, and the images lie elsewhere now.
    """
    try:
        return _checked_facts(folder.facts_path, folder.facts())
    except RunError as error:
        if moved:
            raise RunError(
                f"{error}: it cannot be told whether the images are those that the run began "
                f"with, but for {moved[0]}. Put them back there"
            ) from None
        _warn(f"{error}; that the images are those that the run began with is not checked")
        return None


def _check_images(folder: RunFolder, begun: dict[str, Any], facts: dict[str, Any]) -> None:
    """Raises a RunError unless the images, and the style if there is one, are the same."""
    if not is_known(begun["data_fingerprint"]):
        raise RunError(
            f"{folder.path} was begun with another version of tfi2i, whose fingerprint of the "
            f"images this one cannot read: go on with that version ({begun.get('versions')})"
        )
    if not same_images(begun["data_fingerprint"], facts["data_fingerprint"]):
        found = f"than those found now ({facts['data']})"
        if facts["data"] == begun["data"]:
            found = "than those found now, which have other names or other content"
        raise RunError(
            f"{folder.path} was begun on other images ({begun['data']}) {found}: restore them, "
            "or start a new run in another folder"
        )
    style = begun.get("style_fingerprint")
    if style and facts.get("style_fingerprint") not in (None, style):
        raise RunError(
            f"{folder.path} was begun with another style image: restore it, or start a new run "
            "in another folder"
        )


def mend(folder: RunFolder, recipe: Recipe, facts: dict[str, Any]) -> None:
    """Writes anew what is damaged, gone, another place of the images, or another length.

    The run is one that `check_resumable` let through.

    Raises:
        RunError: If the folder cannot be written.
    """
    with contextlib.suppress(RunError):
        now, facts = facts, _checked_facts(folder.facts_path, folder.facts())
        written = folder.written_recipe()
        if not written.differences(recipe):
            return
        facts = {**facts, "data": now["data"]}
        if _more_epochs(written, recipe):
            change = {"epochs": [written.train["epochs"], recipe.train["epochs"]]}
            change |= {"command": now["command"], "started": now["started"]}
            facts["lengthened"] = [*facts.get("lengthened", []), change]
    folder.create(recipe, facts)


def planned_epochs(folder: RunFolder) -> int | None:
    """How many epochs the run is to have; None if there is no run, or nobody can tell."""
    with contextlib.suppress(RunError, KeyError):
        return folder.written_recipe().train["epochs"]
    return None


def _more_epochs(written: Recipe, asked: Recipe) -> bool:
    """Whether a run's recipe is asked for with more epochs than it was begun with."""
    return written.train.get("epochs", 0) < asked.train["epochs"]


def _checked_facts(path: Path, facts: dict[str, Any]) -> dict[str, Any]:
    for name, kind in _FACTS.items():
        if not isinstance(facts.get(name), kind):
            raise RunError(f"{path} is damaged, or of another version: it has no {name}")
    return facts


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=3)
