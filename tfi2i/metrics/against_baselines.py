"""Measures a translator on test images, beside baselines that cost nothing.

A figure alone means little. L1, PSNR and SSIM stand beside those of the untouched input and of one
flat colour; FID, KID and the colour distance stand beside those of the untouched input.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.errors import DataError
from tfi2i.metrics.colour import colour_distance
from tfi2i.metrics.distribution import fid, kid
from tfi2i.metrics.extractors import FeatureExtractor
from tfi2i.metrics.features import choose_extractor, describe_features, extract_features
from tfi2i.metrics.pixel import SSIM_WINDOW, check_images, l1, psnr, ssim
from tfi2i.progress import progress_bar

Translate = Callable[[np.ndarray], np.ndarray]

_BATCH_SIZE = 8


def evaluate(
    translate: Translate,
    a: np.ndarray,
    b: np.ndarray,
    *,
    paired: bool,
    extractor: FeatureExtractor | None = None,
    features: bool = True,
    training_b: Iterable[np.ndarray] | None = None,
    value_ranges: tuple[ValueRange, ValueRange] = (EIGHT_BITS, EIGHT_BITS),
) -> dict[str, Any]:
    """Measures a translator a -> b.

    Args:
        translate: (n, H, W, C_a) -> (n, H', W', C_b), called with at most 8 images.
        a: Test images to translate, (N, H, W, C_a).
        b: Real images of the other domain, (M, H', W', C_b). In pairs b[i] is the truth for
            a[i].
        paired: Whether a and b are aligned.
        extractor: Features for FID and KID; None takes `efficientnet_lite0()`.
        features: False leaves FID and KID out.
        training_b: Training images of domain b, (H', W', C_b) each, as one array or one at a
            time. Their mean colour is a baseline for pairs; None leaves that baseline out.
        value_ranges: Of the pixels of domains a and b: uint8 where nothing is stated. L1, PSNR,
            SSIM and the colour distance are computed at the depth of b, over its range. The
            networks behind FID and KID see 8 bits.

    Returns:
        A dict of plain values that json can write; None stands for a value that is not finite.

        - `paired`: as given. `images_a`, `images_b`: N, M. `image_size`: [H', W'] of b.
        - `translated`, `copy_input`, `mean_colour`: figures of the translator, of a itself in place
          of its translation, and of the mean colour of `training_b` everywhere. Each has some of
          the keys `l1` (mean absolute difference in the [-1, 1] scale: 0 to 2), `psnr` (dB; None
          where an image equals its truth exactly), `ssim` (all for pairs only), `colour` (see
          `colour_distance`; not for `mean_colour`), and, unless features were skipped and not for
          `mean_colour`, `fid`, `kid`, and `kid_spread` (standard deviation over subsets; None with
          fewer than 4 images).
        - `features`, unless skipped: `extractor` (its name), `dimensions`, `real_images`,
          `fake_images`, `kid_subsets`, `kid_subset_size` as used, and `fid_warning`: a sentence, or
          None; and, where images are deeper, `eight_bits`: True.
        - `skipped`: what is missing from the above -> why.

    Raises:
        DataError: Arrays that are not images of their depth, pairs of two lengths or sizes, or a
            `translate` whose result does not fit b.
        MissingExtraError: Unpaired, no extractor given, and the default one is not installed.
            (Pairs are still measured without it; `skipped` says so.)
    """
    range_a, range_b = value_ranges
    check_images(a, "Test images of domain a", range_a.dtype)
    check_images(b, "Test images of domain b", range_b.dtype)
    if paired and len(a) != len(b):
        raise DataError(
            f"Pairs need as many images in a as in b, but there are {len(a)} and {len(b)}."
        )
    skipped: dict[str, str] = {}
    candidates = {"translated": _translate_all(translate, a, b, paired)}
    as_b = a if range_a == range_b else range_b.to_pixels(range_a.to_float(a))
    if a.shape[3] != b.shape[3] or (paired and a.shape != b.shape):
        skipped["copy_input"] = f"domain a has the shape {a.shape[1:]}, domain b {b.shape[1:]}"
    else:
        candidates["copy_input"] = as_b
    figures: dict[str, dict[str, Any]] = {
        name: {"colour": colour_distance(b, images, value_range=range_b)}
        for name, images in candidates.items()
    }
    if paired:
        for name, images in candidates.items():
            figures[name].update(_pair_figures(images, b, range_b, skipped))
        if training_b is not None:
            flat = _mean_colour(training_b, b)
            figures["mean_colour"] = _pair_figures(flat, b, range_b, skipped)
    result: dict[str, Any] = {
        "paired": paired,
        "images_a": len(a),
        "images_b": len(b),
        "image_size": list(b.shape[1:3]),
        **figures,
    }
    if features:
        chosen = choose_extractor(b, candidates["translated"], extractor, required=not paired)
    else:
        chosen = "not asked for"
    if isinstance(chosen, str):
        skipped.update(fid=chosen, kid=chosen)
    else:
        seen = {name: range_b.to_uint8(images) for name, images in candidates.items()}
        result["features"] = _add_distances(seen, range_b.to_uint8(b), chosen, figures)
        if range_b != EIGHT_BITS:
            result["features"]["eight_bits"] = True
    result["skipped"] = skipped
    return result


def mean_figures(several: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The means of several results of `evaluate`, one for each pair of domains.

    Args:
        several: Results of `evaluate` with equal options; at least one.

    Returns:
        The form of `evaluate`. Every figure is the mean over the results that have it, `images_a`
        and `images_b` are sums, and the rest is that of the first result.
    """
    first = several[0]
    means = {
        name: {key: _mean([one[name].get(key) for one in several]) for key in first[name]}
        for name in ("translated", "copy_input", "mean_colour")
        if name in first
    }
    counts = {name: sum(one[name] for one in several) for name in ("images_a", "images_b")}
    return {**first, **counts, **means}


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _translate_all(translate: Translate, a: np.ndarray, b: np.ndarray, paired: bool) -> np.ndarray:
    batches = []
    with progress_bar("Translating", len(a)) as advance:
        for start in range(0, len(a), _BATCH_SIZE):
            batch = a[start : start + _BATCH_SIZE]
            result = np.asarray(translate(batch))
            fits = result.ndim == 4 and len(result) == len(batch) and result.shape[3] == b.shape[3]
            if result.dtype != b.dtype or not fits or (paired and result.shape[1:] != b.shape[1:]):
                raise DataError(
                    f"translate made {result.dtype} {result.shape} of {batch.dtype} {batch.shape}, "
                    f"but the test images of domain b are {b.dtype} {b.shape[1:]} each."
                )
            batches.append(result)
            advance(len(batch))
    return np.concatenate(batches)


def _pair_figures(
    images: np.ndarray, truth: np.ndarray, value_range: ValueRange, skipped: dict[str, str]
) -> dict[str, float | None]:
    figures = {
        "l1": l1(images, truth, value_range),
        "psnr": _finite(psnr(images, truth, value_range)),
    }
    if min(truth.shape[1:3]) < SSIM_WINDOW:
        skipped["ssim"] = f"images are smaller than its window of {SSIM_WINDOW} px"
    else:
        figures["ssim"] = ssim(images, truth, value_range)
    return figures


def _mean_colour(training_b: Iterable[np.ndarray], b: np.ndarray) -> np.ndarray:
    """The mean over all training images (each counts the same), as images of the shape of b."""
    means = []
    for image in training_b:
        if image.dtype != b.dtype or image.ndim != 3 or image.shape[2] != b.shape[3]:
            raise DataError(
                f"training_b must be {b.dtype} images (H, W, {b.shape[3]}), as in domain b; image "
                f"{len(means)} is {image.dtype} of shape {image.shape}."
            )
        means.append(image.mean(axis=(0, 1), dtype=np.float64))
    if not means:
        raise DataError("training_b has no image. Pass None to leave out the mean colour baseline.")
    mean = np.mean(means, axis=0)
    colour = (mean if b.dtype == np.float32 else np.rint(mean)).astype(b.dtype)
    return np.broadcast_to(colour, b.shape)


def _add_distances(
    candidates: dict[str, np.ndarray],
    b: np.ndarray,
    extractor: FeatureExtractor,
    figures: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """Adds FID and KID to every candidate's figures; returns how `translated` got them."""
    description: dict[str, Any] = {}
    with progress_bar(
        "Extracting features", sum(map(len, candidates.values())) + len(b)
    ) as advance:
        real = extract_features(extractor, b, advance)
        for name, images in candidates.items():
            fake = extract_features(extractor, images, advance)
            distance = kid(real, fake)
            figures[name].update(
                fid=fid(real, fake), kid=distance.mean, kid_spread=_finite(distance.spread)
            )
            if name == "translated":
                description = describe_features(extractor, real, fake, distance)
    return description


def _finite(value: float) -> float | None:
    """JSON has neither infinity nor NaN."""
    return value if math.isfinite(value) else None
