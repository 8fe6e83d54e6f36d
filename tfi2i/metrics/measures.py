"""Measures of particular variants: what a `reproduce.yaml` may name under `measures`.

Each is a function of a model, the data source and the side of the images in pixels, and gives
figures by name.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tfi2i.errors import RecipeError
from tfi2i.metrics.music import music_distance
from tfi2i.metrics.style import style_transfer

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import GAN

Measure = Callable[["GAN", "DataSource", int], dict[str, float]]

MEASURES: dict[str, Measure] = {
    "music_distance": music_distance,
    "style_transfer": style_transfer,
}


def find_measure(name: str) -> Measure:
    """The measure of a name.

    Raises:
        RecipeError: Listing the names there are.
    """
    if name not in MEASURES:
        raise RecipeError(f"there is no measure {name!r}; there are {', '.join(MEASURES)}")
    return MEASURES[name]
