"""The demo in one picture: tiles and the whole held-out map, each as input, output and truth."""

from pathlib import Path

import numpy as np

from tfi2i.data import resize_image, write_image
from tfi2i.report.demo_page import DemoResults

_COLUMNS = ("input", "output", "truth")
_TILE = 128
_GAP = 12


def write_demo_picture(path: Path, results: DemoResults) -> Path:
    """Writes the picture.

    Args:
        path: Path of the picture, a JPEG or PNG.
        results: Result of `tfi2i.evidence.demo.run_demo`.

    Returns:
        The path.
    """
    tiles = np.concatenate(
        [
            np.concatenate([resize_image(tile, _TILE, _TILE) for tile in results.tiles[column]])
            for column in _COLUMNS
        ],
        axis=1,
    )
    height = tiles.shape[0]
    gap = np.full((height, _GAP, 3), 255, np.uint8)
    parts = [tiles]
    for column in _COLUMNS:
        whole = results.maps[column]
        width = round(height * whole.shape[1] / whole.shape[0])
        parts += [gap, resize_image(whole, height, width)]
    write_image(path, np.concatenate(parts, axis=1))
    return path
