"""What a page has to know to translate as Keras does, and the files for it, compared with Keras."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfi2i.data.decode.writing import encode_png
from tfi2i.data.scale import TrainedScale
from tfi2i.errors import ExportError
from tfi2i.export.agreement import checked_agreement, tolerance_of
from tfi2i.export.formats import LiteRTPrecision
from tfi2i.export.generator import InferenceGenerator
from tfi2i.export.growth import largest_image
from tfi2i.export.runtime import LiteRTRunner
from tfi2i.export.web.asked import Asked
from tfi2i.export.web.files import page_entry, page_file
from tfi2i.export.web.page import Page, short
from tfi2i.export.web.sizes import SizeNumbers
from tfi2i.image_sizes import size_in_words
from tfi2i.inference.sizes import mirrored_to_fit, padded_side

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
    name: str,
    asked: Asked,
    *,
    precisions: Sequence[LiteRTPrecision],
    size: tuple[int, int],
    scale: PageScale,
    required_psnr_db: float,
    advance: Callable[[int], None],
) -> list[dict[str, Any]]:
    """Adds a view to a page.

    Args:
        page: Gets the view and its files.
        name: Of the view: a direction, or what is open for several.
        asked: Real images, what stands beside them, and what Keras makes of them.
        precisions: Of the files.
        size: Height and width of the file's images, the tiles of larger ones.
        scale: See `PageScale`.
        required_psnr_db: Least agreement of int8.
        advance: Is told of each finished file.

    Returns:
        What the parity report says of each file, named by its place in the page.

    Raises:
        ExportError: See `check_page`; or a file does not agree with Keras.
    """
    inference = asked.references.generator
    check_page(inference, size)
    single = inference.only_size is not None
    most = size[0] * size[1] if single else _most_pixels(inference)
    models, entries = [], []
    for precision in precisions:
        file = _File.of(asked, precision, size)
        place = page.add_model(f"{page.variant}-{name}", precision, file.content)
        entry = file.entry(place, asked, most, required_psnr_db)
        entries.append(entry)
        models.append(
            {
                "file": place,
                "bytes": len(file.content),
                "precision": precision,
                "numbers": None if file.numbers is None else file.numbers.to_facts(),
                **{name: entry[name] for name in ("max_abs", "psnr_db")},
            }
        )
        advance(1)
    page.views[name] = {
        "models": models,
        "size": list(size),
        "multiple": inference.size_multiple,
        "channels": [inference.input_channels, inference.output_channels],
        "single_size": single,
        "max_pixels": max(most, size[0] * size[1]),
        "factor": scale.factor,
        "fit_side": scale.fit_side,
        "beside": asked.facts,
        "samples": _samples(page, name, asked),
    }
    return entries


@dataclass(frozen=True)
class _File:
    """A file of a view, and the numbers of other sizes in it."""

    content: bytes
    precision: LiteRTPrecision
    numbers: SizeNumbers | None

    @classmethod
    def of(cls, asked: Asked, precision: LiteRTPrecision, size: tuple[int, int]) -> "_File":
        inference = asked.references.generator

        def converted(size: tuple[int, int]) -> bytes:
            shapes = {"images": (1, *size, inference.input_channels), **asked.shapes}
            return page_file(asked.model, shapes, precision)

        content, numbers = converted(size), None
        if inference.only_size is None:
            numbers = SizeNumbers.of(content, size, inference.size_multiple, converted)
        return cls(content, precision, numbers)

    def entry(self, place: str, asked: Asked, most: int, required_psnr_db: float) -> dict[str, Any]:
        """What the report says of it, in its own size and in others of at most so many pixels."""
        references = asked.references
        floats = references.generator.takes.to_float(references.images)
        given = [
            {"images": image[np.newaxis], **beside}
            for image, beside in zip(floats, asked.given, strict=True)
        ]
        outputs = references.outputs
        entry = page_entry(place, self.content, self.precision, given, outputs, required_psnr_db)
        if self.numbers is not None:
            entry["sizes"] += self._at_other_sizes(self.numbers, asked, most, entry)
        return entry

    def _at_other_sizes(
        self, numbers: SizeNumbers, asked: Asked, most: int, entry: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        generator, found = asked.references.generator, []
        tolerance = tolerance_of("litert", self.precision, entry["required_psnr_db"] or 0.0)
        for image, outputs in asked.references.others:
            height, width = image.shape[1:3]
            fitting = generator.takes.to_float(mirrored_to_fit(image, generator.size_multiple))
            if fitting.shape[1] * fitting.shape[2] > most:
                continue
            run = LiteRTRunner(numbers.sized(self.content, fitting.shape[1:3]))
            made = run.named(images=fitting, **asked.given[0])[:, :height, :width]
            where = f"{entry['name']} on an image of {width} x {height}"
            one = checked_agreement(where, outputs, [made], tolerance)
            found.append({"size": [height, width], "max_abs": one.max_abs, "psnr_db": one.psnr_db})
        return found


def _most_pixels(generator: InferenceGenerator) -> int:
    """Of a picture that a browser translates as one."""
    return largest_image(
        lambda image: generator.model(image[None], training=False)[0],
        channels=generator.input_channels,
        size_multiple=generator.size_multiple,
        memory_bytes=_MEMORY_BYTES,
    )


def _samples(page: Page, name: str, asked: Asked) -> list[dict[str, Any]]:
    """Pictures to try, with what Keras makes of them: a device can prove itself by them."""
    references = asked.references
    count = len(references.images)
    samples = []
    for number, place in enumerate(
        np.linspace(0, count - 1, min(count, _MOST_SAMPLES)).astype(int)
    ):
        pixels = {
            "given": references.images[place],
            "made": references.generator.gives.to_pixels(references.outputs[place][0]),
        }
        sample: dict[str, Any] = {}
        for kind, beside in asked.given[place].items():
            if kind == "style":
                pixels[kind] = references.generator.takes.to_pixels(beside[0])
            else:
                sample["beside"] = short(beside[0])
        for part, of_part in pixels.items():
            sample[part] = _place(page, f"samples/{name}-{number}-{part}.png", encode_png(of_part))
        samples.append(sample)
    return samples


def _place(page: Page, place: str, content: bytes) -> str:
    """Where a page has a picture; the same one is there once."""
    known = next((one for one, other in page.files.items() if other == content), place)
    page.files[known] = content
    return known
