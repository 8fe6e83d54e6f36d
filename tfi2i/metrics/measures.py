"""Measures that only some variants have, by the names that `tfi2i evaluate --measure` takes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tfi2i.errors import DataError
from tfi2i.metrics.diversity import diversity
from tfi2i.metrics.segmentation import segmentation_score

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import TranslationGAN

# Each takes the model, its data, of which it looks at the test images, and a folder to keep things
# in for the next model (or None), and gives named figures. What a figure is for real images has
# the same name with `real_` before it.
Measure = Callable[["TranslationGAN", "DataSource", Path | None], dict[str, float]]
MEASURES: dict[str, Measure] = {"diversity": diversity, "segmentation": segmentation_score}


def measure(
    model: "TranslationGAN", source: "DataSource", names: Sequence[str], cache: Path | None = None
) -> dict[str, float]:
    """The figures of some measures together.

    Args:
        model: With its weights.
        source: The data; its test images are used.
        names: Of `MEASURES`.
        cache: An existing folder for what several models share, such as a trained scorer, or None.

    Raises:
        DataError: There is no measure of a name, or the model or the data do not allow it.
    """
    unknown = set(names) - set(MEASURES)
    if unknown:
        raise DataError(f"there is no measure {sorted(unknown)}; there are {sorted(MEASURES)}")
    figures = {}
    for name in names:
        figures |= MEASURES[name](model, source, cache)
    return figures
