"""Learning rates over a run, against CycleGAN's section 7.1 by hand."""

import keras
import pytest
import tensorflow as tf

from tfi2i.recipe import Recipe
from tfi2i.training import LinearDecay, RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.paired.pix2pix import Pix2Pix


def tiny() -> Pix2Pix:
    model = Pix2Pix(crop_size=16, filters=2, discriminator_filters=2, receptive_field=16, depth=2)
    model.compile(generator_learning_rate=3e-3, discriminator_learning_rate=5e-3)
    return model


class NoteRates(keras.callbacks.Callback):
    """Notes both players' rates after every iteration, by iteration."""

    def __init__(self):
        super().__init__()
        self.rates: dict[int, tuple[float, ...]] = {}

    def on_train_batch_end(self, batch, logs=None):
        self.rates[int(self.model.iteration.numpy())] = tuple(
            float(self.model.players[name].optimizer.learning_rate.numpy())
            for name in ("generator", "discriminator")
        )


@pytest.mark.parametrize(
    ("epochs", "decay_epochs", "factors"),
    [
        # "The same learning rate for the first 100 epochs and linearly decay to zero over the next
        # 100": the first rate that would be zero is that of an epoch after the last.
        (200, 100, {0: 1, 99: 1, 100: 100 / 101, 150: 50 / 101, 199: 1 / 101}),
        (7, 3, {0: 1, 3: 1, 4: 3 / 4, 5: 2 / 4, 6: 1 / 4}),
        (4, 0, {0: 1, 3: 1}),
        (2, 2, {0: 2 / 3, 1: 1 / 3}),
    ],
)
def test_factors_by_hand(epochs, decay_epochs, factors):
    decay = LinearDecay(epochs=epochs, decay_epochs=decay_epochs)
    assert {epoch: decay.factor(epoch) for epoch in factors} == pytest.approx(factors)


def test_every_iteration_has_the_rate_of_its_epoch_also_after_a_resume():
    batch = tf.zeros((1, 16, 16, 3))
    data = tf.data.Dataset.from_tensors((batch, batch)).repeat()

    def rates(first: int) -> dict[int, tuple[float, ...]]:
        model, noted = tiny(), NoteRates()
        model.iteration.assign(2 * first)
        model.fit(
            data, steps_per_epoch=2, initial_epoch=first, epochs=4, verbose=0, shuffle=False,
            callbacks=[LinearDecay(epochs=4, decay_epochs=3), noted],
        )  # fmt: skip
        return noted.rates

    factors = {1: 1, 2: 1, 3: 0.75, 4: 0.75, 5: 0.5, 6: 0.5, 7: 0.25, 8: 0.25}
    whole = rates(0)
    assert whole.keys() == factors.keys()
    for iteration, found in whole.items():
        factor = factors[iteration]
        assert found == pytest.approx((3e-3 * factor, 5e-3 * factor), rel=1e-6)
    assert rates(2) == {iteration: whole[iteration] for iteration in (5, 6, 7, 8)}


def test_a_run_decays_its_rates(paired_folder, tmp_path):
    recipe = Recipe(
        "pix2pix",
        {"filters": 2, "discriminator_filters": 2, "receptive_field": 16, "depth": 2},
        {"source": str(paired_folder), "batch_size": 2, "load_size": 36, "crop_size": 32},
        {"epochs": 4, "decay_epochs": 3, "samples": 2},
    ).resolve(Pix2Pix)
    noted = NoteRates()
    Training(recipe, Pix2Pix, RunFolder(tmp_path / "run")).fit(verbose=0, callbacks=[noted])
    assert [noted.rates[3 * epoch][0] for epoch in (1, 2, 3, 4)] == pytest.approx(
        [2e-4, 2e-4 * 0.75, 2e-4 * 0.5, 2e-4 * 0.25]
    )
