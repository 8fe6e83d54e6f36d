"""The sizes that generators compute: one rule, for `translate` and for what is exported."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

# A ResNet takes multiples of 4, but it mirrors feature maps with a quarter of the side, and a map
# of one pixel has nothing to mirror.
SMALLEST_SIDE = 8


def padded_side(side: int, size_multiple: int) -> int:
    """Rounds a height or width in pixels up to one that a generator computes.

    Args:
        side: Side of an image.
        size_multiple: The generator's attribute of this name.
    """
    return -(-max(side, SMALLEST_SIDE) // size_multiple) * size_multiple


def mirrored_to_fit(images: np.ndarray, size_multiple: int) -> np.ndarray:
    """Continues images (N, H, W, C) below and to the right, up to a size that is computed.

    Args:
        images: Images of one size.
        size_multiple: The generator's attribute of this name.
    """
    beyond = [(0, padded_side(side, size_multiple) - side) for side in images.shape[1:3]]
    return np.pad(images, [(0, 0), *beyond, (0, 0)], mode="reflect")


def only_size(network: "keras.Model") -> tuple[int, int] | None:
    """The one height and width in pixels of the images that a network takes; None if it takes any.

    Args:
        network: From images (B, H, W, C), and perhaps more; they may have any size where H and W
            are not known.
    """
    _, height, width, _ = network.inputs[0].shape
    return None if height is None or width is None else (height, width)
