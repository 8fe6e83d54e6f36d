"""Distance between the colours of two sets of images, blind to where in an image a colour is.

KID and FID see textures first. A translation that hardly changes its input keeps real textures and
scores well there, although it still has the colours of its input's domain.
"""

import numpy as np

from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.errors import DataError
from tfi2i.metrics.pixel import check_images

_DIRECTIONS = 64
_PIXELS = 2**15


def colour_distance(
    real: np.ndarray,
    fake: np.ndarray,
    *,
    directions: int = _DIRECTIONS,
    pixels: int = _PIXELS,
    value_range: ValueRange = EIGHT_BITS,
) -> float:
    """Sliced Wasserstein distance between the pixels' colours (Rabin et al. 2011).

    The mean over random directions of the distance between the two sets of pixels projected onto
    them: how far, on average, colour has to be moved to make one palette into the other.

    Args:
        real: Images (N1, H1, W1, C), pixels of the value range.
        fake: Images (N2, H2, W2, C).
        directions: Random directions of length 1 in the C-dimensional colour space. The same ones
            in every call.
        pixels: How many are drawn from each set, at the same places in every call. From a set with
            fewer all are drawn, some of them again.
        value_range: Their depth, and the values that are black and white.

    Returns:
        In the [-1, 1] scale: 0 for equal palettes; black against white is 2 in grey images and,
        projected, about 1.6 in colour.

    Raises:
        DataError: The images have another depth, or differ in their number of channels.
    """
    check_images(real, "Real images", value_range.dtype)
    check_images(fake, "Translated images", value_range.dtype)
    if real.shape[3] != fake.shape[3]:
        raise DataError(
            f"Colours of {real.shape[3]} channels cannot be compared with colours of "
            f"{fake.shape[3]}."
        )
    axes = np.random.default_rng(0).normal(size=(real.shape[3], directions))
    axes /= np.linalg.norm(axes, axis=0)
    projected = [_projected(value_range.levels(images), axes, pixels) for images in (real, fake)]
    return float(np.abs(projected[0] - projected[1]).mean())


def _projected(images: np.ndarray, axes: np.ndarray, pixels: int) -> np.ndarray:
    """(pixels, directions): the drawn pixels along each axis, sorted by size."""
    colours = images.reshape(-1, images.shape[3])
    whole, rest = divmod(pixels, len(colours))
    # Both sets have the same seed: the same places are drawn from an image and from its
    # translation.
    some = np.random.default_rng(0).choice(len(colours), rest, replace=False)
    places = np.concatenate([np.tile(np.arange(len(colours)), whole), some])
    return np.sort((colours[places] / 127.5 - 1) @ axes, axis=0)
