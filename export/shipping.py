"""From a trained model to a folder of files to ship, with the proof that they agree.

A folder holds, for each direction of a variant, `saved_model/<variant>-<direction>/<version>` (what
TF Serving wants: a name and numbers below it), `<variant>-<direction>-<precision>.tflite`, and one
`parity.json` with the figures of all. Everything is made and compared with Keras in a partial
folder, and moved to its place when all of it agrees.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from tfi2i.data.scale import Scale
from tfi2i.errors import ExportError
from tfi2i.export import export_litert, export_saved_model
from tfi2i.export.agreement import REQUIRED_PSNR_DB
from tfi2i.export.beside_keras import litert_entry, saved_model_entry
from tfi2i.export.delegates import phone_facts
from tfi2i.export.formats import FORMATS, LITERT_PRECISIONS, OF_FIXED_SIZE
from tfi2i.export.generator import BFLOAT16_NEEDS
from tfi2i.export.metadata import ranges_facts
from tfi2i.export.opened import Opened, inference_generators
from tfi2i.export.partial import partial_folder
from tfi2i.export.placing import earlier_reports, put_in_place
from tfi2i.export.plain import check_fixed_size, plain_translator, write_plain
from tfi2i.export.plain_beside_keras import plain_entry
from tfi2i.export.precision import suitable_precision
from tfi2i.export.references import References
from tfi2i.export.saved_model import next_version
from tfi2i.export.serving.warmup import USUAL_SIZE
from tfi2i.image_sizes import Size, height_and_width, size_in_words
from tfi2i.zoo.translating import Translating

Precision = Literal["auto", "float32", "bfloat16"]
# Further heights and widths, besides those of the images: a large size, and one that is a multiple
# of nothing.
OTHER_SIZES = ((256, 256), (300, 401))
_RESIZED = (
    "The SavedModel resizes images to {0} px, the only size that the network takes, and brings the "
    "results back to their size. LiteRT files take that size: resize before."
)
_SCALED = (
    "The SavedModel resizes: it multiplies the sides of images with {0:.4g} before it translates, "
    "and brings the results back to the images' size. LiteRT files do not: multiply before."
)


@dataclass(frozen=True)
class Wanted:
    """What is asked for each direction.

    Attributes:
        formats: Some of `FORMATS`.
        size: Of the images that the LiteRT files take: a square's side in pixels, or (height,
            width).
        metadata: Facts for the SavedModel, to which the direction is added; see
            `export_saved_model`.
        precision: Precision of the SavedModel. "auto" takes bfloat16 where images have 8 bits, this
            machine computes in it, and the images agree with those of float32 to
            `required_psnr_db`, and float32 elsewhere; the report says which.
        max_pixels: The most pixels that the SavedModel accepts; see `export_saved_model`.
        required_psnr_db: Least agreement that is asked from what computes in less than float32.
        scale: Scale at which the SavedModel translates: "trained", or the factor for the sides of
            images; see `tfi2i.data.scale`. LiteRT files take pixels that are at this scale already.
        calibration: Direction to images of its training for LiteRT files of uint8, pixels (N, H, W,
            C) of that size; those to compare on serve where there are none.
        targets: Direction to what its images should become, where that is known: LiteRT files are
            then measured on the task as well.
    """

    formats: Sequence[str]
    size: Size
    metadata: Mapping[str, Any]
    precision: Precision = "auto"
    max_pixels: int | None = None
    required_psnr_db: float = REQUIRED_PSNR_DB
    scale: Scale = "trained"
    calibration: Mapping[str, Any] = field(default_factory=dict)
    targets: Mapping[str, Any] = field(default_factory=dict)


def ship(
    model: Translating, folder: Path, images: Mapping[str, Any], wanted: Wanted
) -> dict[str, dict[str, Any]]:
    """Exports generators to a folder: all of their files, or none if there is an error.

    Args:
        model: With its weights.
        folder: Gets the files, see above. Its reports on other files stay.
        images: Direction to real images to compare on, pixels (N, H, W, C) of that size and of the
            model's depth. Each direction named here is exported.
        wanted: The files.

    Returns:
        Direction to its parity report; see `tfi2i.export.parity_report`. LiteRT files also have
        their `metadata`, the operators that are `left_to_processor` by accelerators, and with
        targets, as Keras has, the `task`: l1 and psnr beside the targets.

    Raises:
        ExportError: If the folder cannot be written, a file cannot be made, or one does not agree
            with Keras.
    """
    earlier = earlier_reports(folder)
    with partial_folder(folder) as partial, model.averaged_weights():
        reports = translated_reports(model, folder, images, wanted, partial)
        named = {f"{model.variant_name()}-{d}": report for d, report in reports.items()}
        put_in_place(partial, folder, named, earlier)
    return reports


def translated_reports(
    model: Translating, folder: Path, images: Mapping[str, Any], wanted: Wanted, partial: Path
) -> dict[str, dict[str, Any]]:
    """Makes the files of `ship` in a partial folder; the rest is the same."""
    references = {}
    for name, pictures in images.items():
        # One for all domains is compared by the first direction, and then by all of them.
        one = name if name in model.translators else None
        ranges = model.ranges_of(one)
        targets = wanted.targets.get(name)
        references[name] = References.of(
            model.translator(one), pictures, OTHER_SIZES, ranges, targets
        )
    if set(wanted.formats) & set(OF_FIXED_SIZE):
        for reference in references.values():
            check_fixed_size(reference.generator, height_and_width(wanted.size))
    reports = {}
    for name, reference in references.items():
        formats = _formats_of(model, name, wanted.formats, [*images])
        if formats:
            wanted_here = replace(wanted, formats=formats)
            export = _Export(model, name, reference, wanted_here, partial, folder)
            reports[name] = export.report()
    if not reports:
        known = ", ".join(model.translators)
        raise ExportError(f"LiteRT files translate to one domain each: --direction one of {known}")
    return reports


def _formats_of(
    model: Translating, name: str, formats: Sequence[str], names: Sequence[str]
) -> list[str]:
    """The formats of one name: what one file holds for all domains is not written for each."""
    formats = [one for one in formats if one in FORMATS]  # A page is made elsewhere.
    of_all = [one for one in names if one in model.open_views and one not in model.translators]
    if name in of_all:
        return [one for one in formats if one not in LITERT_PRECISIONS]
    return [one for one in formats if not of_all or one in LITERT_PRECISIONS]


class _Export:
    """One direction's files, made and compared in a partial folder."""

    def __init__(
        self,
        model: Translating,
        direction: str,
        references: References,
        wanted: Wanted,
        partial: Path,
        folder: Path,
    ):
        self._opened = Opened.of(model, direction)
        alone = direction if direction in model.translators else None
        self._generator = model.translator(alone)
        self._direction = direction
        self._ranges = model.ranges_of(alone)
        self._stem = f"{model.variant_name()}-{direction}"
        self._references = references
        self._wanted = wanted
        self._partial, self._folder = partial, folder
        self._scale = model.scale_of(alone, wanted.scale)
        self._notes: list[str] = []
        size = references.generator.only_size
        if size is not None:
            self._notes.append(_RESIZED.format(size_in_words(size)))
        elif self._scale != 1:
            self._notes.append(_SCALED.format(self._scale))

    def report(self) -> dict[str, Any]:
        """Makes the files in the order of `FORMATS`, and reports on them."""
        entries = []
        for name in FORMATS:
            if name in self._wanted.formats:
                with self._named(name):
                    entries.append(self._made(name))
        report = self._references.report(entries)
        report["notes"] += self._notes
        report["scale"] = self._scale
        return report

    def _made(self, name: str) -> dict[str, Any]:
        """Makes the files of a format, and compares them."""
        if name == "saved_model":
            return self._saved_model()
        return self._plain() if name == "plain" else self._litert(name)

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """Says, for a file that is refused, how to get the others."""
        try:
            yield
        except ExportError as error:
            others = [other for other in self._wanted.formats if other != name]
            way = f" --formats {','.join(others)} leaves it out." if others else ""
            raise ExportError(
                f"{self._stem}, {name}: {error} Nothing was written to {self._folder}.{way}"
            ) from error

    def _saved_model(self) -> dict[str, Any]:
        precision = self._wanted.precision
        if precision == "auto":
            psnr_db = self._wanted.required_psnr_db
            precision, reason = suitable_precision(self._generator, self._references, psnr_db)
            self._notes.append(f"SavedModel in {precision}: {reason}.")
        if precision == "bfloat16":
            self._notes.append(BFLOAT16_NEEDS)
        place = Path("saved_model") / self._stem
        version = export_saved_model(
            self._opened or self._generator,
            self._partial / place,
            metadata={**self._wanted.metadata, "direction": self._direction},
            precision=precision,
            max_pixels=self._wanted.max_pixels,
            scale=self._scale,
            value_ranges=self._ranges,
            warm_up=(self._references.images.shape[1:3], USUAL_SIZE),
        )
        version = version.rename(version.with_name(str(next_version(self._folder / place))))
        psnr_db = self._wanted.required_psnr_db
        return saved_model_entry(version, self._references, psnr_db, self._opened)

    def _plain(self) -> dict[str, Any]:
        made = self._opened or self._generator
        generators = inference_generators(made, value_ranges=self._ranges)
        folder = self._partial / f"{self._stem}-plain"
        size = height_and_width(self._wanted.size)
        facts = {"image_size": [*size], "value_ranges": ranges_facts(*self._ranges)}
        metadata = {**self._wanted.metadata, "direction": self._direction}
        write_plain(plain_translator(generators[-1], size), folder, metadata, facts)
        return plain_entry(folder, self._references, self._opened)

    def _litert(self, name: str) -> dict[str, Any]:
        precision = LITERT_PRECISIONS[name]
        path = export_litert(
            self._generator,
            self._partial / f"{self._stem}-{precision}.tflite",
            image_size=height_and_width(self._wanted.size),
            precision=precision,
            images=self._references.images,
            calibration=self._wanted.calibration.get(self._direction),
            required_psnr_db=self._wanted.required_psnr_db,
            value_ranges=self._ranges,
            metadata={**self._wanted.metadata, "direction": self._direction, "scale": self._scale},
        )
        entry = litert_entry(path, self._references, self._wanted.required_psnr_db)
        return {**entry, **phone_facts(path)}
