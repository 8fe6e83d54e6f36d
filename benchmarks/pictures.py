"""Presets that translate, and large pictures of the domains that they read and make."""

import numpy as np

from tfi2i.data import DataSource, Images
from tfi2i.data.builtin.earth import MAPS, PREFIX, earth_map
from tfi2i.data.builtin.earth_elements import drawn_map
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.zoo.catalogue import Variant, variants
from tfi2i.zoo.translation import TranslationGAN

# Of the maps of 2700 px that presets were trained on: the coast of Egypt, in the held-out band.
PLACE = (380, 1500)
MAP_WIDTH = 2700


def translating_presets() -> dict[str, Variant]:
    """Every preset that translates images, by name, to its variant."""
    translators = [one for one in variants() if issubclass(one.load_class(), TranslationGAN)]
    return {preset: variant for variant in translators for preset in variant.presets}


def domains_of(source: DataSource, direction: str) -> tuple[str, str]:
    """The domains that a direction reads and makes: `a` and `b`, or two names of classes.

    Of many domains the first that is not the target is read.
    """
    if source.class_names:
        target = direction.removeprefix("to_")
        return next(name for name in source.class_names if name != target), target
    return ("b", "a") if direction == "b2a" else ("a", "b")


def picture(
    source: DataSource, domain: str, size: Size, place: tuple[int, int] = PLACE
) -> np.ndarray:
    """A picture of a domain: a part of a map, or test images side by side.

    Args:
        source: Built-in images.
        domain: `a`, `b` or the name of a class.
        size: Of the picture in pixels. Pictures of sound keep their 64 rows.
        place: Of a map, first row and column in pixels.

    Returns:
        uint8 (H, W, C).
    """
    height, width = height_and_width(size)
    if source.name.startswith(PREFIX):
        row, column = place
        whole = _earth(source, domain)
        return whole[row : row + height, column : column + width].copy()
    test = source.splits["test"]
    images = test.b if domain == "b" and test.b is not None else test.a
    return _side_by_side(images, height, width)


def _earth(source: DataSource, domain: str) -> np.ndarray:
    """A map of the whole Earth, uint8 (1350, 2700, 3)."""
    names = source.name.removeprefix(PREFIX)
    if source.class_names:
        if domain in MAPS:
            return earth_map(domain, MAP_WIDTH)
        first = names.split("+")[0]
        if domain == source.class_names[0]:
            return earth_map(first, MAP_WIDTH)
        return drawn_map(first, domain, MAP_WIDTH)
    maps = names.split("-")
    return earth_map(maps[-1] if domain == "b" else maps[0], MAP_WIDTH)


def _side_by_side(images: Images, height: int, width: int) -> np.ndarray:
    rows, columns = images.sizes[0]
    if images.channels == 1:
        height = rows  # A row of a picture of sound is a pitch.
    down, right = -(-height // rows), -(-width // columns)
    shown = [images.load(index % len(images)) for index in range(down * right)]
    lines = [np.concatenate(shown[i : i + right], axis=1) for i in range(0, len(shown), right)]
    return np.concatenate(lines)[:height, :width]
