"""Metrics for aligned pairs: L1, PSNR and SSIM, at the depth that the images have."""

import numpy as np

from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.errors import DataError

SSIM_WINDOW = 11
_SSIM_CHUNK = 16  # images a call: bounds the memory, whatever N is


def l1(x: np.ndarray, y: np.ndarray, value_range: ValueRange = EIGHT_BITS) -> float:
    """Mean absolute difference in the [-1, 1] scale, so that it compares with a training L1 loss.

    Args:
        x: Images (N, H, W, C), pixels of the value range.
        y: Images of the same shape.
        value_range: Their depth, and the values that are black and white.

    Returns:
        0 for equal images, 2 for black against white.

    Raises:
        DataError: Another depth, not four axes, empty, or of two shapes.
    """
    x, y = _levels(x, y, value_range)
    signed = np.int16 if x.dtype == np.uint8 else np.float64
    per_image = [np.abs(p.astype(signed) - q).mean() for p, q in zip(x, y, strict=True)]
    return float(np.mean(per_image) / 127.5)


def psnr(x: np.ndarray, y: np.ndarray, value_range: ValueRange = EIGHT_BITS) -> float:
    """Peak signal-to-noise ratio in decibels, 10 log10(peak^2 / MSE), averaged over images.

    The peak is the length of the value range, 255 for 8 bits.

    Args:
        x: Images (N, H, W, C), pixels of the value range.
        y: Images of the same shape.
        value_range: Their depth, and the values that are black and white.

    Returns:
        Decibels; infinite as soon as one image equals its counterpart exactly.

    Raises:
        DataError: Another depth, not four axes, empty, or of two shapes.
    """
    x, y = _levels(x, y, value_range)
    signed = np.int32 if x.dtype == np.uint8 else np.float64
    errors = [
        np.square(p.astype(signed) - q).mean(dtype=np.float64) for p, q in zip(x, y, strict=True)
    ]
    with np.errstate(divide="ignore"):
        return float(np.mean(10 * np.log10(255.0**2 / np.array(errors))))


def ssim(x: np.ndarray, y: np.ndarray, value_range: ValueRange = EIGHT_BITS) -> float:
    """Structural similarity (Wang et al. 2004), averaged over windows, channels and images.

    It has the published settings: an 11x11 Gaussian window with sigma 1.5 and unit sum, K1 = 0.01,
    K2 = 0.03, L = the length of the value range (255 for 8 bits), and only windows that lie inside
    the image. The paper defines it on grey images; as is usual, it is computed on every channel
    separately and averaged.

    Args:
        x: Images (N, H, W, C), pixels of the value range, H and W at least 11.
        y: Images of the same shape.
        value_range: Their depth, and the values that are black and white.

    Returns:
        1 for equal images, around 0 for unrelated ones; negative where structure is inverted.

    Raises:
        DataError: Images smaller than the window, another depth, not four axes, empty, or of
            two shapes.
    """
    x, y = _levels(x, y, value_range)
    if min(x.shape[1:3]) < SSIM_WINDOW:
        raise DataError(
            f"SSIM looks at windows of {SSIM_WINDOW}x{SSIM_WINDOW} pixels, but these images are "
            f"{x.shape[1]}x{x.shape[2]}. Evaluate at {SSIM_WINDOW} pixels or more."
        )
    import tensorflow as tf

    values = [
        tf.image.ssim(
            tf.constant(x[start : start + _SSIM_CHUNK]),
            tf.constant(y[start : start + _SSIM_CHUNK]),
            max_val=255,
            filter_size=SSIM_WINDOW,
            filter_sigma=1.5,
            k1=0.01,
            k2=0.03,
        ).numpy()
        for start in range(0, len(x), _SSIM_CHUNK)
    ]
    return float(np.mean(np.concatenate(values), dtype=np.float64))


def _levels(x: np.ndarray, y: np.ndarray, value_range: ValueRange) -> tuple[np.ndarray, np.ndarray]:
    """Both on the scale 0..255, checked."""
    for images in (x, y):
        check_images(images, dtype=value_range.dtype)
    if x.shape != y.shape:
        raise DataError(
            f"Pairs need equal shapes, but these are {x.shape} and {y.shape} (N, H, W, C)."
        )
    return value_range.levels(x), value_range.levels(y)


def check_images(images: np.ndarray, what: str = "Metrics", dtype: str = "uint8") -> None:
    """Refuses what is not a non-empty array (N, H, W, C) of a dtype.

    Args:
        images: The array to look at.
        what: Subject of the message, a plural noun.
        dtype: The one that the images shall have.

    Raises:
        DataError: It is something else; the message has its dtype and shape.
    """
    if images.dtype != dtype or images.ndim != 4 or images.size == 0:
        raise DataError(
            f"{what} need {dtype} images (N, H, W, C), at least one; "
            f"this array is {images.dtype} of shape {images.shape}."
        )
