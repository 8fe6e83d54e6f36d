"""Whether `translate` and what `tfi2i export` writes give one answer, for every preset.

Run: python -m benchmarks.one_picture [PRESET ...] [--json FILE] [--page docs/one_picture.md]

Every direction of every preset (two of many domains) translates a picture at three sizes; the files
are exported as `tfi2i export --size` does. Presets that are named are measured anew, and the others
keep the figures that the file has; without names all are measured. It takes about 8 minutes on one
core.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import tensorflow as tf

from benchmarks.one_picture_page import one_picture_page
from benchmarks.pictures import domains_of, picture, translating_presets
from tfi2i.cli.chosen import choose_model
from tfi2i.data import DataSource, to_float, to_uint8
from tfi2i.data.builtin.earth import PREFIX
from tfi2i.errors import ExportError, MissingExtraError
from tfi2i.export import export_litert, export_saved_model
from tfi2i.export.runtime import LiteRTRunner
from tfi2i.inference.translate import translate_image
from tfi2i.machine import describe_machine
from tfi2i.metrics import l1, psnr
from tfi2i.zoo.translating import Translating

FOLDER = Path(__file__).parent
RESULTS, LARGE = FOLDER / "results_one_picture.json", FOLDER / "results_large_images.json"
SIZES = {"64x64": (64, 64), "256x256": (256, 256), "401x300": (300, 401)}
MOST_DIRECTIONS = 2
# Places of the held-out band, which is 225 px wide; their pictures do not overlap.
BAND_SIZE, BAND_PLACES = (384, 192), ((180, 1500), (570, 1500))
Precision = Literal["float32", "bfloat16"]
Stored = Literal["float32", "float16", "int8"]


def main() -> None:
    """Measures, and writes after each preset."""
    parser = argparse.ArgumentParser(description="One picture by every route.")
    parser.add_argument("presets", nargs="*", help="those to measure; by default all")
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, help="write the page of the figures too")
    arguments = parser.parse_args()
    results = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
    known = list(translating_presets())
    if unknown := set(arguments.presets) - set(known):
        parser.error(f"there is no preset {', '.join(sorted(unknown))}")
    found = results.setdefault("presets", {})
    for name in arguments.presets or known:
        print(f"    {name}", file=sys.stderr, flush=True)
        found[name] = measured(name)
        results["presets"] = found = {name: found[name] for name in known if name in found}
        results["machine"] = {k: describe_machine()[k] for k in ("processor", "cores", "versions")}
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if arguments.page:
        large = json.loads(LARGE.read_text(encoding="utf-8"))
        arguments.page.write_text(one_picture_page(results, large), encoding="utf-8")


def measured(preset: str) -> dict[str, Any]:
    """The figures of a preset, or why there are none."""
    chosen = choose_model(None, preset)
    model = chosen.translator()
    facts = {"crop_size": model.crop_size, "weights_sha256": chosen.facts["weights_sha256"]}
    try:
        source = chosen.open_data(None)
        shown = list(model.translators)[-MOST_DIRECTIONS:]
        with model.averaged_weights():
            agreement = {one: agreement_of(model, one, source) for one in shown}
    except MissingExtraError as error:
        return {**facts, "skipped": str(error)}
    is_map = source.name.startswith(PREFIX) and source.aligned_test
    truth = {one: errors_of(model, one, source) for one in shown} if is_map else {}
    return {**facts, "agreement": agreement, "truth": truth}


def agreement_of(
    model: Translating, direction: str, source: DataSource
) -> dict[str, dict[str, float | str | None]]:
    """Size -> route -> PSNR in dB against `translate`; None where all pixels are equal."""
    read, _ = domains_of(source, direction)
    images = {name: picture(source, read, size) for name, size in SIZES.items()}
    expected = {name: model.translate(images[name], direction=direction) for name in SIZES}
    found: dict[str, dict[str, float | str | None]] = {name: {} for name in SIZES}
    with tempfile.TemporaryDirectory() as folder:
        for precision in get_args(Precision):
            serve = _served(model, direction, Path(folder) / precision, precision)
            for name, image in images.items():
                found[name][f"SavedModel {precision}"] = _decibels(serve(image), expected[name])
        for precision in get_args(Stored):
            for name, image in images.items():
                path = Path(folder) / f"{name}-{precision}.tflite"
                try:
                    answer = _decibels(
                        _on_a_phone(model, direction, path, precision, image), expected[name]
                    )
                except ExportError as error:
                    # It is refused, with the reason.
                    answer = str(error)
                found[name][f"LiteRT {precision}"] = answer
    return found


def errors_of(model: Translating, direction: str, source: DataSource) -> dict[str, float]:
    """L1 against the truth in the [-1, 1] scale, by how the same pictures are translated."""
    read, made = domains_of(source, direction)
    images = [picture(source, read, BAND_SIZE, place) for place in BAND_PLACES]
    truths = np.stack([picture(source, made, BAND_SIZE, place) for place in BAND_PLACES])
    generator, side = model.translator(direction), model.crop_size
    ways = {
        "cut": lambda image: translate_image(generator, image, tile=side, overlap=0.0),
        "whole": lambda image: translate_image(generator, image),
        "tiles": lambda image: translate_image(generator, image, tile=side),
        "untouched": lambda image: image,
    }
    with model.averaged_weights():
        return {
            name: round(l1(np.stack([way(image) for image in images]), truths), 4)
            for name, way in ways.items()
        }


def _served(
    model: Translating, direction: str, folder: Path, precision: Precision
) -> Callable[[np.ndarray], np.ndarray]:
    """An exported SavedModel, which translates images of any size."""
    version = export_saved_model(
        model.translator(direction),
        folder,
        metadata={},
        precision=precision,
        max_pixels=1 << 20,
        scale=model.scale_of(direction, "trained"),
    )
    signature = tf.saved_model.load(str(version)).signatures["serving_default"]

    def serve(image: np.ndarray) -> np.ndarray:
        answer = signature(images=tf.constant(image[np.newaxis], tf.float32))["images"]
        return np.rint(answer.numpy()[0]).astype(np.uint8)

    return serve


def _on_a_phone(
    model: Translating, direction: str, path: Path, precision: Stored, image: np.ndarray
) -> np.ndarray:
    """What a LiteRT file for the image's size makes of it."""
    generator, size = model.translator(direction), (image.shape[0], image.shape[1])
    images = image[np.newaxis]
    export_litert(generator, path, image_size=size, precision=precision, images=images)
    return to_uint8(LiteRTRunner(path.read_bytes())(to_float(images)))[0]


def _decibels(made: np.ndarray, expected: np.ndarray) -> float | None:
    if np.array_equal(made, expected):
        return None
    return round(psnr(made[np.newaxis], expected[np.newaxis]), 2)


if __name__ == "__main__":
    main()
