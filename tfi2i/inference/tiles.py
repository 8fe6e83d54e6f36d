"""Where the tiles of a large image lie, and how much each counts where they overlap."""

import numpy as np

from tfi2i.errors import DataError

MAX_OVERLAP = 0.9


def tile_starts(length: int, tile: int, overlap: float) -> list[int]:
    """First pixels of tiles that cover one axis, spread evenly and all inside it.

    Args:
        length: Pixels of the axis, at least `tile`.
        tile: Pixels of a tile.
        overlap: Least share of a tile that its neighbour covers too, 0 to 0.9.

    Raises:
        DataError: The overlap is out of range.
    """
    if not 0.0 <= overlap <= MAX_OVERLAP:
        raise DataError(
            f"overlap={overlap} is not possible: it is the share of a tile that its neighbour "
            f"covers too, from 0 (hard borders) to {MAX_OVERLAP}; 0.5 leaves no visible seams"
        )
    # The small term keeps 10 * (1 - 0.9) at 1 pixel.
    stride = max(1, int(tile * (1.0 - overlap) + 1e-6))
    count = 1 + -(-(length - tile) // stride)
    return [round(index * (length - tile) / max(1, count - 1)) for index in range(count)]


def blend_weights(starts: list[int], tile: int) -> np.ndarray:
    """Weights of the tiles of one axis: raised cosines that sum to one at every pixel.

    sin^2 rises over the pixels that two neighbours share, while the neighbour's cos^2 falls, so
    that a tile ends where its weight is zero. Pixels that only one tile covers have weight 1 up to
    the image's border.

    Args:
        starts: First pixels of the tiles, ascending, without gaps.
        tile: Pixels of a tile.

    Returns:
        float32 (number of tiles, tile).
    """
    shared = [left + tile - right for left, right in zip(starts, starts[1:], strict=False)]
    ramp = min([*shared, tile / 2])
    to_border = np.minimum(np.arange(tile) + 0.5, tile - np.arange(tile) - 0.5)
    if ramp:
        window = np.sin(0.5 * np.pi * np.minimum(to_border / ramp, 1.0)) ** 2
    else:
        window = np.ones(tile)
    total = np.zeros(starts[-1] + tile)
    for start in starts:
        total[start : start + tile] += window
    return np.stack([window / total[start : start + tile] for start in starts]).astype(np.float32)
