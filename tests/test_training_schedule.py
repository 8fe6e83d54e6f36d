"""Learning rates over a run: CycleGAN's section 7.1 and other schedules, by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.recipe import Recipe
from tfi2i.training import (
    GAN,
    Exponential,
    HalfCosine,
    Halving,
    InverseTime,
    LinearDecay,
    LinearToZero,
    Player,
    RunFolder,
    Tenths,
)
from tfi2i.training.run.training import Training
from tfi2i.zoo.paired.pix2pix import Pix2Pix


def tiny(**compiled) -> Pix2Pix:
    keras.utils.set_random_seed(0)
    model = Pix2Pix(crop_size=16, filters=2, discriminator_filters=2, receptive_field=16, depth=2)
    rates = {"generator_learning_rate": 3e-3, "discriminator_learning_rate": 5e-3}
    model.compile(**{**rates, **compiled})
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


def training(paired_folder, folder, **train) -> Training:
    recipe = Recipe(
        "pix2pix",
        {"filters": 2, "discriminator_filters": 2, "receptive_field": 16, "depth": 2},
        {"source": str(paired_folder), "batch_size": 2, "load_size": 36, "crop_size": 32},
        {"samples": 2, **train},
    ).resolve(Pix2Pix)
    return Training(recipe, Pix2Pix, RunFolder(folder))


def test_a_run_decays_its_rates(paired_folder, tmp_path):
    noted = NoteRates()
    run = training(paired_folder, tmp_path / "run", epochs=4, decay_epochs=3)
    run.fit(verbose=0, callbacks=[noted])
    assert [noted.rates[3 * epoch][0] for epoch in (1, 2, 3, 4)] == pytest.approx(
        [2e-4, 2e-4 * 0.75, 2e-4 * 0.5, 2e-4 * 0.25]
    )


# --- schedules of players ---


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [
        # StarGAN's code: the same rate for 100,000 iterations, then to zero over the next 100,000.
        (LinearToZero(100_000, 200_000), {0: 1, 100_000: 1, 125_000: 0.75, 190_000: 0.1}),
        (LinearToZero(0, 4), {0: 1, 1: 0.75, 3: 0.25, 4: 0, 9: 0}),
        # The cGAN paper's rate, divided by 1.00004 after each update: a tenth at 57,566.
        (Exponential(1 / 1.00004), {0: 1, 1: 1 / 1.00004, 57_566: 0.1}),
        (Exponential(0.5), {0: 1, 1: 0.5, 3: 0.125}),
        # StackGAN's second network: half as much every 100 epochs from epoch 600 on.
        (Halving(100, first=600), {0: 1, 600: 1, 699: 1, 700: 0.5, 899: 0.25, 900: 0.125}),
        (Halving(3), {2: 1, 3: 0.5, 5: 0.5, 6: 0.25}),
        # R3GAN's penalty on faces of 64 px: half a cosine to a tenth; a quarter after a third.
        (HalfCosine(1.0, 0.1, over=78_125), {0: 1, 78_125 / 3: 0.775, 78_125: 0.1, 200_000: 0.1}),
        (HalfCosine(0.9, 0.99, over=4), {0: 0.9, 2: 0.945, 4: 0.99}),
        # The adversarial autoencoder's rates, after 50 and after 1,000 epochs.
        (Tenths(50, 1000), {0: 1, 49: 1, 50: 0.1, 999: 0.1, 1000: 0.01, 5000: 0.01}),
        # AdaIN's code: half of the rate at iteration 20,000, a ninth at 160,000.
        (InverseTime(5e-5), {0: 1, 20_000: 0.5, 160_000: 1 / 9}),
        # GRAN's code: 1 / (1 + epoch / 50).
        (InverseTime(1 / 50, by="epochs"), {0: 1, 25: 2 / 3, 100: 1 / 3}),
    ],
)
def test_factors_of_players_by_hand(schedule, factors):
    found = {time: float(schedule.factor(tf.constant(time, tf.float32))) for time in factors}
    assert found == pytest.approx(factors, rel=1e-5)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
@pytest.mark.parametrize(
    ("schedule", "steps"),
    [
        # Two updates an iteration, iterations and epochs of two: each with the rate of its time.
        (InverseTime(0.5), [1, 1, 1 / 1.5, 1 / 1.5, 1 / 2, 1 / 2, 1 / 2.5, 1 / 2.5]),
        (Halving(1, by="epochs"), [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5]),
        (None, [1] * 8),
    ],
)
def test_every_update_has_the_rate_of_its_time(schedule, steps, policy):
    keras.config.set_dtype_policy(policy)
    game = GAN()
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", dtype="float32")
    network = keras.Sequential([keras.Input((1,)), layer])
    player = Player([network], keras.optimizers.SGD(0.25), schedule=schedule)
    player.build("critic", game)

    @tf.function
    def update():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(network(tf.ones((1, 1))))
        player.minimize(loss, tape)

    weights = []
    for number in range(8):
        game.epoch.assign(number // 4)
        game.iteration.assign(number // 2)
        update()
        weights.append(float(layer.kernel.numpy()[0, 0]))
    np.testing.assert_allclose(np.diff([0.0, *weights]), -0.25 * np.array(steps), rtol=1e-5)
    assert player.has_own_schedule == (schedule is not None)
    player.set_learning_rate(7.0)
    assert (float(player.optimizer.learning_rate) == 7.0) == (schedule is None)


def test_compile_takes_a_schedule_for_all_that_have_none():
    batch = tf.zeros((1, 16, 16, 3))
    data = tf.data.Dataset.from_tensors((batch, batch)).repeat()
    states = []
    for several in (1, 3):
        model, noted = tiny(schedule=LinearToZero(2, 6), steps_per_execution=several), NoteRates()
        model.fit(
            data,
            steps_per_epoch=5,
            verbose=0,
            callbacks=[noted, LinearDecay(epochs=1, decay_epochs=1)],
        )
        states.append({name: np.array(value) for name, value in model.state().items()})
        # After so many iterations: the rate of the next one. LinearDecay leaves it alone.
        factors = {1: 1, 2: 1, 3: 0.75, 4: 0.5, 5: 0.25}
        for iteration, found in noted.rates.items():
            factor = factors[iteration]
            assert found == pytest.approx((3e-3 * factor, 5e-3 * factor), rel=1e-6)
    assert not [k for k, value in states[0].items() if not np.array_equal(states[1][k], value)]


@pytest.mark.parametrize("stop_at", [None, 7])
def test_a_run_decays_its_rates_by_iterations(stop_at, paired_folder, tmp_path):
    """Three iterations an epoch; the last six of twelve go to zero in sixths."""

    class StopAt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.iteration.numpy()) == stop_at:
                raise KeyboardInterrupt

    settings = {"epochs": 4, "decay_epochs": 2, "decay_by": "iterations", "checkpoint_every": 1}
    noted = NoteRates()
    run = training(paired_folder, tmp_path / "run", **settings)
    if stop_at:
        with pytest.raises(KeyboardInterrupt):
            run.fit(verbose=0, callbacks=[StopAt()])
        run = training(paired_folder, tmp_path / "run", **settings)
        assert run.iteration == stop_at
    run.fit(verbose=0, callbacks=[noted])
    first = (stop_at or 0) + 1
    # After so many iterations: the rate of the next one.
    found = [noted.rates[iteration][0] for iteration in range(first, 13)]
    expected = [1, 1, 1, 1, 1, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0]
    assert found == pytest.approx([2e-4 * factor for factor in expected[first - 1 :]])
