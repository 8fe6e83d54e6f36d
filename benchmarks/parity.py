"""Every file that `tfi2i export` writes beside Keras: pixels, seconds and bytes, of six presets.

Run: python -m benchmarks.parity [PRESET ...] [--page docs/parity.md]

Every view of every preset is exported in every format, and translates a picture at three sizes;
DCGAN draws images of its one size. Each signature of the SavedModel is asked, and the page is
opened in headless Chromium, on the processor (WebAssembly) and by WebGPU, which SwiftShader
computes on the processor too. What is compared is 8-bit pixels, as they are saved, with those of
`translate`, of `decode` and, for a latent, of the generator that has it fixed. Presets that are
named are measured anew. It needs Chromium and LiteRT.js, as `benchmarks.web` does.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.parity_files import Question, answers_of_files
from benchmarks.parity_page import parity_page
from benchmarks.pictures import domains_of, picture
from benchmarks.web import difference, shown_in_chromium, write_page_of
from tfi2i.cli.chosen import Chosen, choose_model
from tfi2i.cli.export_images import calibration_images
from tfi2i.data import DataSource
from tfi2i.data.decode.writing import encode_png
from tfi2i.export.drawing_shipping import ship_drawing
from tfi2i.export.formats import FORMATS
from tfi2i.export.opened import Opened
from tfi2i.export.shipping import Wanted, ship
from tfi2i.inference.translate import translate_image
from tfi2i.machine import describe_machine
from tfi2i.zoo.generation._base import GenerationGAN, generator_of
from tfi2i.zoo.translating import Translating

RESULTS = Path(__file__).with_name("results_parity.json")
PRESETS = (
    "pix2pix-relief2elevation-64",
    "cyclegan-relief2elevation-64",
    "siamese-relief2elevation-64",
    "stargan-earth-64",
    "bicyclegan-elevation2satellite-64",
    "dcgan-digits-32",
)
# Height and width; the last are multiples of nothing.
SIZES = {"64x64": (64, 64), "256x256": (256, 256), "401x300": (300, 401)}
# How many latents of an open view are asked for, and seeds of a generator.
LATENTS, SEEDS = 2, 6
# The time of a WebGPU that a processor computes says nothing.
PAGE_RUNS = {"wasm": 5, "webgpu": 0}
# Whatever agrees is measured; the page says how well.
_LEAST_DB = 1.0

Found = dict[str, dict[str, Any]]


def main() -> None:
    """Measures, and writes after each preset."""
    parser = argparse.ArgumentParser(description="Every exported file beside Keras.")
    parser.add_argument("presets", nargs="*", help="those to measure; by default all")
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, help="write the page of the figures too")
    arguments = parser.parse_args()
    results = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
    named = arguments.presets
    if not named and not (arguments.page and results):
        named = list(PRESETS)
    for name in named:
        print(f"    {name}", file=sys.stderr, flush=True)
        chosen = choose_model(None, name)
        draws = "sample" in chosen.model.views
        found = results.setdefault("presets", {})
        found[name] = (_drawn if draws else _translated)(chosen)
        results["presets"] = {name: found[name] for name in PRESETS if name in found}
        results["machine"] = {k: describe_machine()[k] for k in ("processor", "cores", "versions")}
        arguments.json.write_text(
            json.dumps(results, indent=1, allow_nan=False) + "\n", encoding="utf-8"
        )
    if arguments.page:
        arguments.page.write_text(parity_page(results), encoding="utf-8")


def _translated(chosen: Chosen) -> dict[str, Found]:
    """View -> size -> what was asked (a file, and how) -> its figures."""
    model, source = chosen.translator(), chosen.open_data(None)
    views = list(dict.fromkeys([*model.open_views, *model.translators]))
    found: dict[str, Found] = {view: {} for view in views}
    with tempfile.TemporaryDirectory() as place, model.averaged_weights():
        root = Path(place)
        pictures = {view: _pictures(model, source, view) for view in views}
        for name, size in SIZES.items():
            images = {view: pictures[view][name][None] for view in views}
            formats = [one for one in FORMATS if one != "saved_model" or name == next(iter(SIZES))]
            calibration = calibration_images(chosen, None, list(model.translators), size)
            wanted = Wanted(
                formats, size, {}, "float32", 1 << 20, _LEAST_DB, calibration=calibration
            )
            ship(model, root / "shipped", images, wanted)
            for view in views:
                questions = _questions(model, view)
                expected = [translate_image(one.network, pictures[view][name]) for one in questions]
                stem = f"{model.variant_name()}-{view}"
                found[view][name] = answers_of_files(
                    root / "shipped", stem, pictures[view][name], questions, expected
                )
        _add_page(model, pictures, found, root)
    return found


def _pictures(model: Translating, source: DataSource, view: str) -> dict[str, np.ndarray]:
    """Of the domain that a view reads, at all sizes."""
    direction = view if view in model.translators else list(model.translators)[-1]
    read, _ = domains_of(source, direction)
    return {name: picture(source, read, size) for name, size in SIZES.items()}


def _questions(model: Translating, view: str) -> list[Question]:
    """What a view is asked: pictures alone, with every domain, or with some latents."""
    alone = [Question("", model.translators[view], {})] if view in model.translators else []
    opened = Opened.of(model, view)
    if opened is None:
        return alone
    if opened.condition.kind == "domain":
        return [
            Question(name, model.translator(f"to_{name}"), {"domain": np.int64(number)})
            for number, name in enumerate(opened.condition.names)
        ]
    latents = np.random.default_rng(1).standard_normal((LATENTS, opened.condition.length))
    of_latents = [
        Question(f"latent {number}", model.translator_at(one), {"latents": one})
        for number, one in enumerate(latents.astype(np.float32))
    ]
    return alone + of_latents


def _add_page(
    model: Translating,
    pictures: dict[str, dict[str, np.ndarray]],
    found: dict[str, Found],
    root: Path,
) -> None:
    """Adds what the page shows in Chromium."""
    own = {view: one[next(iter(SIZES))][None] for view, one in pictures.items()}
    write_page_of(model, own, root, formats=())
    site = json.loads((root / "page" / "site.json").read_text(encoding="utf-8"))
    asked, expected = [], {}
    for view, facts in site["views"].items():
        for size, pixels in pictures[view].items():
            (root / f"{view}-{size}.png").write_bytes(encode_png(pixels))
            for question in _questions(model, view):
                name = f"{size} {question.name}"
                beside = question.as_floats(facts["beside"])
                asked.append(
                    {"name": name, "view": view, "picture": f"{view}-{size}.png", "tiled": False}
                    | ({} if beside is None else {"beside": beside})
                )
                expected[view, name] = translate_image(question.network, pixels)
    grouped: dict[tuple[str, str, str], list[Any]] = {}
    for (way, view, name), (pixels, seconds) in shown_in_chromium(root, asked, PAGE_RUNS).items():
        size = name.split(" ")[0]
        grouped.setdefault((way, view, size), []).append((pixels, expected[view, name], seconds))
    for (way, view, size), made in grouped.items():
        (file,) = site["views"][view]["models"]
        found[view][size][f"page {way}"] = _figures(made, file["bytes"])


def _drawn(chosen: Chosen) -> dict[str, Found]:
    """The same of a generator: it has one view and one size."""
    model = generator_of(chosen.model)
    latents = model.latents(SEEDS)
    with tempfile.TemporaryDirectory() as place, model.averaged_weights():
        root = Path(place)
        wanted = Wanted(FORMATS, model.crop_size, {}, "float32", None, _LEAST_DB)
        ship_drawing(model, root / "shipped", wanted)
        stem = f"{model.variant_name()}-sample"
        questions = [
            Question(f"latent {number}", model.generator, {"latents": one})
            for number, one in enumerate(latents)
        ]
        expected = list(model.decode(latents))
        files = answers_of_files(root / "shipped", stem, None, questions, expected)
        files |= _page_of(model, root)
    height, width = expected[0].shape[:2]
    return {"sample": {f"{width}x{height}": files}}


def _page_of(model: GenerationGAN, root: Path) -> Found:
    write_page_of(model, {}, root, formats=())
    view = json.loads((root / "page" / "site.json").read_text(encoding="utf-8"))["views"]["sample"]
    latents = np.array([one["inputs"]["latents"] for one in view["samples"]], np.float32)
    expected = model.decode(latents)
    grouped: dict[str, list[Any]] = {}
    for (way, _, number), (pixels, seconds) in shown_in_chromium(root, [], PAGE_RUNS).items():
        grouped.setdefault(way, []).append((pixels, expected[int(number)], seconds))
    (file,) = view["models"]
    return {f"page {way}": _figures(made, file["bytes"]) for way, made in grouped.items()}


def _figures(made: list[Any], size: int) -> dict[str, Any]:
    pairs = [(pixels, wanted) for pixels, wanted, _ in made]
    seconds = made[0][2]
    timed = {} if seconds is None else {"seconds": float(f"{seconds:.3g}")}
    return {**difference(pairs), **timed, "bytes": size}


if __name__ == "__main__":
    main()
