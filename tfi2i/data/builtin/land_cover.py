"""Label maps of the Earth: what covers every place, in six classes, each with a colour.

They are made from the maps themselves: water by the colours of the satellite image, and mountains
by those of the elevation map. The rest is classed by the satellite image's colours again, averaged
over two degrees, so that labels have regions and not textures.
"""

import numpy as np

CLASSES = ("sea", "snow", "desert", "steppe", "forest", "mountain")
# No landscape has these colours: a translator has to learn what they stand for, as with any label
# map.
COLOURS = np.array(
    [(255, 255, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 0, 255), (0, 255, 255)], np.uint8
)
_DEGREES = 360  # The width of a map.


def land_cover(satellite: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    """The class of every pixel.

    Args:
        satellite: The map bmng, uint8 (H, W, 3).
        elevation: The map etopo1, uint8 (H, W, 3).

    Returns:
        uint8 (H, W), numbers of `CLASSES`; large lakes are sea.
    """
    land = is_land(satellite)
    side = satellite.shape[1] // _DEGREES
    red, _, blue = np.moveaxis(_mean_on_land(satellite, land, side), -1, 0)
    high = _mean_on_land(elevation, land, side)
    # Elevation is green, then light brown, then dark brown, then grey and white.
    dark_brown = (high[..., 0] > high[..., 1]) & (high.mean(axis=-1) < 135)
    cover = np.select(
        [~land, (blue > 140) & (red - blue < 40), dark_brown, red > 135, red > 70],
        [CLASSES.index(name) for name in ("sea", "snow", "mountain", "desert", "steppe")],
        CLASSES.index("forest"),
    )
    return cover.astype(np.uint8)


def is_land(satellite: np.ndarray) -> np.ndarray:
    """Where the map bmng, uint8 (H, W, 3), shows land or ice, not water: bool (H, W)."""
    # Water is blue and dark; shadows on snow are blue and bright.
    signed = satellite.astype(np.int16)
    return (signed[..., 2] < signed[..., 0] + 8) | (signed[..., 0] > 110)


def classes_of_colours(images: np.ndarray) -> np.ndarray:
    """The classes that label maps show, also where resizing mixed their colours.

    Args:
        images: uint8 (..., 3).

    Returns:
        uint8 (...), the numbers of the nearest colours.
    """
    distances = np.stack(
        [np.square(images.astype(np.int32) - colour).sum(axis=-1) for colour in COLOURS.astype(int)]
    )
    return distances.argmin(axis=0).astype(np.uint8)


def _mean_on_land(pixels: np.ndarray, land: np.ndarray, side: int) -> np.ndarray:
    """Means over (2 side + 1) square pixels, without those of the sea: float32 (H, W, 3)."""
    weights = _box_sum(land[..., None].astype(np.float32), side)
    return _box_sum(pixels * land[..., None].astype(np.float32), side) / np.maximum(weights, 1)


def _box_sum(values: np.ndarray, side: int) -> np.ndarray:
    for axis in (0, 1):
        padding = [(0, 0)] * values.ndim
        padding[axis] = (side + 1, side)
        sums = np.pad(values, padding).cumsum(axis=axis, dtype=np.float64)
        ahead, behind = np.split(sums, [2 * side + 1], axis=axis)[1], sums
        length = values.shape[axis]
        values = (ahead - np.take(behind, range(length), axis=axis)).astype(np.float32)
    return values
