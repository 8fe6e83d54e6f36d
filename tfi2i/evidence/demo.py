"""The demo: pix2pix learns to turn a relief map of the Earth into one coloured by elevation.

The whole of the main job in minutes on two CPU cores: train, measure on longitudes that no training
tile touches, translate the whole held-out map by tiles, export, and show all of it on one page.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.data import earth_map, earth_test_region, evaluation_arrays, open_source
from tfi2i.errors import RunError
from tfi2i.evidence.evaluate import evaluate_model
from tfi2i.export.shipping import Wanted, ship
from tfi2i.image_sizes import shorter_side
from tfi2i.inference.tiles import tile_starts
from tfi2i.inference.translate import translate_image
from tfi2i.report.demo_page import DemoResults, better_baseline, write_demo_page
from tfi2i.report.demo_picture import write_demo_picture
from tfi2i.training import RunFolder
from tfi2i.whole_files import refuse_file, refuse_folder, write_json
from tfi2i.zoo.catalogue import load
from tfi2i.zoo.translating import translator_of
from tfi2i.zoo.translation import TranslationGAN

OVERLAP = 0.5
SEAM_BAND = 4
SHOWN_TILES = 6
PARITY_TILES = 16

Train = Callable[[Path], bool]


def run_demo(folder: Path, *, train: Train, say: Callable[[str], None]) -> Path | None:
    """Does the job and writes its page.

    Args:
        folder: Holds the run, the exports, the pictures and the page. If an earlier call was
            stopped, this call goes on with what it left there.
        train: Trains the recipe `demo` of pix2pix in a run folder, or goes on with it; returns
            whether it came to the end.
        say: Shows a line to the user.

    Returns:
        The page, or None if the training was stopped.

    Raises:
        MissingExtraError: If the package with the Earth maps is not installed.
        RunError: If a folder lies where a file belongs, or a file where a folder does.
    """
    for name in ("evaluation.json", "overview.jpg", "index.html"):
        refuse_folder(folder / name, RunError)
    refuse_file(folder / "exported", RunError)
    clock = _Clock(say)
    run = RunFolder(folder / "run")
    clock.start("train", "train pix2pix: shaded relief -> elevation colours, 64 px")
    if not train(run.path):
        return None
    model = translator_of(load(run.path))

    size = model.crop_size
    source = open_source(run.recipe().data["source"], kind="paired", load_size=size)
    clock.start("evaluate", "measure on the held-out longitudes, 20 to 50 degrees east")
    figures = evaluate_model(model, source, size=size)
    write_json(folder / "evaluation.json", figures)
    say(_figures_in_words(figures))

    clock.start("translate", "translate the whole held-out map by tiles")
    maps, seams = translate_map(model, source.name)
    say(_seams_in_words(seams))

    clock.start("export", "export to SavedModel and LiteRT, and compare with Keras")
    a, b, _ = evaluation_arrays(source, size=size)
    assert b is not None
    exported = folder / "exported"
    # Otherwise a stopped demo that goes on would count up the SavedModel's versions.
    shutil.rmtree(exported, ignore_errors=True)
    wanted = Wanted(
        formats=("saved_model", "litert", "litert_float16"),
        size=size,
        metadata={"variant": run.recipe().variant, "run": "tfi2i demo", "data": source.licence},
        # The same figures on every machine.
        precision="float32",
    )
    compared = {"a2b": a[:: max(1, len(a) // PARITY_TILES)][:PARITY_TILES]}
    parity = ship(model, exported, compared, wanted)["a2b"]
    shown = np.linspace(0, len(a) - 1, SHOWN_TILES).round().astype(int)
    tiles = {"input": a[shown], "output": model.translate_batch(a[shown]), "truth": b[shown]}

    clock.stop()
    # Over all calls, in case the training was stopped in between.
    clock.seconds["train"] = training_seconds(run)
    results = DemoResults(run, figures, tiles, maps, seams, parity, clock.seconds)
    write_demo_picture(folder / "overview.jpg", results)
    return write_demo_page(folder / "index.html", results)


def translate_map(
    model: TranslationGAN, source_name: str
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Translates the whole band of longitudes that is held out, from pole to pole.

    Args:
        model: Trained on `earth:<a>-<b>`.
        source_name: Name of those data.

    Returns:
        `input`, `output`, `truth`, uint8 (H, W, 3); and the strength of seams, see `seam_ratio`,
        of `blended` tiles, of `hard` ones without overlap, and of the `truth`.
    """
    first, end = earth_test_region()
    input_map, truth = (
        earth_map(name)[:, first:end] for name in source_name.removeprefix("earth:").split("-")
    )
    tile, generator = shorter_side(model.crop_size), model.translator()
    blended = translate_image(generator, input_map, tile=tile, overlap=OVERLAP)
    hard = translate_image(generator, input_map, tile=tile, overlap=0.0)
    seams = {
        "blended": seam_ratio(blended, tile, OVERLAP),
        "hard": seam_ratio(hard, tile, 0.0),
        "truth": seam_ratio(truth, tile, OVERLAP),
    }
    return {"input": input_map, "output": blended, "truth": truth}, seams


def seam_ratio(image: np.ndarray, tile: int, overlap: float) -> float:
    """How much stronger the steps in brightness are where a tile begins or ends.

    A step is the difference between the means of the bands of 4 pixels on both sides of a line. A
    seam is a jump that remains in it; texture of one or two pixels averages out.

    Args:
        image: uint8 (H, W, C), made of tiles.
        tile: Side of the tiles in pixels.
        overlap: Share of a tile that its neighbours cover, as given to `translate_image`.

    Returns:
        Mean absolute step across the borders of tiles, divided by that across all other lines; 1
        without seams.
    """
    at_borders, elsewhere = [], []
    for axis in (0, 1):
        lines = np.moveaxis(image.astype(np.float32), axis, 0)
        sums = np.concatenate([np.zeros_like(lines[:1]), np.cumsum(lines, axis=0)])
        before = sums[SEAM_BAND:-SEAM_BAND] - sums[: -2 * SEAM_BAND]
        after = sums[2 * SEAM_BAND :] - sums[SEAM_BAND:-SEAM_BAND]
        steps = np.abs(after - before).mean(axis=(1, 2)) / SEAM_BAND
        positions = np.arange(SEAM_BAND, len(lines) - SEAM_BAND + 1)
        starts = tile_starts(len(lines), tile, overlap)
        is_border = np.isin(positions, [edge for start in starts for edge in (start, start + tile)])
        at_borders.append(steps[is_border])
        elsewhere.append(steps[~is_border])
    return float(np.concatenate(at_borders).mean() / np.concatenate(elsewhere).mean())


def training_seconds(run: RunFolder) -> float:
    """Time spent on the iterations of a run, according to its own log."""
    batch, done, seconds = run.recipe().data["batch_size"], 0.0, 0.0
    for line in run.metrics():
        seconds += (line["iteration"] - done) * batch / line["images_per_second"]
        done = line["iteration"]
    return seconds


class _Clock:
    """Announces the parts of the job and takes their time."""

    def __init__(self, say: Callable[[str], None]):
        self.seconds: dict[str, float] = {}
        self._say = say
        self._first = time.monotonic()
        self._part: tuple[str, float] | None = None

    def start(self, name: str, announcement: str) -> None:
        self.stop()
        now = time.monotonic()
        minutes, seconds = divmod(int(now - self._first), 60)
        self._say(f"[{minutes}:{seconds:02d}] {announcement}")
        self._part = (name, now)

    def stop(self) -> None:
        if self._part is not None:
            name, begun = self._part
            self.seconds[name] = time.monotonic() - begun


def _figures_in_words(figures: dict[str, Any]) -> str:
    ours = figures["translated"]["l1"]
    name, theirs = better_baseline(figures)
    return (
        f"L1 {ours:.3f} on {figures['images_a']} held-out tiles; the better baseline "
        f"({name.replace('_', ' ')}) has {theirs:.3f}: {ours / theirs:.0%} of it"
    )


def _seams_in_words(seams: dict[str, float]) -> str:
    return (
        f"brightness steps at tile borders are {seams['blended']:.2f} times those elsewhere "
        f"({seams['hard']:.2f} without blending, {seams['truth']:.2f} in the true map)"
    )
