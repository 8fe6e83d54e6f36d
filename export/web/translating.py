"""What a page has to know to translate as Keras does, and the files for it, compared with Keras."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.data.decode.writing import encode_png
from tfi2i.data.scale import TrainedScale
from tfi2i.errors import ExportError
from tfi2i.export.agreement import checked_agreement, tolerance_of
from tfi2i.export.beside_keras import litert_entry
from tfi2i.export.formats import LiteRTPrecision
from tfi2i.export.generator import InferenceGenerator
from tfi2i.export.growth import largest_image
from tfi2i.export.litert import convert
from tfi2i.export.references import References
from tfi2i.export.runtime import LiteRTRunner
from tfi2i.export.web.page import Page
from tfi2i.export.web.sizes import SizeNumbers
from tfi2i.export.web.unfused import unfused
from tfi2i.image_sizes import size_in_words
from tfi2i.inference.sizes import mirrored_to_fit, only_size, padded_side

# What one image may take of a browser's memory: larger ones go by tiles.
_MEMORY_BYTES = 1 << 30
_MOST_SAMPLES = 6


@dataclass(frozen=True)
class PageScale:
    """The scale at which a page translates unless its user asks for another.

    Attributes:
        factor: For the sides of pictures.
        fit_side: Root of the pixels that whole pictures had in training.
    """

    factor: float
    fit_side: float

    @classmethod
    def of(cls, trained: TrainedScale | None, factor: float, size: tuple[int, int]) -> "PageScale":
        """Of a model that notes its scale, or of one that saw pictures of a size."""
        side = math.sqrt(size[0] * size[1]) if trained is None else trained.loaded_side
        return cls(factor, side)


def check_page(generator: InferenceGenerator, size: tuple[int, int]) -> None:
    """Refuses what no page can show.

    Raises:
        ExportError: The pixels are not of 8 bits in grey or colour, or the size of tiles is not one
            that the generator computes.
    """
    channels = {generator.input_channels, generator.output_channels}
    if not generator.is_plain or not channels <= {1, 3}:
        raise ExportError(
            "browsers read and show pictures of 8 bits in grey or colour, and this model has "
            "others."
        )
    fitting = tuple(padded_side(side, generator.size_multiple) for side in size)
    if size != fitting:
        raise ExportError(
            f"a page translates large pictures by tiles, and {size_in_words(size)} is no size that "
            f"the model computes: give --size {size_in_words(fitting)}."
        )


def add_translating_view(
    page: Page,
    direction: str,
    references: References,
    *,
    precisions: Sequence[LiteRTPrecision],
    size: tuple[int, int],
    scale: PageScale,
    required_psnr_db: float,
    folder: Path,
    advance: Callable[[int], None],
) -> list[dict[str, Any]]:
    """Adds a direction to a page.

    Args:
        page: Gets the view and its files.
        direction: Name of the view.
        references: Real images and what Keras makes of them.
        precisions: Of the files.
        size: Height and width of the file's images, the tiles of larger ones.
        scale: See `PageScale`.
        required_psnr_db: Least agreement of int8.
        folder: For files on the way.
        advance: Is told of each finished file.

    Returns:
        What the parity report says of each file, named by its place in the page.

    Raises:
        ExportError: See `check_page`; or a file does not agree with Keras.
    """
    inference = references.generator
    check_page(inference, size)
    single = only_size(inference.model) is not None
    most = size[0] * size[1] if single else _most_pixels(inference)
    stem = f"{page.variant}-{direction}"
    models, entries = [], []
    for precision in precisions:
        converted = partial(_converted, inference, precision)
        model = converted(size)
        path = folder / f"{stem}-{precision}.tflite"
        path.write_bytes(model)
        entry = litert_entry(path, references, required_psnr_db)
        numbers = None
        if not single:
            numbers = SizeNumbers.of(model, size, inference.size_multiple, converted)
        if numbers is not None:
            entry["sizes"] += _at_other_sizes(model, numbers, references, most, entry)
        place = page.add_model(stem, precision, model)
        entries.append({**entry, "name": place, "kind": "web"})
        models.append(
            {
                "file": place,
                "bytes": len(model),
                "precision": precision,
                "numbers": None if numbers is None else numbers.to_facts(),
                **{name: entry[name] for name in ("max_abs", "psnr_db")},
            }
        )
        advance(1)
    page.views[direction] = {
        "models": models,
        "size": list(size),
        "multiple": inference.size_multiple,
        "channels": [inference.input_channels, inference.output_channels],
        "single_size": single,
        "max_pixels": max(most, size[0] * size[1]),
        "factor": scale.factor,
        "fit_side": scale.fit_side,
        "samples": _samples(page, direction, references),
    }
    return entries


def _converted(
    generator: InferenceGenerator, precision: LiteRTPrecision, size: tuple[int, int]
) -> bytes:
    return unfused(convert(generator, size, precision))


def _most_pixels(generator: InferenceGenerator) -> int:
    """Of a picture that a browser translates as one."""
    return largest_image(
        lambda image: generator.model(image[None], training=False)[0],
        channels=generator.input_channels,
        size_multiple=generator.size_multiple,
        memory_bytes=_MEMORY_BYTES,
    )


def _at_other_sizes(
    model: bytes,
    numbers: SizeNumbers,
    references: References,
    most: int,
    entry: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """What the report says of the file with the numbers of other sizes."""
    generator, found = references.generator, []
    tolerance = tolerance_of("litert", entry["precision"], entry["required_psnr_db"] or 0.0)
    for image, outputs in references.others:
        height, width = image.shape[1:3]
        fitting = generator.takes.to_float(mirrored_to_fit(image, generator.size_multiple))
        if fitting.shape[1] * fitting.shape[2] > most:
            continue
        run = LiteRTRunner(numbers.sized(model, fitting.shape[1:3]))
        made = run(fitting)[:, :height, :width]
        where = f"{entry['name']} on an image of {width} x {height}"
        one = checked_agreement(where, outputs, [made], tolerance)
        found.append({"size": [height, width], "max_abs": one.max_abs, "psnr_db": one.psnr_db})
    return found


def _samples(page: Page, direction: str, references: References) -> list[dict[str, str]]:
    """Pictures to try, with what Keras makes of them: a device can prove itself by them."""
    places = np.linspace(0, len(references.images) - 1, min(len(references.images), _MOST_SAMPLES))
    samples = []
    for number, place in enumerate(places.astype(int)):
        made = references.generator.gives.to_pixels(references.outputs[place][0])
        names = f"samples/{direction}-{number}.png", f"samples/{direction}-{number}-made.png"
        for name, pixels in zip(names, (references.images[place], made), strict=True):
            page.files[name] = encode_png(pixels)
        samples.append({"given": names[0], "made": names[1]})
    return samples
