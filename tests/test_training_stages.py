"""Stages: who learns when, and runs that are stopped in any stage and go on bit for bit."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.recipe import Recipe
from tfi2i.training import GAN, Halving, LinearToZero, Player, RunFolder, Stage, paper_adam
from tfi2i.training.run.training import Training
from tfi2i.training.sheet import Column, Panel
from tfi2i.training.stages import stage_at

SIZE = 16
FIRST_EPOCHS = 2
# Of three iterations each.
EPOCHS = 5
PLAYERS = ("coarse", "fine")


def convolution(name: str) -> keras.Model:
    layer = keras.layers.Conv2D(3, 3, padding="same", name="convolution")
    return keras.Sequential([keras.Input((None, None, 3)), layer], name=name)


class TwoStages(GAN):
    """Learns to remove noise from small pictures, and then to make large ones of what it makes."""

    batch_kind = "images"

    def train_step(self, batch):
        small = tf.nn.avg_pool2d(batch, 2, 2, "VALID")
        noise = tf.random.stateless_normal(tf.shape(small), self.noise_seed(0))
        with tf.GradientTape(persistent=True) as tape:
            drawn = self.coarse(small + noise)
            coarse_loss = tf.reduce_mean((drawn - small) ** 2)
            fine_loss = tf.zeros(())
            if self.stage.name == "fine":
                wide = tf.repeat(tf.repeat(drawn, 2, axis=1), 2, axis=2)
                fine_loss = tf.reduce_mean((self.fine(wide) - batch) ** 2)
        self.players["coarse"].minimize(coarse_loss, tape)
        self.players["fine"].minimize(fine_loss, tape)
        return self.report(coarse_loss=coarse_loss, fine_loss=fine_loss)

    def make_players(
        self,
        *,
        coarse_learning_rate: float = 0.1,
        fine_learning_rate: float = 0.01,
        halve_every: int = 1,
        ema_decay: float | None = 0.5,
    ) -> dict[str, Player]:
        return {
            "coarse": Player(
                [self.coarse],
                keras.optimizers.SGD(coarse_learning_rate),
                schedule=Halving(halve_every),
            ),
            "fine": Player(
                [self.fine],
                paper_adam(fine_learning_rate),
                ema_decay=ema_decay,
                schedule=Halving(halve_every, first=self.first_epochs),
            ),
        }

    def __init__(
        self,
        *,
        crop_size: int = SIZE,
        first_epochs: int = FIRST_EPOCHS,
        seed: int = 0,
        name: str = "two_stages",
        **kwargs,
    ):
        super().__init__(seed=seed, name=name, **kwargs)
        self.crop_size = crop_size
        self.first_epochs = first_epochs
        self.coarse, self.fine = map(convolution, PLAYERS)

    @property
    def stages(self):
        return (
            Stage("coarse", epochs=self.first_epochs, players=("coarse",)),
            Stage("fine", players=("fine",)),
        )

    @classmethod
    def variant_name(cls):
        return "two_stages"

    def sheet(self, source, *, split, size, limit=None):
        return [Panel(given=[], made=[Column("black", np.zeros((1, SIZE, SIZE, 3), np.uint8))])]


def training(images_folder, path, **train) -> Training:
    data = {"source": str(images_folder), "batch_size": 2, "load_size": 20, "crop_size": SIZE}
    train = {"epochs": EPOCHS, "checkpoint_every": 1, **train}
    recipe = Recipe("two_stages", data=data, train=train).resolve(TwoStages)
    return Training(recipe, TwoStages, RunFolder(path))


def arrays(model) -> dict[str, np.ndarray]:
    return {name: np.array(variable) for name, variable in model.state().items()}


class Note(keras.callbacks.Callback):
    """Notes all state and both learning rates, by the iterations that are completed."""

    def __init__(self, stop_at: int | None = None):
        super().__init__()
        self.stop_at = stop_at
        self.states, self.rates = {}, {}

    def on_train_batch_begin(self, batch, logs=None):
        # When all that belongs to an iteration is done, be it the last of an epoch.
        if int(self.model.iteration.numpy()) == self.stop_at:
            raise KeyboardInterrupt
        rates = [self.model.players[name].optimizer.learning_rate for name in PLAYERS]
        self.rates[int(self.model.iteration.numpy())] = [float(rate) for rate in rates]

    def on_train_batch_end(self, batch, logs=None):
        self.states[int(self.model.iteration.numpy())] = arrays(self.model)


@pytest.fixture(scope="module")
def whole(images_folder, tmp_path_factory) -> Note:
    run = training(images_folder, tmp_path_factory.mktemp("stages") / "whole")
    noted = Note()
    noted.states[0] = arrays(run.model)
    run.fit(verbose=0, callbacks=[noted])
    assert run.finished
    return noted


def test_each_stage_moves_its_own_players(whole):
    between, end = 3 * FIRST_EPOCHS, 3 * EPOCHS
    for player, learns, rests in (
        ("coarse", (0, between), (between, end)),
        ("fine", (between, end), (0, between)),
    ):
        names = [name for name in whole.states[0] if player in name.split("/")[0:2]]
        assert any(name.endswith("kernel") for name in names)
        for name in names:
            first, last = (whole.states[iteration][name] for iteration in rests)
            assert np.array_equal(first, last), name
            first, last = (whole.states[iteration][name] for iteration in learns)
            assert not np.array_equal(first, last), name
    numbers = [int(whole.states[iteration]["stage"]) for iteration in (0, 1, 6, 7, 15)]
    assert numbers == [0, 0, 0, 1, 1]


def test_the_players_have_schedules_of_their_own(whole):
    """Both are halved after every epoch, the second one from the beginning of its stage."""
    coarse, fine = 0.1, 0.01
    expected = {0: [coarse, fine], 2: [coarse, fine], 3: [coarse / 2, fine]}
    expected |= {6: [coarse / 4, fine], 8: [coarse / 4, fine], 9: [coarse / 8, fine / 2]}
    expected |= {14: [coarse / 16, fine / 4]}
    for iteration, rates in expected.items():
        assert whole.rates[iteration] == pytest.approx(rates, rel=1e-6), iteration


# Within the first stage, between the two, and within the second.
@pytest.mark.parametrize("stop_at", [2, 6, 10])
def test_a_run_that_was_stopped_in_any_stage_ends_like_the_whole_one(
    stop_at, whole, images_folder, tmp_path
):
    stopped = training(images_folder, tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(verbose=0, callbacks=[Note(stop_at)])
    resumed = training(images_folder, tmp_path / "run")
    assert resumed.iteration == stop_at
    noted = Note()
    resumed.fit(verbose=0, callbacks=[noted])
    for iteration in (stop_at + 1, 3 * EPOCHS):
        expected = whole.states[iteration]
        found = noted.states[iteration]
        assert found.keys() == expected.keys()
        assert not [k for k in expected if not np.array_equal(found[k], expected[k])]


def test_keras_fit_goes_through_the_stages_and_never_back():
    model = TwoStages(first_epochs=1)
    model.compile()
    images = np.random.default_rng(0).integers(0, 256, (4, SIZE, SIZE, 3), dtype=np.uint8)
    history = model.fit(images, batch_size=2, epochs=2, verbose=0).history
    assert [loss > 0 for loss in history["fine_loss"]] == [False, True]
    assert model.stage.name == "fine"
    history = model.fit(images, batch_size=2, epochs=1, verbose=0).history
    assert history["fine_loss"][0] > 0
    logs = model.train_on_batch(images[:2], return_dict=True)
    assert logs["fine_loss"] > 0


def test_weights_of_a_later_stage_go_on_in_it(tmp_path):
    images = np.zeros((2, SIZE, SIZE, 3), np.uint8)
    one, other = TwoStages(first_epochs=1), TwoStages(first_epochs=1)
    for model in (one, other):
        model.compile()
        model.train_on_batch(images)
    one.fit(images, batch_size=2, initial_epoch=1, epochs=2, verbose=0)
    one.save_weights(tmp_path / "one.weights.h5")
    other.load_weights(tmp_path / "one.weights.h5")
    assert other.train_on_batch(images, return_dict=True)["fine_loss"] > 0


def test_stages_on_two_replicas(two_replicas):
    with two_replicas.scope():
        model = TwoStages(first_epochs=1)
        model.compile()
    images = np.random.default_rng(0).integers(0, 256, (4, SIZE, SIZE, 3), dtype=np.uint8)
    history = model.fit(images, batch_size=4, epochs=2, verbose=0).history
    assert [loss > 0 for loss in history["fine_loss"]] == [False, True]


def test_a_run_that_would_end_before_its_last_stage_is_refused(images_folder, tmp_path):
    words = "the stage 'fine' begins after epoch 2: set train.epochs to at least 3"
    with pytest.raises(RecipeError, match=words):
        training(images_folder, tmp_path / "run", epochs=2)
    assert not (tmp_path / "run").exists()


def test_a_schedule_is_a_setting_of_the_recipe():
    def resolved(**train):
        return Recipe("two_stages", data={"source": "x"}, train=train).resolve(TwoStages)

    assert resolved(halve_every=3).train["halve_every"] == 3
    with pytest.raises(RecipeError, match="train.halve_every must be a whole number from 1 to"):
        resolved(halve_every=0)


def test_a_players_own_schedule_comes_before_that_of_all_and_after_a_given_optimizer():
    def rates(**compiled) -> list[float]:
        model = TwoStages()
        model.compile(schedule=LinearToZero(0, 4), **compiled)
        model.epoch.assign(1)
        model.iteration.assign(1)
        return [float(model.players[name].optimizer.learning_rate) for name in PLAYERS]

    assert rates() == pytest.approx([0.1 / 2, 0.01])
    given = {name: keras.optimizers.SGD(0.5) for name in PLAYERS}
    assert rates(optimizers=given) == pytest.approx([0.5 * 0.75, 0.5 * 0.75])


def test_stage_of_an_epoch_by_hand():
    stages = (Stage("a", epochs=2), Stage("b", epochs=3), Stage("c"))
    assert [stage_at(stages, epoch) for epoch in range(7)] == [0, 0, 1, 1, 1, 2, 2]
    assert stage_at((Stage("whole"),), 1000) == 0


def test_one_stage_needs_no_state():
    assert "stage" not in GAN().network_state()
