"""Pages in Chromium beside `translate` and `decode`: the largest difference of any pixel.

Run: python -m benchmarks.web [PRESET ...] [--page docs/web.md]

It exports the page of each preset with all of its files, opens it in headless Chromium, and
translates a picture of the size of training, and one of another size as one and by tiles: by
WebAssembly, and by WebGPU on the processor (SwiftShader). Generators draw six latents. Presets that
are named are measured anew. It needs Chromium, and npm or LiteRT.js from an earlier export.
"""

import argparse
import base64
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from benchmarks.browser import tried_in_chromium
from benchmarks.markdown import table
from benchmarks.pictures import domains_of, picture
from tfi2i.cli.chosen import Chosen, choose_model
from tfi2i.data.decode.writing import encode_png
from tfi2i.export.formats import OF_FLOATS, WEB
from tfi2i.export.shipping import Wanted
from tfi2i.export.web.shipping import made_page
from tfi2i.metrics import psnr
from tfi2i.zoo.generation._base import generator_of

Pair = tuple[np.ndarray, np.ndarray]

FOLDER = Path(__file__).parent
RESULTS, SCRIPT = FOLDER / "results_web.json", FOLDER / "web.js"
PRESETS = (
    "pix2pix-relief2elevation-64",
    "bicyclegan-elevation2satellite-64",
    "cyclegan-relief2elevation-64",
    "siamese-relief2elevation-64",
    "stargan-earth-64",
    "dcgan-digits-32",
)
ACCELERATORS = {"wasm": "WebAssembly", "webgpu": "WebGPU"}
NOT_TIMED = MappingProxyType(dict.fromkeys(ACCELERATORS, 0))
# Height and width; the second is a multiple of nothing.
SIZES = {"own": (64, 64), "other": (150, 203)}
# WebGPU on the processor is slow.
_SECONDS = 3600
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def main() -> None:
    """Measures, and writes after each preset."""
    parser = argparse.ArgumentParser(description="Pages in a browser beside Keras.")
    parser.add_argument("presets", nargs="*", help="those to measure; by default all")
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, help="put the figures into this page")
    arguments = parser.parse_args()
    found = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
    for preset in arguments.presets or PRESETS:
        print(f"    {preset}", file=sys.stderr, flush=True)
        found[preset] = measured(preset)
        found = {name: found[name] for name in PRESETS if name in found}
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if arguments.page:
        arguments.page.write_text(with_figures(arguments.page.read_text(), found), "utf-8")


def measured(preset: str) -> dict[str, Any]:
    """Accelerator and precision -> way -> largest difference in levels, and PSNR in dB."""
    chosen = choose_model(None, preset)
    draws = "sample" in chosen.model.views
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        expected, asked = (_drawn if draws else _translated)(chosen, root)
        made = shown_in_chromium(root, asked)
    found: dict[str, dict[str, list[Pair]]] = {}
    for (way, _, name), (pixels, _) in made.items():
        of_way = found.setdefault(way, {})
        of_way.setdefault("own" if draws else name, []).append((pixels, expected[name]))
    return {
        way: {name: difference(pairs) for name, pairs in found[way].items()}
        for way in (f"{a} {p}" for a in ACCELERATORS for p in OF_FLOATS.values())
    }


def shown_in_chromium(
    root: Path,
    pictures: Sequence[Mapping[str, Any]],
    runs: Mapping[str, int] = NOT_TIMED,
) -> dict[tuple[str, str, str], tuple[np.ndarray, float | None]]:
    """What a page makes of pictures, or of the samples that are stored in it.

    Args:
        root: Has the page's folder, `page`, and the pictures.
        pictures: See `web.js`.
        runs: Accelerator, "wasm" or "webgpu", to how often a picture is made again for its time.

    Returns:
        Accelerator and precision, view, name of the picture -> its pixels and the seconds of
        the processor, None where it was made once.
    """
    asked = {"runs": dict(runs), "pictures": [*pictures]}
    (root / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    script = SCRIPT.read_text(encoding="utf-8")
    found = tried_in_chromium(root, "page/", script, seconds=_SECONDS)
    made = {}
    for title, one in found.items():
        accelerator, precision, view, name = title.split(" ", 3)
        pixels = np.frombuffer(base64.b64decode(one["data"]), np.uint8)
        shape = one["height"], one["width"], one["channels"]
        made[f"{accelerator} {precision}", view, name] = pixels.reshape(shape), one["seconds"]
    return made


def _translated(chosen: Chosen, root: Path) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """Writes a page and pictures; gives what `translate` makes of these, and what is asked."""
    model = chosen.translator()
    direction = list(model.translators)[-1] if "a2b" not in model.translators else "a2b"
    source = chosen.open_data(None)
    read, _ = domains_of(source, direction)
    pictures = {name: picture(source, read, size) for name, size in SIZES.items()}
    write_page_of(model, {direction: pictures["own"][None]}, root)
    for name, pixels in pictures.items():
        (root / f"{name}.png").write_bytes(encode_png(pixels))
    ways = {"own": ("own", None), "other": ("other", None), "tiles": ("other", model.crop_size)}
    made = {
        way: model.translate(pictures[name], direction=direction, tile=tile)
        for way, (name, tile) in ways.items()
    }
    asked = [
        {"name": way, "view": direction, "picture": f"{name}.png", "tiled": tile is not None}
        for way, (name, tile) in ways.items()
    ]
    return made, asked


def _drawn(chosen: Chosen, root: Path) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """Writes a page; gives what `decode` makes of the latents that are stored in it."""
    model = generator_of(chosen.model)
    write_page_of(model, {}, root)
    site = json.loads((root / "page" / "site.json").read_text(encoding="utf-8"))
    stored = [sample["inputs"] for sample in site["views"]["sample"]["samples"]]
    latents = np.array([one["latents"] for one in stored], np.float32)
    return {str(number): one for number, one in enumerate(model.decode(latents))}, []


def write_page_of(
    model: Any,
    images: Mapping[str, np.ndarray],
    root: Path,
    formats: Sequence[str] = (*OF_FLOATS,),
) -> None:
    """Puts a page with files of some LiteRT formats into `page`, a new folder in `root`."""
    wanted = Wanted([*formats, WEB], model.crop_size, {}, required_psnr_db=20)
    with made_page(model, root / "out", images, wanted, title="Page") as page:
        page.put_in_place()
        shutil.move(page.folder, root / "page")


def difference(pairs: Sequence[Pair]) -> dict[str, float | None]:
    """Of pixels, made and expected: the largest difference in levels, and PSNR in dB.

    The dB are a mean over the pairs that differ; None where all are equal.
    """
    one, other = (np.stack(side) for side in zip(*pairs, strict=True))
    levels = int(np.abs(one.astype(int) - other).max())
    differing = [not np.array_equal(*pair) for pair in pairs]
    decibels = round(float(psnr(one[differing], other[differing])), 1) if levels else None
    return {"levels": levels, "psnr_db": decibels}


def with_figures(page: str, found: dict[str, Any]) -> str:
    """A page in Markdown with the table of the figures between its two marks."""
    head = [
        f"{name} {precision}" for name in ACCELERATORS.values() for precision in OF_FLOATS.values()
    ]
    rows = []
    for preset, figures in found.items():
        levels = [" / ".join(str(one["levels"]) for one in of.values()) for of in figures.values()]
        rows.append([f"`{preset}`", *levels])
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(['', *head], rows)}\n{END}{after}"


if __name__ == "__main__":
    main()
