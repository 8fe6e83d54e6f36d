"""Style images: the pictures that styles are taken from."""

from pathlib import Path

import numpy as np

from tfi2i.data.builtin.earth import PREFIX, earth_map
from tfi2i.data.decode.images import read_image
from tfi2i.data.decode.resizing import resize_image

# The Himalaya and the Ganges in a map 2700 pixels wide: 13 to 47 degrees north, 66 to 100 east, far
# from the longitudes that are held out for testing.
_EARTH_WINDOW = (slice(322, 578), slice(1845, 2101))


def read_style(style: str | Path, size: int | None = None) -> np.ndarray:
    """Reads a style image.

    Args:
        style: An image file; or `earth:<map>`, a piece of a built-in map, 256 px square.
        size: Shorter side in pixels, with the proportions kept; None leaves the image as it is.

    Returns:
        uint8 (H, W, 3).

    Raises:
        DataError: There is no such file or map, or it cannot be read.
        MissingExtraError: The package with the maps is not installed.
    """
    if str(style).startswith(PREFIX):
        image = earth_map(str(style).removeprefix(PREFIX))[_EARTH_WINDOW].copy()
    else:
        image = read_image(style)
    if size is None:
        return image
    height, width = image.shape[:2]
    scale = size / min(height, width)
    return resize_image(image, round(height * scale), round(width * scale))
