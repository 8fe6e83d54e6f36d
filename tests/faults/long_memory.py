"""Five thousand iterations of variants of different shape: memory stays, nothing is traced anew."""

import dataclasses
import os
from pathlib import Path

import keras
import pytest

from gpu_kernels import graphs_of_iterations
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant
from tiny_trainings import run_recipe

STEPS = 5_000
# From pairs, with a pool, from noise, in stages, and with classes.
VARIANTS = {
    "pix2pix": "paired_folder",
    "cyclegan": "unpaired_folder",
    "gan": "images_folder",
    "progressive_gan": "images_folder",
    "stargan": "labelled_folder",
}


def megabytes() -> float:
    """What this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Weigh(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[int, float] = {}

    def on_train_batch_end(self, batch, logs=None):
        iteration = int(self.model.iteration.numpy())
        if iteration % 500 == 0:
            self.seen[iteration] = megabytes()


@pytest.mark.fault("30")
@pytest.mark.parametrize("name", VARIANTS)
def test_five_thousand_iterations(name, request, tmp_path):
    recipe = run_recipe(name, request.getfixturevalue(VARIANTS[name]))
    more: dict[str, float] = {
        "epochs": STEPS // 3 + 1,
        "sample_every": 9000,
        "checkpoint_every": 500,
    }
    # Six images and so many iterations: at the usual rates a loss may well become infinite.
    more |= {key: 1e-7 for key in recipe.train if key.endswith("learning_rate")}
    recipe = dataclasses.replace(recipe, train={**recipe.train, **more})
    training = Training(recipe, find_variant(name).load_class(), RunFolder(tmp_path / "run"))
    weigh = Weigh()
    with graphs_of_iterations(training.model) as graphs:
        training.fit(verbose=0, callbacks=[weigh])
    assert training.finished and training.iteration >= STEPS
    stages = len(training.model.stages) or 1
    assert len(graphs) <= stages, "traced anew"
    settled = weigh.seen[1000]
    assert max(weigh.seen.values()) < settled + 30, weigh.seen
