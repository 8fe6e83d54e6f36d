"""At which scale a photo is best translated: error against the truth on photos of discs.

Run: python -m benchmarks.scale [--json benchmarks/results_scale.json] [--page docs/scale.md]

A disc turns red if it is small and blue if it is large, so the right colour depends on the scale.
Two generators (pix2pix, crops of 32 px) train on photos that are loaded at 36 px: one on photos of
128 px, one on photos of the same scenes in 96 to 192 px, as from several cameras. Each translates
held-out photos like those of its training, larger and smaller crops of the world, and pictures of
the same scene with more and fewer pixels, resized in three ways before.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

from benchmarks.scale_page import scale_page
from tfi2i.data import open_source, resize_image, training_batches
from tfi2i.inference.translate import translate_image
from tfi2i.metrics import l1, psnr
from tfi2i.training.optimizers import paper_adam
from tfi2i.zoo.paired.pix2pix import Pix2Pix

SIDE, LOAD, CROP = 128, 36, 32
RADII = (8, 16)  # Pixels of a photo of SIDE.
COLOURS = np.array([[220, 40, 40], [40, 60, 220]], np.uint8)
CAMERAS = (96, 128, 192)
TRAINING, TEST = 400, 24
RESULTS = Path(__file__).with_name("results_scale.json")

# Name: width of the scene in pixels of a training photo, pixels of the photo.
PHOTOS = {
    "like those of training": (128, 128),
    "larger crops": (256, 256),
    "smaller crops": (96, 96),
    "more pixels of the same scene": (128, 256),
    "fewer pixels of the same scene": (128, 96),
}


def photo(seed: int, scene: int, pixels: int) -> tuple[np.ndarray, np.ndarray, list]:
    """White discs on a grey ground, the same coloured, and (row, column, radius, kind) of each.

    Args:
        seed: Seed of the scene.
        scene: Its side, in pixels of a photo of SIDE.
        pixels: Side of the picture.
    """
    draw = np.random.default_rng(seed)
    discs: list[tuple[float, float, float, int]] = []
    wanted = max(1, round(3 * (scene / SIDE) ** 2))
    for _ in range(40 * wanted):
        kind = int(draw.integers(2))
        radius = RADII[kind]
        row, column = draw.uniform(radius + 2, scene - radius - 2, 2)
        apart = (np.hypot(row - r, column - c) > radius + other + 6 for r, c, other, _ in discs)
        if all(apart):
            discs.append((row, column, radius, kind))
        if len(discs) == wanted:
            break
    # Drawn four times as fine, for smooth borders.
    fine = 4 * pixels
    coarse = draw.integers(70, 150, (scene // 8, scene // 8, 1), dtype=np.uint8)
    ground = resize_image(np.repeat(coarse, 3, axis=-1), fine, fine)
    a, b = ground.copy(), ground.copy()
    zoom = pixels / scene
    rows, columns = np.mgrid[:fine, :fine] / (4 * zoom)
    for row, column, radius, kind in discs:
        inside = np.hypot(rows - row, columns - column) < radius
        a[inside], b[inside] = 240, COLOURS[kind]
    scaled = [(r * zoom, c * zoom, radius * zoom, kind) for r, c, radius, kind in discs]
    return resize_image(a, pixels, pixels), resize_image(b, pixels, pixels), scaled


def train(sides: tuple[int, ...], *, steps: int, seed: int) -> Pix2Pix:
    """A pix2pix trained on photos of the given sides, in turn."""
    keras.utils.set_random_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "train"
        root.mkdir()
        for index in range(TRAINING):
            a, b, _ = photo(index, SIDE, sides[index % len(sides)])
            Image.fromarray(np.concatenate([a, b], axis=1)).save(root / f"{index:04d}.png")
        model = Pix2Pix(
            crop_size=CROP,
            depth=3,
            filters=16,
            upsampling="nearest",
            input_skip=True,
            padding="reflect",
            discriminator_filters=16,
            receptive_field=16,
            dropout=0.0,
            dropout_at_inference=False,
            statistics_at_inference="moving",
            seed=seed,
        )
        rates = {"generator": 1e-3, "discriminator": 1e-3}
        model.compile(optimizers={name: paper_adam(rate, 0.5) for name, rate in rates.items()})
        batches = training_batches(
            open_source(Path(folder), kind="paired"),
            batch_size=8,
            load_size=LOAD,
            crop_size=CROP,
            seed=seed,
        )
        model.fit(batches, steps_per_epoch=steps, epochs=1, verbose=0)
    return model


def ways(sides: tuple[int, ...]) -> dict[str, Callable[[int], float]]:
    """How a photo of some pixels is resized before it is translated: factors by name."""
    median = float(np.median(sides))
    return {
        "own pixels (`1`)": lambda side: 1.0,
        "factor of training (`trained`)": lambda side: LOAD / median,
        "size of training (`fit`)": lambda side: LOAD / side,
    }


def translated(model: Pix2Pix, image: np.ndarray, factor: float) -> np.ndarray:
    """Resized, translated by tiles, and brought back to its size."""
    side = max(1, round(len(image) * factor))
    small = resize_image(image, side, side)
    output = translate_image(model.generator, small, tile=CROP)
    return resize_image(output, *image.shape[:2])


def right_colours(image: np.ndarray, discs: list) -> list[bool]:
    """Of every disc, whether its middle is nearer to its own colour than to the other."""
    found = []
    rows, columns = np.mgrid[: len(image), : len(image)]
    for row, column, radius, kind in discs:
        middle = np.hypot(rows + 0.5 - row, columns + 0.5 - column) < 0.6 * radius
        distances = np.abs(COLOURS.astype(float) - image[middle].mean(axis=0)).sum(axis=1)
        found.append(bool(np.argmin(distances) == kind))
    return found


def measure(model: Pix2Pix, factor_of: Callable[[int], float], scene: int, pixels: int) -> dict:
    """L1 ([-1, 1]) and PSNR against the truth at the photo's size, and the share of right discs."""
    photos = [photo(100_000 + index, scene, pixels) for index in range(TEST)]
    made = np.stack([translated(model, a, factor_of(pixels)) for a, _, _ in photos])
    truth = np.stack([b for _, b, _ in photos])
    right = [
        one
        for image, (_, _, discs) in zip(made, photos, strict=True)
        for one in right_colours(image, discs)
    ]
    return {
        "l1": round(l1(made, truth), 4),
        "psnr_db": round(psnr(made, truth), 2),
        "right_colours": round(float(np.mean(right)), 3),
        "discs": len(right),
    }


def experiment(steps: int, seeds: tuple[int, ...]) -> dict[str, Any]:
    """Training photos -> kind of photo -> way -> figures, each the mean over the seeds."""
    results: dict[str, Any] = {}
    for name, sides in {"photos of 128 px": (SIDE,), "photos of 96 to 192 px": CAMERAS}.items():
        models = [train(sides, steps=steps, seed=seed) for seed in seeds]
        results[name] = {
            photos: {
                way: _mean([measure(model, factor, scene, pixels) for model in models])
                for way, factor in ways(sides).items()
            }
            for photos, (scene, pixels) in PHOTOS.items()
        }
    return results


def _mean(figures: list[dict[str, float]]) -> dict[str, float]:
    return {key: round(float(np.mean([f[key] for f in figures])), 4) for key in figures[0]}


def main() -> None:
    """Trains, measures, writes."""
    parser = argparse.ArgumentParser(description="The scale at which a photo is best translated.")
    parser.add_argument("--steps", type=int, default=1000, help="of each training")
    parser.add_argument("--json", type=Path, default=RESULTS, help="the file for the figures")
    parser.add_argument("--page", type=Path, help="write the page of the figures too")
    arguments = parser.parse_args()
    seeds = (0, 1)
    settings = {"steps": arguments.steps, "seeds": seeds, "load_size": LOAD, "crop_size": CROP}
    results = {"settings": settings, "figures": experiment(arguments.steps, seeds)}
    arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if arguments.page:
        arguments.page.write_text(scale_page(results), encoding="utf-8")
    print(scale_page(results))


if __name__ == "__main__":
    main()
