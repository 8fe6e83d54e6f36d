"""How long a user waits for the first step of a variant at its published size: build and trace.

Run: python -m benchmarks.first_step VARIANT
Prints one line of JSON. The images are noise; the batch is the smallest that the variant takes.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from tfi2i.data import training_batches
from tfi2i.recipe import load_recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant

# As many as the largest published batch, which the run's own check asks for.
IMAGES = 200
PARTS = {
    "paired": ("A/train", "B/train", "A/test", "B/test"),
    "unpaired": ("trainA", "trainB", "testA", "testB"),
    "labelled": ("train/x", "train/y", "test/x", "test/y"),
    "images": ("train", "test"),
}


class FirstStep(keras.callbacks.Callback):
    """Notes when the first step ended, and ends the training."""

    def on_train_batch_end(self, batch, logs=None):
        """Stops the clock."""
        self.ended = time.perf_counter()
        self.model.stop_training = True


def noise_folder(root: Path, kind: str, side: int) -> None:
    """Writes pictures of noise in the layout of a kind of batch."""
    random = np.random.default_rng(0)
    for part in PARTS[kind]:
        (root / part).mkdir(parents=True)
        for number in range(IMAGES):
            pixels = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / part / f"{number}.png")


def first_step(name: str, root: Path) -> dict[str, float]:
    """Seconds to build the model and to take its first step."""
    variant = find_variant(name)
    variant_class = variant.load_class()
    published = load_recipe(variant.recipe_path(variant.published_recipe))
    recipe = published.resolve(variant_class)
    kind = variant_class.batch_kind
    noise_folder(root / "images", kind, recipe.data["load_size"])
    settings = [f"data.source={json.dumps(str(root / 'images'))}", "train.precision=auto"]
    start = time.perf_counter()
    training = Training(
        recipe.with_overrides(settings).resolve(variant_class),
        variant_class,
        RunFolder(root / "run"),
    )
    built = time.perf_counter()
    batch_size = training.model.smallest_batch * training.model.mini_batch_count
    batches = training_batches(
        training.source,
        batch_size=batch_size,
        load_size=recipe.data["load_size"],
        crop_size=recipe.data["crop_size"],
    )
    clock = FirstStep()
    training.model.fit(batches, steps_per_epoch=1, shuffle=False, verbose=0, callbacks=[clock])
    return {
        "size": recipe.data["crop_size"],
        "batch": batch_size,
        "build_s": round(built - start, 1),
        "first_step_s": round(clock.ended - built, 1),
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Seconds until a variant's first step is done.")
    parser.add_argument("variant")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("@@" + json.dumps(first_step(arguments.variant, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
