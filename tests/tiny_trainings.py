"""Tiny trainings of every variant, each of which serves several checks of tests/conformance.

Of all that a test does, tracing an iteration takes longest: these are traced once a variant.
"""

import inspect
import itertools
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from gpu_kernels import graphs_of_iterations
from tfi2i.data import open_source, training_batches
from tfi2i.data.decode.pixels import to_float
from tfi2i.layers.augmentation import POLICIES
from tfi2i.recipe import Recipe
from tfi2i.training import GAN, RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant
from tiny_models import OPTIMISATIONS, SIZE, TINY, channels_of, tiny_model

# Without what draws differently on every replica.
UNDRAWN = {
    "pix2pix": {"dropout": 0.0},
    "lapgan": {"dropout": 0.0},
    "gan": {"dropout": 0.0, "input_dropout": 0.0},
}


def augmented(name: str) -> dict[str, tuple[str, ...]]:
    """The argument that augments what discriminators see, for variants with a discriminator."""
    known = inspect.signature(find_variant(name).load_class()).parameters
    return {"diff_augment": POLICIES} if "diff_augment" in known else {}


def arrays(model: GAN) -> dict[str, np.ndarray]:
    """All state of a model, copied."""
    return {k: np.array(keras.ops.convert_to_numpy(v)) for k, v in model.state().items()}


def fixed_batches(folder: Path, model: GAN, batch_size: int = 2) -> tf.data.Dataset:
    """Batches of the model's kind from a folder of images."""
    channels = channels_of(model.variant_name())
    source = open_source(folder, kind=model.batch_kind, channels=channels)
    return training_batches(source, batch_size=batch_size, load_size=36, crop_size=SIZE)


# --- a run, and its folder as a kill leaves it ---


@dataclass(frozen=True)
class WholeRun:
    """A run that never stopped, and what was in its folder when it was in its second epoch.

    Attributes:
        training: Finished, of 3 epochs of 3 iterations, with checkpoints after every second.
        start: All state before the first iteration.
        graphs: Of the iteration, in each stage.
        broken_off: A copy of the folder, made after iteration 5: all that is left of a process
            that is killed there.
    """

    training: Training
    start: dict[str, np.ndarray]
    graphs: list[tf.Graph]
    broken_off: RunFolder


class _CopyFolder(keras.callbacks.Callback):
    def __init__(self, folder: Path, target: Path, *, after: int):
        super().__init__()
        self.folder, self.target, self.after = folder, target, after

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.iteration.numpy()) == self.after:
            shutil.copytree(self.folder, self.target)


def run_recipe(name: str, folder: Path) -> Recipe:
    """A recipe with all that a run can have beside its variant: averages, augmentation, decay."""
    variant_class = find_variant(name).load_class()
    averages = "ema_decay" in inspect.signature(variant_class.make_players).parameters
    recipe = Recipe(
        name,
        model=TINY[name][0],
        data={
            "source": str(folder),
            "batch_size": 2,
            "load_size": 36,
            "crop_size": SIZE,
            "channels": channels_of(name),
        },
        train={
            "epochs": 3,
            "decay_epochs": 2,
            "samples": 2,
            "checkpoint_every": 2,
            **({"ema_decay": 0.5} if averages else {}),
        },
    ).resolve(variant_class)
    return recipe.with_overrides(f"model.{k}=[{','.join(v)}]" for k, v in augmented(name).items())


def train_whole_run(name: str, folder: Path, place: Path) -> WholeRun:
    """Trains a run of `run_recipe` in `place`."""
    recipe, variant_class = run_recipe(name, folder), find_variant(name).load_class()
    training = Training(recipe, variant_class, RunFolder(place / "whole"))
    start = arrays(training.model)
    copy = _CopyFolder(place / "whole", place / "broken_off", after=5)
    with graphs_of_iterations(training.model) as graphs:
        training.fit(verbose=0, callbacks=[copy])
    return WholeRun(training, start, graphs, RunFolder(place / "broken_off"))


@contextmanager
def graphs_as_traced() -> Iterator[None]:
    """Without TensorFlow's optimizer of graphs, which takes a fifth of the time of a first step.

    A whole run has it, as users' runs have it.
    """
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


# --- three iterations of `fit`, from known weights on known batches ---


@dataclass(frozen=True)
class ThreeIterations:
    """A model that `fit` trained on an ordinary pipeline, on one device.

    Attributes:
        model: Trained for 3 iterations, and free to be trained further.
        parts: What it was shown: 13 uint8 images of each domain, or images and their labels.
        start: Its weights before.
        losses: Of each iteration.
        state: All its state after the third iteration.
    """

    model: GAN
    parts: list[np.ndarray]
    start: dict[str, np.ndarray]
    losses: list[dict[str, float]]
    state: dict[str, np.ndarray]

    @property
    def batches(self) -> tf.data.Dataset:
        """The three batches as `train_step` has them: of 4 images, float32 in [-1, 1]."""
        rows = [to_float(part[:12]) if part.ndim == 4 else part[:12] for part in self.parts]
        return _in_batches(rows, drop_remainder=True)

    @property
    def first_batch_again_and_again(self) -> tf.data.Dataset:
        """Without end, in the form of the data that the model was trained on."""
        return _in_batches([part[:4] for part in self.parts], times=None)


def settings_of(name: str) -> dict[str, Any]:
    """Of `compile`; ten grey levels a step of an optimisation would make rounding visible."""
    return {"learning_rate": 1e-3} if name in OPTIMISATIONS else {}


def train_three_iterations(name: str, folder: Path, draw: int = 0) -> ThreeIterations:
    """Trains on 13 uint8 images in batches of 4: the last batch is short, and left out.

    Args:
        name: The variant.
        folder: Images of its kind.
        draw: Number of the grain on the images.
    """
    model = tiny_model(name, **UNDRAWN.get(name, {}))
    model.compile(**settings_of(name))
    start = {k: np.array(v) for k, v in model.network_state().items()}
    losses: list[dict[str, float]] = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda _, logs: losses.append({k: float(v) for k, v in logs.items()})
    )
    parts = _rough_parts(folder, model, draw)
    model.fit(_in_batches(parts), epochs=1, verbose=0, callbacks=[note])
    return ThreeIterations(model, parts, start, losses, arrays(model))


def _in_batches(parts: Sequence[np.ndarray], times: int | None = 1, **options: bool):
    dataset = tf.data.Dataset.from_tensor_slices(tuple(parts) if len(parts) > 1 else parts[0])
    return dataset.repeat(times).batch(4, **options)


def _rough_parts(folder: Path, model: GAN, draw: int) -> list[np.ndarray]:
    """Three batches in one row, and one image more."""
    batches = itertools.islice(fixed_batches(folder, model, batch_size=4), 3)
    given: Iterable[tuple] = (b if isinstance(b, tuple) else (b,) for b in batches)
    rows = [np.concatenate(part) for part in zip(*given, strict=True)]
    return [np.concatenate([row, row[:1]]) for row in (_rough(row, draw) for row in rows)]


def _rough(row: np.ndarray, draw: int) -> np.ndarray:
    """Images in uint8 with a grain; labels as they are."""
    if row.ndim != 4:
        return row
    # On smooth pictures many differences lie near zero, where rounding turns the slope of a loss.
    grain = np.random.default_rng(draw).uniform(-0.2, 0.2, row.shape)
    return np.round((np.clip(row + grain, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)
