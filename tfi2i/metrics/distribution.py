"""Distances between two sets of images, from their features: FID and KID.

Notation: N images with D features each. Both distances compare the real set with the translated
one and are blind to which image belongs to which.
"""

from typing import NamedTuple

import numpy as np

from tfi2i.errors import DataError


class KID(NamedTuple):
    """Result of `kid`.

    Attributes:
        mean: Mean over the subsets of the unbiased squared MMD; may fall slightly below zero.
        spread: Standard deviation over the subsets; NaN when there is one subset only.
        subsets: Number of subsets drawn.
        subset_size: Images of each set in a subset.
    """

    mean: float
    spread: float
    subsets: int
    subset_size: int


def fid(real_features: np.ndarray, fake_features: np.ndarray) -> float:
    """Fréchet distance of two Gaussians fitted to the features (Heusel et al. 2017, equation 6).

        |m1 - m2|^2 + Tr(C1) + Tr(C2) - 2 Tr((C1 C2)^(1/2))

    with covariances over N - 1.

    With C = R^T R, the eigenvalues of C1 C2 are the squared singular values of R1 R2^T, so that the
    last trace is the sum of these singular values. Then fewer images than features are no special
    case, and a cheap one: R is the centred features themselves.

    FID is biased upwards, and the more so the fewer the images. With fewer than about D images
    compare only values that come from equal numbers of images, and look at KID.

    Args:
        real_features: (N1, D), N1 at least 2.
        fake_features: (N2, D), N2 at least 2.

    Returns:
        The distance, at least 0.

    Raises:
        DataError: Fewer than two images, features of two lengths, or values that are not finite.
    """
    real, fake = _checked(real_features, fake_features)
    difference = real.mean(axis=0) - fake.mean(axis=0)
    real_root, fake_root = _covariance_root(real), _covariance_root(fake)
    singular_values = np.linalg.svd(real_root @ fake_root.T, compute_uv=False)
    # The squared Frobenius norm of a root is the trace of its covariance.
    traces = np.sum(real_root**2) + np.sum(fake_root**2)
    distance = difference @ difference + traces - 2 * np.sum(singular_values)
    return float(max(distance, 0.0))  # rounding may leave equal sets at -1e-14


def kid(
    real_features: np.ndarray,
    fake_features: np.ndarray,
    *,
    subsets: int = 50,
    subset_size: int = 100,
    seed: int = 0,
) -> KID:
    """Kernel inception distance (Binkowski et al. 2018): unbiased squared MMD, cubic kernel.

    The kernel is (x.y / D + 1)^3. Subsets are drawn without replacement and hold at most half of
    the smaller set. Larger subsets would be nearly the same images, and their spread would promise
    a precision that is not there. At half, the spread estimates the standard error of the figure.

    Args:
        real_features: (N1, D), N1 at least 2.
        fake_features: (N2, D), N2 at least 2.
        subsets: How many subsets to average. With 1, or with fewer than 4 images, there is one
            subset, which may be the whole set, and no spread.
        subset_size: Images of each set in a subset, where there are enough.
        seed: Seed of the subsets.

    Returns:
        Mean, spread, and the settings used.

    Raises:
        DataError: Fewer than two images, features of two lengths, or values that are not finite.
    """
    real, fake = _checked(real_features, fake_features)
    smaller = min(len(real), len(fake))
    if smaller < 4:
        subsets = min(subsets, 1)
    size = min(subset_size, smaller if subsets == 1 else smaller // 2)
    if subsets < 1 or size < 2:
        raise DataError(
            "KID needs at least one subset of at least 2 images; "
            f"asked for {subsets} of {subset_size}."
        )
    random = np.random.default_rng(seed)
    values = [
        _squared_mmd(
            real[random.choice(len(real), size, replace=False)],
            fake[random.choice(len(fake), size, replace=False)],
        )
        for _ in range(subsets)
    ]
    spread = float(np.std(values, ddof=1)) if subsets > 1 else float("nan")
    return KID(float(np.mean(values)), spread, subsets, size)


def _squared_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased estimate, which leaves out the kernel of an image with itself."""
    n = len(x)
    within_x, within_y, between = _kernel(x, x), _kernel(y, y), _kernel(x, y)
    within = (within_x.sum() - np.trace(within_x)) + (within_y.sum() - np.trace(within_y))
    return float(within / (n * (n - 1)) - 2 * between.mean())


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1) ** 3


def _covariance_root(features: np.ndarray) -> np.ndarray:
    """R (min(N, D), D) with R^T R = the covariance of the features."""
    root = (features - features.mean(axis=0)) / np.sqrt(len(features) - 1)
    if len(features) <= features.shape[1]:
        return root
    eigenvalues, eigenvectors = np.linalg.eigh(root.T @ root)
    # Rounding may leave an eigenvalue of zero at -1e-18.
    return np.sqrt(np.maximum(eigenvalues, 0))[:, None] * eigenvectors.T


def _checked(real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise DataError(
            "FID and KID compare features (N, D) of one length D, but got "
            f"{real.shape} and {fake.shape}: use one extractor for both sets."
        )
    if min(len(real), len(fake)) < 2:
        raise DataError(
            f"FID and KID need at least two images in each set, but got {len(real)} real and "
            f"{len(fake)} translated."
        )
    for name, features in (("real", real), ("translated", fake)):
        if not np.isfinite(features).all():
            raise DataError(f"The features of the {name} images contain NaN or infinity.")
    return real.astype(np.float64), fake.astype(np.float64)
