"""The trained generators that ship with the package, by name."""

import importlib.util
from pathlib import Path

from tfi2i.errors import WeightsError, did_you_mean


def presets() -> dict[str, Path]:
    """Name of every preset to its folder, `weights/<name>` in the folder of its variant."""
    zoo = importlib.util.find_spec("tfi2i.zoo")
    assert zoo is not None and zoo.submodule_search_locations
    found = Path(zoo.submodule_search_locations[0]).glob("*/*/weights/*/")
    return {folder.name: folder for folder in sorted(found) if folder.is_dir()}


def preset_folder(name: str) -> Path:
    """Where a preset's weights are.

    Raises:
        WeightsError: There is none; the message lists the presets there are.
    """
    known = presets()
    if name not in known:
        raise WeightsError(
            f"no preset is called {name[:60]!r}; {did_you_mean(name, known)}there are "
            f"{', '.join(known) or 'none'}"
        )
    return known[name]
