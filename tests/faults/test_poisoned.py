"""Values that break without a trace in the losses: the checkpoint sees them."""

import keras
import numpy as np
import pytest

from tfi2i.errors import TrainingError
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.files.array_file import read_arrays
from tfi2i.training.run.training import Training
from tfi2i.zoo.generation.gan import OriginalGAN


class Poison(keras.callbacks.Callback):
    """Breaks what an optimizer keeps, as an infinite gradient does, after the third iteration."""

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.iteration.numpy()) == 3:
            state = self.model.state()
            broken = next(name for name in state if "momentum" in name)
            state[broken].assign(state[broken] + np.inf)


@pytest.mark.fault("8", "R14")
def test_a_state_that_is_not_finite_names_iteration_and_last_checkpoint(images_folder, tmp_path):
    recipe = Recipe(
        "gan",
        {"units": 8, "discriminator_units": 8, "latent_length": 4},
        {"source": str(images_folder), "batch_size": 1, "load_size": 36, "crop_size": 32},
        {"epochs": 2, "samples": 1, "checkpoint_every": 2},
    ).resolve(OriginalGAN)
    training = Training(recipe, OriginalGAN, RunFolder(tmp_path / "run"))
    with pytest.raises(TrainingError) as told:
        training.fit(verbose=0, callbacks=[Poison()])
    words = str(told.value)
    assert "not finite" in words
    assert "at iteration 4. The last good checkpoint is " in words
    newest = training.checkpoints.newest()
    assert newest is not None and newest.name in words
    assert int(read_arrays(newest)["iteration"]) == 2, "what is on the disk is whole"
    assert told.value.exit_code == 3
