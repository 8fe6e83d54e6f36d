"""The parts of training: pool, players, schedules, alarms, recipes."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageDraw

from tfi2i.data import to_float
from tfi2i.errors import RecipeError, TrainingError
from tfi2i.recipe import Recipe, load_recipe
from tfi2i.training import GAN, ImagePool, LinearDecay, Player, RunFolder, draw_seed
from tfi2i.training.files.arrays import write_arrays
from tfi2i.training.files.checkpoints import Checkpoints
from tfi2i.training.health import WON_WINDOW, DiscriminatorWatch, output_warnings
from tfi2i.training.run import safety_callbacks
from tfi2i.training.run.safety_callbacks import StopWhenNotFinite, WriteCheckpoints
from tfi2i.training.run.training import Training
from tfi2i.training.strategy import make_strategy
from tfi2i.zoo.catalogue import find_variant
from tfi2i.zoo.paired.pix2pix import Pix2Pix
from tfi2i.zoo.unpaired.cyclegan import CycleGAN
from tfi2i.zoo.unpaired.siamese_translator import SiameseTranslator
from tfi2i.zoo.unpaired.travelgan import TraVeLGAN


def numbered(first: int, count: int) -> tf.Tensor:
    """Images whose pixels all carry the image's number."""
    numbers = tf.range(first, first + count, dtype=tf.float32)
    return tf.tile(numbers[:, None, None, None], [1, 2, 2, 1])


def number_of(images) -> list[int]:
    return [int(v) for v in np.asarray(images)[:, 0, 0, 0]]


@pytest.mark.parametrize("xla", [False, True])
def test_pool_returns_new_images_until_full_then_half_of_the_time_old_ones(xla):
    pool = ImagePool(50, (2, 2, 1), name="pool")
    exchange = tf.function(pool.exchange, jit_compile=xla)
    shown_old, seen = 0, []
    for i in range(450):
        seed = draw_seed(0, tf.constant(i, tf.int64), 0, per_replica=False)
        (shown,) = number_of(exchange(numbered(i, 1), seed))
        if i < 50:
            assert shown == i
        else:
            shown_old += shown != i
            seen.append(shown)
    assert 0.42 < shown_old / 400 < 0.58
    # An image that was shown from the pool has left it: it is never shown again as an old one.
    old = [s for j, s in enumerate(seen) if s != j + 50]
    assert len(old) == len(set(old))


def test_pool_fills_exactly_when_the_batch_overflows_it():
    pool = ImagePool(3, (2, 2, 1), name="pool")
    seed = tf.constant([1, 2])
    assert number_of(pool.exchange(numbered(1, 2), seed)) == [1, 2]
    assert number_of(pool.exchange(numbered(3, 2), seed)) == [3, 4]
    assert number_of(pool.images.value) == [1, 2, 3]
    with pytest.raises(ValueError, match="cannot serve a batch of 4"):
        pool.exchange(numbered(0, 4), seed)


def test_xla_on_several_devices_is_refused():
    recipe = Recipe(
        "pix2pix", data={"source": "earth:a-b"}, train={"xla": True, "strategy": "mirrored"}
    )
    with pytest.raises(RecipeError, match="set train.strategy=one, not mirrored"):
        recipe.resolve(Pix2Pix).train_settings()


def test_pool_of_size_zero_is_off():
    images = numbered(0, 2)
    assert ImagePool(0, (2, 2, 1), name="pool").exchange(images, tf.constant([0, 0])) is images


def one_weight(value: float) -> keras.Model:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.layers[0].kernel.assign([[value]])
    return model


def built(networks, optimizer, **options) -> Player:
    player = Player(networks, optimizer, **options)
    player.build("generator", GAN())
    return player


def test_player_updates_only_its_own_networks_and_averages_them():
    mine, other = one_weight(1.0), one_weight(1.0)
    player = built([mine], keras.optimizers.SGD(0.1), ema_decay=0.5)
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_sum(other(mine(tf.ones((1, 1)))))
    player.minimize(loss, tape)
    assert mine.get_weights()[0] == pytest.approx(0.9)
    assert other.get_weights()[0] == 1.0
    assert player.averages[0].numpy() == pytest.approx(0.95)


def test_running_averages_take_the_moving_statistics_along(tmp_path):
    """Decay 0.75 after one update: three quarters of the start and one of what is there now."""
    model = TraVeLGAN(
        crop_size=32, filters=2, discriminator_filters=2, siamese_filters=2, vector_length=4
    )
    model.compile(ema_decay=0.75)
    start = {name: np.array(v) for name, v in model.network_state().items()}
    draw = np.random.default_rng(0)
    a, b = (draw.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8) for _ in range(2))
    model.train_on_batch(a, b)
    state = {name: np.array(v) for name, v in model.state().items()}
    averages = [name for name in state if name.startswith("average/")]
    ends = ("kernel", "gamma", "moving_mean", "moving_variance")
    assert {end for end in ends if any(name.endswith(end) for name in averages)} == {*ends}
    for name in averages:
        network = name.removeprefix("average/")
        expected = 0.75 * start[network] + 0.25 * state[network]
        np.testing.assert_allclose(state[name], expected, atol=1e-6, err_msg=name)
        if name.endswith(ends):
            assert not np.array_equal(state[network], start[network])

    # Of before the statistics were averaged: they begin with the statistics themselves.
    early = {k: v for k, v in state.items() if not ("average/" in k and "moving" in k)}
    write_arrays(tmp_path / "step-000000001.npz", early)
    Checkpoints(tmp_path).restore(model)
    for name, variable in model.state().items():
        was = name.removeprefix("average/") if name not in early else name
        np.testing.assert_array_equal(np.array(variable), state[was], err_msg=name)


@pytest.mark.fault("9")
def test_overflow_in_float16_skips_the_step_and_halves_the_scale():
    keras.config.set_dtype_policy("mixed_float16")
    network = one_weight(1.0)
    player = built([network], keras.optimizers.SGD(0.1))
    scale = float(player.optimizer.dynamic_scale.numpy())
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.cast(network(tf.ones((1, 1))), tf.float32)) * np.inf
    player.minimize(loss, tape)
    assert network.get_weights()[0] == 1.0
    assert float(player.optimizer.dynamic_scale.numpy()) == scale / 2
    assert any("scale" in v.name for v in player.optimizer.variables)  # so that it is saved


def test_ttur_is_two_learning_rates_and_both_decay():
    model = SiameseTranslator(crop_size=32, filters=4, discriminator_filters=4, depth=3)
    model.compile(generator_learning_rate=1e-4, discriminator_learning_rate=4e-4)
    decay = LinearDecay(epochs=4, decay_epochs=2)
    decay.set_model(model)
    rates = []
    for epoch in range(4):
        decay.on_epoch_begin(epoch)
        rates.append([float(p.optimizer.learning_rate.numpy()) for p in model.players.values()])
    np.testing.assert_allclose(
        np.array(rates) / [1e-4, 4e-4], [[1, 1], [1, 1], [2 / 3, 2 / 3], [1 / 3, 1 / 3]], rtol=1e-6
    )


@pytest.mark.fault("16")
def test_replicas_draw_different_noise_and_agree_where_they_must(two_replicas):
    @tf.function
    def draw(per_replica):
        return two_replicas.run(
            lambda: draw_seed(3, tf.constant(5, tf.int64), 1, per_replica=per_replica)
        )

    own = [v.numpy().tolist() for v in draw(True).values]
    shared = [v.numpy().tolist() for v in draw(False).values]
    assert own[0] != own[1]
    assert shared[0] == shared[1]


def warnings_of(inputs, outputs, targets=None, aligned=False) -> list[str]:
    """The warnings about uint8 images."""
    shown = None if targets is None else to_float(targets)
    return output_warnings(to_float(inputs), to_float(outputs), targets=shown, aligned=aligned)


def test_health_names_each_kind_of_failure():
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    unrelated = draw.integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    assert warnings_of(images, unrelated) == []
    assert "do not vary" in warnings_of(images, np.repeat(images[:1], 4, axis=0))[0]
    assert "copies its input" in warnings_of(images, images)[0]
    assert "inverted" in warnings_of(images, 255 - images)[0]


def drawings(width: int, seed: int) -> np.ndarray:
    """Four line drawings on white, uint8 (4, 64, 64, 3): strokes of one width."""
    found = []
    for number in range(4):
        draw = np.random.default_rng(seed + number)
        picture = Image.new("RGB", (256, 256), "white")
        for _ in range(3):
            left, top = (int(value) for value in draw.integers(40, 140, 2))
            side = int(draw.integers(40, 80))
            box = (left, top, left + side, top + side)
            ImageDraw.Draw(picture).ellipse(box, outline="black", width=width)
        found.append(np.asarray(picture.resize((64, 64))))
    return np.stack(found)


def test_no_alarm_where_the_truth_itself_is_inverted():
    images = drawings(6, seed=0)
    assert warnings_of(images, 255 - images, targets=255 - images, aligned=True) == []
    # And where it is not, the truth tells of an inversion too weak to be told without it.
    faded = (0.35 * images + 0.65 * (255.0 - drawings(24, seed=0))).astype(np.uint8)
    inputs, outputs = to_float(images).mean(-1).ravel(), to_float(faded).mean(-1).ravel()
    assert -0.5 < np.corrcoef(inputs, outputs)[0, 1] < -0.2
    assert warnings_of(images, faded) == []
    assert "inverted" in warnings_of(images, faded, targets=images, aligned=True)[0]


@pytest.mark.parametrize("border", [0, 3])
def test_icons_inverted_within_a_white_border_are_told(border):
    thin, bold, targets = drawings(6, seed=0), drawings(24, seed=0), drawings(24, seed=100)
    assert warnings_of(thin, bold, targets=targets) == []
    inside = np.s_[:, border : 64 - border, border : 64 - border]
    inverted = bold.copy()
    inverted[inside] = 255 - bold[inside]
    if border:
        inputs, outputs = thin.mean(-1).ravel(), inverted.mean(-1).ravel()
        assert np.corrcoef(inputs, outputs)[0, 1] > -0.5
    assert "inverted" in warnings_of(thin, inverted, targets=targets)[0]


def test_discriminator_that_wins_is_reported_once_a_window():
    watch = DiscriminatorWatch(chance=1.0)
    sentences = [watch.warning(0.001) for _ in range(WON_WINDOW + 10)]
    assert [i for i, s in enumerate(sentences) if s] == [WON_WINDOW - 1]
    fair = DiscriminatorWatch(chance=1.0)
    assert not any(fair.warning(0.001 if i % 50 else 0.5) for i in range(3 * WON_WINDOW))


def test_a_loss_that_is_not_finite_stops_training_with_its_name(tmp_path):
    model = CycleGAN(
        crop_size=16, filters=4, discriminator_filters=4, receptive_field=16, blocks=1, pool_size=4
    )
    model.compile()
    checkpoints = Checkpoints(tmp_path)
    good = checkpoints.save(model)
    model.generator_ab.trainable_variables[0].assign(
        model.generator_ab.trainable_variables[0].value * np.nan
    )
    batch = tf.zeros((2, 16, 16, 3))
    data = tf.data.Dataset.from_tensors((batch, batch)).repeat()
    with pytest.raises(TrainingError) as error:
        model.fit(
            data, steps_per_epoch=2, verbose=0, shuffle=False,
            callbacks=[StopWhenNotFinite(checkpoints)],
        )  # fmt: skip
    assert "generator_loss is nan at iteration 1" in str(error.value) or "adversarial" in str(
        error.value
    )
    assert str(good) in str(error.value)


@pytest.mark.parametrize(
    ("every", "seconds", "share", "saved"),
    [
        # By the clock: the first, which proves the folder, and the last; or each, where it is due.
        (None, 60.0, 1e9, [0, 5]),
        (None, 0.0, 1e9, [0, 1, 2, 3, 4, 5]),
        # Due, but too dear.
        (None, 0.0, 1e-9, [0, 5]),
        # By number, whatever the clock says.
        (2, 0.0, 1e9, [0, 2, 4, 5]),
    ],
)
def test_checkpoints_by_the_clock_or_by_number(every, seconds, share, saved, tmp_path, monkeypatch):
    monkeypatch.setattr(safety_callbacks, "CHECKPOINT_SECONDS", seconds)
    monkeypatch.setattr(safety_callbacks, "CHECKPOINT_SHARE", share)
    model = Pix2Pix(crop_size=16, filters=2, discriminator_filters=2, receptive_field=16, depth=2)
    model.compile()
    checkpoints = Checkpoints(tmp_path, keep=10)
    batch = tf.zeros((1, 16, 16, 3))
    data = tf.data.Dataset.from_tensors((batch, batch)).repeat()
    callbacks = [WriteCheckpoints(checkpoints, every=every, steps_per_epoch=1)]
    model.fit(data, steps_per_epoch=1, epochs=5, verbose=0, callbacks=callbacks)
    assert [path.name for path in checkpoints.files()] == [f"step-{n:09d}.npz" for n in saved]


def test_siamese_translator_has_the_measured_settings_by_default():
    variant = find_variant("siamese_translator")
    measured = load_recipe(variant.recipe_path("full_256")).resolve(SiameseTranslator)
    default = Recipe("siamese_translator", data={"source": "x"}).resolve(SiameseTranslator)
    assert default.model == measured.model
    for key in ("generator_learning_rate", "discriminator_learning_rate", "beta_1", "ema_decay"):
        assert default.train[key] == measured.train[key]
    # The ones with which the discriminator won within 660 iterations.
    lost = {"content_weight": 10.0, "padding": "same", "generator_spectral": True}
    assert not lost.items() & default.model.items()


def test_siamese_translator_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="equal channels"):
        SiameseTranslator(crop_size=32, input_channels=1)
    with pytest.raises(ValueError, match="'triplet' or 'least_squares'"):
        SiameseTranslator(crop_size=32, style="hinge")  # type: ignore[arg-type]


@pytest.mark.fault("13")
def test_too_small_a_batch_is_told_before_anything_is_made(unpaired_folder, tmp_path):
    data = {"source": str(unpaired_folder), "load_size": 36, "crop_size": 32, "batch_size": 1}
    recipe = Recipe("siamese_translator", data=data).resolve(SiameseTranslator)
    with pytest.raises(RecipeError, match="data.batch_size to at least 2, not 1"):
        Training(recipe, SiameseTranslator, RunFolder(tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_identity_loss_needs_equal_channels():
    with pytest.raises(ValueError, match="identity_weight=0"):
        CycleGAN(crop_size=16, a_channels=1)


def test_optimizers_must_name_the_players():
    model = Pix2Pix(crop_size=16, filters=4, discriminator_filters=4, receptive_field=16)
    with pytest.raises(ValueError, match="'discriminator', 'generator'"):
        model.compile(optimizers={"generator": keras.optimizers.Adam()})


def test_any_keras_optimizer_with_a_schedule_keeps_it():
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, 10)
    player = built([one_weight(1.0)], keras.optimizers.SGD(schedule))
    player.set_learning_rate(0.5)
    assert float(player.optimizer.learning_rate.numpy()) == pytest.approx(1e-3)


def test_recipe_names_the_nearest_key_and_reads_numbers():
    recipe = Recipe("cyclegan", data={"source": "x"})
    variant = find_variant("cyclegan").load_class()
    changed = recipe.with_overrides(["model.cycle_weight=5", "train.beta_1=5e-1"])
    resolved = changed.resolve(variant)
    assert resolved.model["cycle_weight"] == 5.0
    assert resolved.train["beta_1"] == 0.5
    assert resolved.data["crop_size"] == 256
    for override, message in {
        "model.cycle_wieght=5": "did you mean model.cycle_weight",
        "model.filters=many": "model.filters must be a whole number from 1 to 2,048, got 'many'",
        "train.precision=half": "one of float32",
        "train.epochs=0": "train.epochs must be a whole number from 1 to 1,000,000, got 0",
    }.items():
        with pytest.raises(RecipeError, match=message):
            recipe.with_overrides([override]).resolve(variant)
    with pytest.raises(RecipeError, match="section.key=value"):
        recipe.with_overrides(["cycle_weight=5"])
    with pytest.raises(RecipeError, match="data.source is missing"):
        Recipe("cyclegan").resolve(variant)
    with pytest.raises(RecipeError, match="no variant is called 'cycelgan'"):
        find_variant("cycelgan")


def test_recipe_file_errors_name_the_file(tmp_path):
    for text, message in {
        "model: {}": "is not a recipe",
        "variant: x\noptim: {}": "unknown section",
        "variant: x\nmodel: 3": "must be a table",
        "variant: [": "not valid YAML",
        "variant: !!python/object/apply:os.system ['true']": "not valid YAML",
    }.items():
        path = tmp_path / "r.yaml"
        path.write_text(text)
        with pytest.raises(RecipeError, match=message):
            load_recipe(path)
    with pytest.raises(RecipeError, match="cannot read the recipe"):
        load_recipe(tmp_path / "none.yaml")


def test_multiworker_without_a_cluster_says_what_is_missing(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(RecipeError, match="TF_CONFIG"):
        make_strategy("multiworker")
