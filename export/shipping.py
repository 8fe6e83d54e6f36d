"""From a trained model to a folder of files to ship, with the proof that they agree.

A folder holds, for each direction of a variant, `saved_model/<variant>-<direction>/<version>` (what
TF Serving wants: a name and numbers below it), `<variant>-<direction>-<precision>.tflite`, and one
`parity.json` with the figures of all. Everything is made and compared with Keras in a partial
folder, and moved to its place when all of it agrees.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tfi2i.data.scale import Scale
from tfi2i.errors import ExportError
from tfi2i.export import export_litert, export_saved_model
from tfi2i.export.agreement import REQUIRED_PSNR_DB, agreement, tolerance_of
from tfi2i.export.beside_keras import litert_entry, saved_model_entry
from tfi2i.export.formats import FORMATS, LITERT_PRECISIONS
from tfi2i.export.generator import BFLOAT16_NEEDS, inference_generator
from tfi2i.export.litert import check_litert_size
from tfi2i.export.partial import not_writable, partial_folder
from tfi2i.export.references import References
from tfi2i.export.saved_model import next_version
from tfi2i.export.scale import outputs_at_scale
from tfi2i.image_sizes import Size, height_and_width, size_in_words
from tfi2i.machine import computes_bfloat16
from tfi2i.zoo.translating import Translating

PARITY_FILE = "parity.json"
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
    """

    formats: Sequence[str]
    size: Size
    metadata: Mapping[str, Any]
    precision: Precision = "auto"
    max_pixels: int | None = None
    required_psnr_db: float = REQUIRED_PSNR_DB
    scale: Scale = "trained"


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
        Direction to its parity report; see `tfi2i.export.parity_report`.

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
    references = {
        direction: References.of(
            model.translator(direction), pictures, OTHER_SIZES, model.ranges_of(direction)
        )
        for direction, pictures in images.items()
    }
    if set(wanted.formats) & set(LITERT_PRECISIONS):
        for reference in references.values():
            check_litert_size(reference.generator, height_and_width(wanted.size))
    return {
        direction: _Export(model, direction, reference, wanted, partial, folder).report()
        for direction, reference in references.items()
    }


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
        self._generator = model.translator(direction)
        self._direction = direction
        self._ranges = model.ranges_of(direction)
        self._stem = f"{model.variant_name()}-{direction}"
        self._references = references
        self._wanted = wanted
        self._partial, self._folder = partial, folder
        self._scale = model.scale_of(direction, wanted.scale)
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
                    made = self._saved_model() if name == "saved_model" else self._litert(name)
                    entries.append(made)
        report = self._references.report(entries)
        report["notes"] += self._notes
        report["scale"] = self._scale
        return report

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
            precision, reason = self._suitable_precision()
            self._notes.append(f"SavedModel in {precision}: {reason}.")
        if precision == "bfloat16":
            self._notes.append(BFLOAT16_NEEDS)
        place = Path("saved_model") / self._stem
        version = export_saved_model(
            self._generator,
            self._partial / place,
            metadata={**self._wanted.metadata, "direction": self._direction},
            precision=precision,
            max_pixels=self._wanted.max_pixels,
            scale=self._scale,
            value_ranges=self._ranges,
        )
        version = version.rename(version.with_name(str(next_version(self._folder / place))))
        return saved_model_entry(version, self._references, self._wanted.required_psnr_db)

    def _litert(self, name: str) -> dict[str, Any]:
        precision = LITERT_PRECISIONS[name]
        path = export_litert(
            self._generator,
            self._partial / f"{self._stem}-{precision}.tflite",
            image_size=height_and_width(self._wanted.size),
            precision=precision,
            images=self._references.images,
            required_psnr_db=self._wanted.required_psnr_db,
            value_ranges=self._ranges,
        )
        return litert_entry(path, self._references, self._wanted.required_psnr_db)

    def _suitable_precision(self) -> tuple[Literal["float32", "bfloat16"], str]:
        """The faster precision that gives the images of float32, and the reason."""
        if not self._references.generator.is_plain:
            return "float32", "bfloat16 keeps 8 bits of a number, and the images may have more"
        if not computes_bfloat16():
            return "float32", "this machine has no bfloat16 instructions"
        half = inference_generator(self._generator, "bfloat16", fused=True)
        references = self._references
        found = [
            agreement(outputs, outputs_at_scale(half, pictures, 1.0))
            for pictures, outputs in [(references.images, references.outputs), *references.others]
        ]
        tolerance = tolerance_of("saved_model", "bfloat16", self._wanted.required_psnr_db)
        figures = [one.psnr_db for one in found if one.psnr_db is not None]
        decibels = f"{min(figures):.1f} dB" if figures else "equal"
        if all(one.satisfies(tolerance) for one in found):
            return "bfloat16", f"this machine computes in it, and the images agree ({decibels})"
        return "float32", f"in bfloat16 the images would differ ({decibels})"


def earlier_reports(folder: Path) -> dict[str, Any]:
    """The reports that a folder holds, by variant and direction.

    Raises:
        ExportError: The file there is no report.
    """
    path = folder / PARITY_FILE
    if not path.is_file():
        return {}
    try:
        reports = json.loads(path.read_text(encoding="utf-8"))
        for report in reports.values():
            _ = [_place(entry) for entry in report["artefacts"]]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ExportError(
            f"{path} is no report of this version of tfi2i; move it away, or export to another "
            "folder"
        ) from error
    return reports


def _place(entry: Mapping[str, Any]) -> Path:
    """Where a file of a report lies in its folder."""
    above = "saved_model" if entry["kind"] == "saved_model" else ""
    return Path(above) / entry["name"]


def put_in_place(
    partial: Path, folder: Path, reports: dict[str, dict[str, Any]], earlier: dict[str, Any]
) -> None:
    """Moves the files of the reports to where servers look, and then their figures.

    Args:
        partial: Where the files are.
        folder: Where they go.
        reports: Of the files, by variant and direction.
        earlier: Those that the folder holds, from `earlier_reports`.

    Raises:
        ExportError: The folder cannot be written.
    """
    moved = [_place(entry) for report in reports.values() for entry in report["artefacts"]]
    written = dict(earlier)
    for stem, report in reports.items():
        before = earlier.get(stem, {"artefacts": []})["artefacts"]
        # Figures of files that are still there: earlier versions, and formats not exported now.
        kept = [e for e in before if _place(e) not in moved and (folder / _place(e)).exists()]
        written[stem] = {**report, "artefacts": [*report["artefacts"], *kept]}
    text = json.dumps(written, indent=2, allow_nan=False) + "\n"
    (partial / PARITY_FILE).write_text(text, encoding="utf-8")
    try:
        for place in [*moved, Path(PARITY_FILE)]:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            os.replace(partial / place, folder / place)
    except OSError as error:
        raise ExportError(not_writable(folder, error)) from error
