"""How far an exported file may be from Keras, and how far it is."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tfi2i.data.decode.resizing import resize_image
from tfi2i.data.decode.values import ValueRange
from tfi2i.errors import ExportError
from tfi2i.export.generator import InferenceGenerator
from tfi2i.inference.sizes import mirrored_to_fit


@dataclass(frozen=True)
class Tolerance:
    """How far from Keras in float32 a file may be.

    Attributes:
        max_abs: largest absolute difference in the [-1, 1] scale, where one grey level of 256 is
            7.8e-3; None where single values may be further off.
        psnr_db: least peak signal-to-noise ratio with a peak of 2; None where max_abs says it all.
    """

    max_abs: float | None = None
    psnr_db: float | None = None

    def with_rounding(self, made: ValueRange) -> "Tolerance":
        """The same for pixels: where a value lies between two whole numbers, rounding decides."""
        if self.max_abs is None or not made.is_whole:
            return self
        return Tolerance(self.max_abs + 2 / (made.high - made.low))


# For files that compute in less than float32: above this no difference is seen.
REQUIRED_PSNR_DB = 40.0
# For those that compute in eight bits from image to image; `--accept-psnr` may ask for less.
INTEGER_PSNR_DB = 30.0
# A SavedModel's norms are fused: they add over all of an image in another order, which shows in
# large ones. LiteRT has its own kernels, which add in another order too. Half precision rounds
# every weight by up to 2**-11 of itself.
_MAX_ABS = {"saved_model": {"float32": 5e-4}, "litert": {"float32": 1e-3, "float16": 2e-2}}


def tolerance_of(
    kind: Literal["saved_model", "litert"],
    precision: str,
    required_psnr_db: float = REQUIRED_PSNR_DB,
) -> Tolerance:
    """How far from Keras a kind of file may be.

    Args:
        kind: the kind of file.
        precision: the precision that it stores or computes in.
        required_psnr_db: the one for files that compute in less than float32; for those of
            uint8, `INTEGER_PSNR_DB` where that is less.
    """
    if precision == "uint8":
        required_psnr_db = min(required_psnr_db, INTEGER_PSNR_DB)
    max_abs = _MAX_ABS[kind].get(precision)
    return Tolerance(psnr_db=required_psnr_db) if max_abs is None else Tolerance(max_abs=max_abs)


@dataclass(frozen=True)
class Agreement:
    """Differences from Keras over a set of images, in the [-1, 1] scale.

    Attributes:
        max_abs: largest absolute difference of any value.
        mean_abs: mean absolute difference.
        psnr_db: peak signal-to-noise ratio with a peak of 2; None where all values are equal.
    """

    max_abs: float
    mean_abs: float
    psnr_db: float | None

    def satisfies(self, tolerance: Tolerance) -> bool:
        """Whether the differences are within a tolerance."""
        close = tolerance.max_abs is None or self.max_abs <= tolerance.max_abs
        if tolerance.psnr_db is None or self.psnr_db is None:
            return close
        return close and self.psnr_db >= tolerance.psnr_db


def keras_inputs(generator: InferenceGenerator, images: np.ndarray) -> np.ndarray:
    """Makes pixels (N, H, W, C) ready for Keras: float32 in [-1, 1], sizes that it takes.

    Missing rows and columns are mirrored at the lower and right edge; for a generator of one size
    images are resized.
    """
    if generator.only_size is not None:
        images = np.stack([resize_image(image, *generator.only_size) for image in images])
    return generator.takes.to_float(mirrored_to_fit(images, generator.size_multiple))


def keras_outputs(generator: InferenceGenerator, images: np.ndarray) -> list[np.ndarray]:
    """Translates pixels (N, H, W, C) with Keras, one at a time, cropped to their size.

    Returns:
        N arrays float32 (1, H, W, C_out) in [-1, 1].
    """
    height, width = images.shape[1:3]
    batches = [image[None] for image in keras_inputs(generator, images)]
    outputs = [generator.model(batch, training=False) for batch in batches]
    return [np.asarray(output)[:, :height, :width] for output in outputs]


def agreement(references: list[np.ndarray], results: list[np.ndarray]) -> Agreement:
    """Compares what a file returned with what Keras returned, image by image."""
    difference = np.stack(results).astype(np.float64) - np.stack(references)
    mean_square = float(np.mean(difference**2))
    return Agreement(
        max_abs=float(np.max(np.abs(difference))),
        mean_abs=float(np.mean(np.abs(difference))),
        psnr_db=10 * math.log10(4 / mean_square) if mean_square else None,
    )


def checked_agreement(
    name: str,
    references: list[np.ndarray],
    results: list[np.ndarray],
    tolerance: Tolerance,
) -> Agreement:
    """Compares and refuses.

    Args:
        name: the artefact's name, for the message.
        references: arrays from Keras.
        results: arrays of the same shapes from the artefact.
        tolerance: what passes.

    Raises:
        ExportError: a value of one of the two is not finite, or the differences are above the
            tolerance.
    """
    for what, arrays in {f"{name}: Keras itself": references, name: results}.items():
        broken = sum(int(np.size(array) - np.isfinite(array).sum()) for array in arrays)
        if broken:
            total = sum(array.size for array in arrays)
            raise ExportError(f"{what} returns {broken} of {total} values that are not finite.")
    found = agreement(references, results)
    if tolerance.max_abs is not None and found.max_abs > tolerance.max_abs:
        raise ExportError(
            f"{name} does not agree with Keras: largest difference {found.max_abs:.3g} on the "
            f"[-1, 1] scale, allowed {tolerance.max_abs:g} (mean {found.mean_abs:.3g})."
        )
    if not found.satisfies(tolerance):
        assert found.psnr_db is not None
        raise ExportError(
            f"{name} does not agree with Keras: PSNR {found.psnr_db:.1f} dB, at least "
            f"{tolerance.psnr_db:g} dB are asked for (mean difference {found.mean_abs:.3g}; "
            f"--accept-psnr {math.floor(found.psnr_db)} accepts it)."
        )
    return found


def random_images(generator: InferenceGenerator, image_size: tuple[int, int]) -> np.ndarray:
    """Pixels of two images (2, H, W, C) of fixed noise, for lack of real ones."""
    shape = (2, *image_size, generator.input_channels)
    if generator.is_plain:
        return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    return generator.takes.to_pixels(np.random.default_rng(0).uniform(-1, 1, shape))
