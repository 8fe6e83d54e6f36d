"""How close translated music comes to the true rendering, once it is sound again."""

from typing import TYPE_CHECKING

import numpy as np

from tfi2i.data import evaluation_arrays
from tfi2i.data.decode.audio import BANDS, DECIBELS, picture_to_sound, sound_to_picture
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.zoo.translating import translator_of

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import GAN

# How many are measured: Griffin-Lim takes a good part of a second for each.
MOST_TILES = 32


def music_distance(model: "GAN", source: "DataSource", size: Size) -> dict[str, float]:
    """Mean absolute difference of log-mel spectrograms from the true rendering, in decibels.

    Args:
        model: A model from the instrument of `a` to that of `b`.
        source: A source whose test tiles show the same scores in `a` and `b`.
        size: Height and width of the tiles: 64, or (64, width).

    Returns:
        `sound_db` of the translation after Griffin-Lim and back; `untouched_db` of the input as it
        is; `ceiling_db` of the true rendering's own picture after Griffin-Lim and back, which no
        translation can be expected to beat.

    Raises:
        DataError: The model does not translate, or the data are not pictures of the same scores.
    """
    a, b, _ = evaluation_arrays(source, size=size, limit=MOST_TILES)
    if b is None or not source.aligned_test:
        raise DataError(f"{model.name} on {source.name}: music is measured on aligned test scores")
    if a.shape[1:] != (BANDS, height_and_width(size)[1], 1):
        raise DataError(f"{source.name} has images {a.shape[1:]}, not pictures of sound")
    made = translator_of(model).translate_batch(a)
    return {
        "sound_db": _decibels(_heard(made), b),
        "untouched_db": _decibels(a, b),
        "ceiling_db": _decibels(_heard(b), b),
    }


def _heard(pictures: np.ndarray) -> np.ndarray:
    return np.stack([sound_to_picture(picture_to_sound(picture)) for picture in pictures])


def _decibels(pictures: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(pictures.astype(np.int16) - truth).mean() / 255.0 * DECIBELS)
