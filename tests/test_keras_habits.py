"""What users of Keras do, row by row as in docs/keras.md: it works, or it refuses before a step."""

import pickle
import re
import signal
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.errors import DataError, RecipeError, TrainingError, WeightsError
from tfi2i.training import StopWhenNotFinite
from tfi2i.training.files.arrays import variables_to_arrays
from tfi2i.zoo.multidomain.stargan import StarGAN
from tfi2i.zoo.paired.bicyclegan import BicycleGAN
from tfi2i.zoo.paired.pix2pix import Pix2Pix
from tfi2i.zoo.style.adain import AdaIN
from tfi2i.zoo.unpaired.cyclegan import CycleGAN
from tfi2i.zoo.unpaired.travelgan import TraVeLGAN

SIZE = 16
A = np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8)
B = 255 - A
FLOATS, FLOATS_B = (part / np.float32(127.5) - np.float32(1) for part in (A, B))


def tiny(**compiled) -> Pix2Pix:
    """The same weights at every call."""
    keras.utils.set_random_seed(0)
    model = Pix2Pix(crop_size=SIZE, filters=2, discriminator_filters=2, receptive_field=16, depth=2)
    model.compile(**compiled)
    return model


def batches(a: np.ndarray = A, b: np.ndarray = B, size: int = 2) -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices((a, b)).batch(size)


def state(model) -> dict[str, np.ndarray]:
    return variables_to_arrays(model.state())


def assert_equal(one, other):
    one, other = state(one), state(other)
    assert one.keys() == other.keys()
    assert not [name for name in one if not np.array_equal(one[name], other[name])]


def refuses(model, words: str, error: type[Exception] = RecipeError, x=None, **arguments):
    """Says the words, and has not taken a step."""
    before = int(model.iteration.numpy())
    with pytest.raises(error, match=words):
        model.fit(batches() if x is None else x, verbose=0, **arguments)
    assert int(model.iteration.numpy()) == before


# --- data ---


def test_short_last_batch_is_left_out():
    ragged, whole = tiny(), tiny()
    history = ragged.fit(batches(), epochs=2, verbose=0)  # 2 + 2 + 1 images
    whole.fit(batches(FLOATS[:4], FLOATS_B[:4]), epochs=2, verbose=0)
    assert int(ragged.iteration.numpy()) == 4
    assert len(history.history["generator_loss"]) == 2
    assert_equal(ragged, whole)


@pytest.mark.filterwarnings("error:Your input ran out of data")
def test_batches_of_unknown_size_and_length_as_on_keras_io():
    one, other = tiny(), tiny()
    a, b = (tf.data.Dataset.from_tensor_slices(part).batch(1) for part in (A, B))
    one.fit(tf.data.Dataset.zip((a, b)).filter(lambda a, b: True), verbose=0)
    other.fit(batches(FLOATS, FLOATS_B, 1), verbose=0)
    assert int(one.iteration.numpy()) == 5
    assert_equal(one, other)


def test_batches_of_two_sizes_in_two_fits():
    """Keras would trace one function for all sizes, and the image pool needs to know them."""
    model = CycleGAN(
        crop_size=SIZE, filters=2, discriminator_filters=2, receptive_field=16, blocks=1
    )
    model.compile()
    for size in (2, 1):
        model.fit(batches(A[:2], B[:2], size), verbose=0)
    assert int(model.pool_a.stored.numpy()) == 2 + 2


def test_arrays():
    arrays, dataset = tiny(), tiny()
    arrays.fit(A, B, batch_size=2, shuffle=False, verbose=0)
    arrays.fit((A, B), batch_size=2, shuffle=False, verbose=0)
    dataset.fit(batches(), epochs=2, verbose=0)
    assert_equal(arrays, dataset)
    refuses(tiny(), "needs batch_size", x=(A, B))
    refuses(tiny(), "5 and 4 images", DataError, x=(A, B[:4]), batch_size=2)
    refuses(tiny(), "less than one batch of 8", DataError, x=(A, B), batch_size=8)
    refuses(tiny(), "from_generator", DataError, x=(part for part in (A, B)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (tf.data.Dataset.from_tensors(A), r"trains on \(a, b\).*have uint8 \(5, 16, 16, 3\)"),
        (tf.data.Dataset.from_tensors({"a": A, "b": B}), r"trains on \(a, b\)"),
        (tf.data.Dataset.from_tensor_slices((A, B)), r"\(B, H, W, C\)"),
        (batches(A.astype(np.int32)), "uint8 or floats"),
        (batches(A[..., :1]), r"3 channels, and a has 16x16 pixels and 1 ch"),
        (batches(A, B[:, :8]), "images of 16x16 pixels .* and b has 8x16 pixels"),
        (tf.data.Dataset.from_tensors((A, B[:4])), "5 and 4 elements"),
        (batches().take(0), "is empty"),
        # Ranges.
        (batches(A.astype(np.float32)), "of a has values from 0 to 255; floats are in"),
        (batches(FLOATS, B / 255.0), r"of b has values from 0 to 1;.*2 \* x - 1 makes them"),
        (batches(FLOATS * np.float32(np.nan)), "not finite"),
    ],
)
def test_data_that_do_not_fit(data, words):
    refuses(tiny(), words, DataError, x=data)


def test_labels_and_their_form():
    model = StarGAN(
        domains=("x", "y"), crop_size=SIZE, filters=2, discriminator_filters=2,
        discriminator_depth=2, blocks=1, critic_steps=2,
    )  # fmt: skip
    model.compile()
    labels = np.array([0, 1, 0, 1, 0])
    refuses(model, "integer labels", DataError, x=batches(A, labels.astype(np.float32)))
    refuses(model, "integer labels", DataError, x=batches(A, B))
    refuses(model, "takes 2 mini-batches .* multiple of 2, not 3", x=batches(A, labels, 3))
    for wrong in (-1, 2):
        outside = np.array([0, 1, 0, 1, wrong])
        words = rf"stargan has 2 labels \(x, y\), so they are from 0 to 1; the data have {wrong}"
        refuses(model, words, DataError, x=A, y=outside, batch_size=2)
        refuses(model, words, DataError, x=batches(A[3:], outside[3:]))
    model.fit(batches(A, labels), verbose=0)
    assert int(model.iteration.numpy()) == 2


def test_batches_too_small_for_pairs():
    model = TraVeLGAN(
        crop_size=32, filters=2, discriminator_filters=2, siamese_filters=2, vector_length=4
    )
    model.compile()
    large = np.repeat(np.repeat(A, 2, axis=1), 2, axis=2)
    refuses(model, "at least 2, not 1", x=batches(large, 255 - large, 1))
    with pytest.raises(RecipeError, match="at least 2, not 1"):
        model.train_on_batch(large[:1], large[1:2])


def test_halves_of_a_batch_on_two_devices(two_replicas):
    with two_replicas.scope():
        model = BicycleGAN(
            crop_size=32, filters=2, discriminator_filters=2, encoder_filters=2, receptive_field=1,
            depth=2,
        )  # fmt: skip
        model.compile()
    large = np.repeat(np.repeat(A, 2, axis=1), 2, axis=2)
    refuses(model, r"2 mini-batches .* on 2 device.* multiple of 4, not 2", x=batches(large, large))
    with pytest.raises(RecipeError, match="trains on one device"):
        model.train_on_batch(large[:4], large[:4])


def test_an_epoch_without_end():
    refuses(tiny(), "has no end.*give steps_per_epoch", x=batches().repeat())
    model = tiny()
    model.fit(batches().repeat(), steps_per_epoch=3, epochs=2, verbose=0)
    assert int(model.iteration.numpy()) == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"steps_per_epoch": 0}, "steps_per_epoch=0 is not possible: give a whole number from 1"),
        ({"steps_per_epoch": -1}, "steps_per_epoch=-1"),
        ({"steps_per_epoch": 2.5}, "steps_per_epoch=2.5"),
        ({"epochs": 1.5}, "epochs=1.5"),
        ({"epochs": "2"}, "epochs='2'"),
        ({"epochs": -1}, "epochs=-1 is not possible: give a whole number from 0"),
        ({"initial_epoch": -1}, "initial_epoch=-1 .* from 0"),
        ({"x": (A, B), "batch_size": 0}, "batch_size=0 .* from 1"),
        ({"x": (A, B), "batch_size": 2.0}, "batch_size=2.0"),
    ],
)
def test_impossible_numbers_of_steps_and_epochs(arguments, words):
    refuses(tiny(), words, **arguments)


def test_steps_per_execution_that_does_not_divide_an_epoch():
    several, one = tiny(steps_per_execution=3), tiny()
    for model in (several, one):
        model.fit(batches().repeat(), steps_per_epoch=5, epochs=2, verbose=0)
        assert int(model.iteration.numpy()) == 10
    assert_equal(several, one)


def test_validation_and_weights_of_samples():
    refuses(tiny(), "tfi2i evaluate", validation_data=batches())
    refuses(tiny(), "tfi2i evaluate", validation_split=0.2)
    refuses(tiny(), "sample_weight", sample_weight=np.ones(5))
    for measure in (tiny().evaluate, tiny().test_on_batch):
        with pytest.raises(RecipeError, match="tfi2i evaluate"):
            measure(A, B)


# --- compile ---


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"optimizer": "adam"}, "does not take optimizer: .*generator and discriminator"),
        ({"loss": "mse"}, "does not take loss"),
        ({"metrics": ["mae"]}, "does not take metrics"),
        ({"optimizers": {"generator": "adam"}}, "exactly"),
        ({"optimizers": keras.optimizers.Adam()}, "got Adam"),
        ({"ema_decay": 1.5}, "from 0 to below 1"),
        ({"ema_decay": "0.9"}, "from 0 to below 1"),
        ({"steps_per_execution": 0}, "steps_per_execution=0 is not possible"),
        ({"steps_per_execution": "auto"}, "steps_per_execution='auto' is not possible"),
    ],
)
def test_compile_refuses(arguments, words):
    with pytest.raises(RecipeError, match=words):
        tiny(**arguments)


def test_one_optimizer_for_two_players():
    shared = keras.optimizers.Adam()
    with pytest.raises(RecipeError, match="an optimizer of its own"):
        tiny(optimizers={"generator": shared, "discriminator": shared})


def test_optimizers_by_name_or_configuration():
    sgd = keras.optimizers.serialize(keras.optimizers.SGD(0.25))
    model = tiny(optimizers={"generator": "adam", "discriminator": sgd})
    model.fit(batches(), verbose=0)
    assert model.players["generator"].learning_rate == pytest.approx(1e-3)
    assert model.players["discriminator"].learning_rate == 0.25
    both = tiny(optimizers="rmsprop").players
    assert both["generator"].optimizer is not both["discriminator"].optimizer


def test_run_eagerly():
    eager, graph = tiny(run_eagerly=True), tiny()
    for model in (eager, graph):
        model.fit(batches(), verbose=0)
    for name, value in state(graph).items():
        np.testing.assert_allclose(state(eager)[name], value, atol=1e-3, err_msg=name)


# --- batches, outputs, files ---


def test_train_on_batch_is_a_step_of_fit():
    by_hand, fitted = tiny(), tiny()
    logs = by_hand.train_on_batch(A[:2], B[:2], return_dict=True)
    by_hand.train_on_batch((A[2:4], B[2:4]))
    history = fitted.fit(batches(A[:2], B[:2]), verbose=0).history
    assert {name: [value] for name, value in logs.items()} == history
    fitted.fit(batches(A[2:4], B[2:4]), verbose=0)
    assert_equal(by_hand, fitted)


def test_running_averages_are_used_everywhere(tmp_path):
    model = tiny(ema_decay=0.9, generator_learning_rate=1e-2)
    model.fit(batches(), epochs=3, verbose=0)
    expected = model.translate_batch(A)
    newest = np.asarray(model(A, training=False))
    assert np.abs(newest - (expected / 127.5 - 1)).max() > 2 / 127.5, "averages are the weights"

    np.testing.assert_allclose(model.predict(A, verbose=0), expected / 127.5 - 1, atol=1 / 127.5)
    np.testing.assert_allclose(
        model.predict(FLOATS, verbose=0), expected / 127.5 - 1, atol=1 / 127.5
    )
    np.testing.assert_allclose(model.predict_on_batch(A), expected / 127.5 - 1, atol=1 / 127.5)
    assert np.array_equal(model.translate(A[0], tile=SIZE), expected[0])
    keras.utils.save_img(tmp_path / "0.png", A[0], scale=False)
    (written,) = model.translate_files([tmp_path / "0.png"], tmp_path / "out", tile=SIZE)
    assert np.array_equal(keras.utils.img_to_array(keras.utils.load_img(written)), expected[0])
    assert np.array_equal(Pix2Pix.load(model.save(tmp_path / "m")).translate_batch(A), expected)
    model.save_weights(tmp_path / "m.weights.h5")
    untrained = Pix2Pix(**model.get_config())
    untrained.load_weights(tmp_path / "m.weights.h5")
    assert np.array_equal(untrained.translate_batch(A), expected)
    assert np.array_equal(np.asarray(model(A, training=False)), newest), "the newest are back"


@pytest.mark.parametrize("images", [FLOATS, A / 255.0, A.astype(np.float32)])
def test_translate_takes_uint8(images):
    model = tiny()
    for translate in (model.translate_batch, lambda images: model.translate(images[0])):
        with pytest.raises(DataError, match="takes uint8 pixels 0..255, got float"):
            translate(images)


def test_predict_takes_uint8_or_floats_as_fit_does():
    model = tiny(ema_decay=0.9)
    images = A / np.float32(255)
    for predict in (lambda images: model.predict(images, verbose=0), model.predict_on_batch):
        with pytest.raises(DataError, match="given has values from 0 to 1; floats are in"):
            predict(images)
        with pytest.raises(DataError, match="uint8 pixels, or floats in .*, not int32"):
            predict(A.astype(np.int32))
    dataset = tf.data.Dataset.from_tensor_slices((images, B)).batch(2)
    with pytest.raises(DataError, match="given has values from 0 to 1"):
        model.predict(dataset, verbose=0)


def test_weights_hold_all_state(tmp_path):
    path = tmp_path / "m.weights.h5"
    whole, first, second = tiny(ema_decay=0.5), tiny(ema_decay=0.5), tiny(ema_decay=0.5)
    whole.fit(batches(), epochs=2, verbose=0)
    first.fit(batches(), verbose=0)
    first.save_weights(path)
    second.load_weights(path)
    second.fit(batches(), verbose=0)
    assert_equal(second, whole)

    with pytest.raises(WeightsError, match="unexpected .*average"):
        tiny().load_weights(path)
    with pytest.raises(WeightsError, match="overwrite=True"):
        first.save_weights(path, overwrite=False)
    with pytest.raises(WeightsError, match="ends in .weights.h5"):
        first.save_weights(tmp_path / "m.h5")
    path.write_bytes(path.read_bytes()[:999])
    with pytest.raises(WeightsError, match="damaged"):
        second.load_weights(path)
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_weights_are_loaded_whole_or_not_at_all(tmp_path):
    path = tmp_path / "m.weights.h5"
    model = tiny()
    model.save_weights(path)
    model.load_weights(path, skip_mismatch=False)
    for argument in ("skip_mismatch", "by_name"):
        with pytest.raises(RecipeError, match=f"load_weights does not take {argument}: .* whole"):
            model.load_weights(path, **{argument: True})


def test_weights_of_a_model_that_is_not_compiled(tmp_path):
    path = tmp_path / "m.weights.h5"
    Pix2Pix(**tiny().get_config()).save_weights(path)
    with pytest.raises(WeightsError, match="before compile too"):
        tiny().load_weights(path)
    Pix2Pix(**tiny().get_config()).load_weights(path)


def test_files_and_clones_of_keras(tmp_path):
    model = tiny()
    with pytest.raises(RecipeError, match=re.escape("save('m')")):
        model.save(tmp_path / "m.keras")
    not_compiled = Pix2Pix(**model.get_config())
    for keep in (
        lambda one: keras.saving.save_model(one, str(tmp_path / "m.keras")),
        keras.models.clone_model,
        lambda one: one.to_json(),
        pickle.dumps,
    ):
        for one in (model, not_compiled):
            with pytest.raises(RecipeError, match="save_weights"):
                keep(one)
    with pytest.raises(RecipeError, match="tfi2i export"):
        model.export(tmp_path / "m")
    again = Pix2Pix.from_config(model.get_config())
    assert again.get_config() == model.get_config()


def test_summary(capsys):
    tiny().summary()
    printed = capsys.readouterr().out
    assert "generator" in printed and "Optimizer params" in printed


# --- callbacks ---


def learning_rates(model) -> list[float]:
    return [float(p.optimizer.learning_rate.numpy()) for p in model.players.values()]


def test_learning_rates_of_all_players_are_set():
    model = tiny(generator_learning_rate=1e-3, discriminator_learning_rate=4e-3)
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = model.fit(batches(), epochs=2, verbose=0, callbacks=[halve]).history
    np.testing.assert_allclose(learning_rates(model), [0.25e-3, 1e-3], rtol=1e-6)
    assert len([name for name in history if name.startswith("learning_rate")]) == 2

    plateau = keras.callbacks.ReduceLROnPlateau(
        "generator_loss", mode="min", factor=0.5, patience=1, min_delta=1e9
    )
    model.fit(batches(), epochs=3, verbose=0, callbacks=[plateau])
    np.testing.assert_allclose(learning_rates(model), [0.0625e-3, 0.25e-3], rtol=1e-6)


def test_learning_rates_that_have_a_schedule():
    schedule = keras.optimizers.schedules.CosineDecay(1e-3, 10)
    model = tiny(optimizers={"generator": keras.optimizers.Adam(schedule), "discriminator": "adam"})
    model.fit(batches(), verbose=0)
    assert learning_rates(model)[0] == pytest.approx(float(schedule(2)), rel=1e-5)
    for callback in (
        keras.callbacks.LearningRateScheduler(lambda epoch: 1e-3),
        keras.callbacks.ReduceLROnPlateau("generator_loss", mode="min"),
    ):
        refuses(model, "generator has a schedule of its own", callbacks=[callback])
    adain = AdaIN(crop_size=SIZE, filters=4, level=2)
    adain.compile()
    halve = keras.callbacks.LearningRateScheduler(lambda epoch: 1e-3)
    refuses(adain, "generator has a schedule of its own", callbacks=[halve])


def test_early_stopping_and_checkpoints_of_the_best(tmp_path):
    model = tiny(generator_learning_rate=0.0, discriminator_learning_rate=0.0)
    path = str(tmp_path / "{epoch}.weights.h5")
    history = model.fit(
        batches(size=5),
        epochs=9,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping("l1_loss", mode="min", patience=1, min_delta=1.0),
            keras.callbacks.ModelCheckpoint(
                path, "generator_loss", mode="min", save_best_only=True, save_weights_only=True,
            ),
        ],
    ).history  # fmt: skip
    assert len(history["l1_loss"]) == 2
    assert (tmp_path / "1.weights.h5").exists()
    tiny().load_weights(tmp_path / "1.weights.h5")


@pytest.mark.parametrize(
    ("callback", "words"),
    [
        (lambda: keras.callbacks.EarlyStopping(), "no log 'val_loss'"),
        (lambda: keras.callbacks.ReduceLROnPlateau("loss"), "no log 'loss'"),
        (lambda: keras.callbacks.EarlyStopping("l1_loss"), "mode='min' or mode='max'"),
        (
            lambda: keras.callbacks.EarlyStopping("l1_loss", mode="min", restore_best_weights=True),
            "ModelCheckpoint",
        ),
        (lambda: keras.callbacks.ModelCheckpoint("m.keras"), "save_weights_only=True"),
        (
            lambda: keras.callbacks.ModelCheckpoint(
                "m.weights.h5", save_weights_only=True, save_best_only=True
            ),
            "no log 'val_loss'",
        ),
        (lambda: keras.callbacks.TerminateOnNaN(), "StopWhenNotFinite"),
        (lambda: keras.callbacks.BackupAndRestore("b", save_freq=5), "save_freq='epoch'"),
        (lambda: keras.callbacks.SwapEMAWeights(), "ema_decay"),
    ],
)
def test_callbacks_that_could_not_do_what_they_promise(callback, words):
    refuses(tiny(), words, callbacks=[callback()])
    refuses(tiny(), words, callbacks=callback())


def test_a_log_that_is_not_there_is_told_before_the_first_step(tmp_path):
    words = "no log 'gen_loss', but .*generator_loss"
    right = keras.callbacks.EarlyStopping("l1_loss", mode="min")
    misspelt = [
        keras.callbacks.EarlyStopping("gen_loss", mode="min"),
        keras.callbacks.ReduceLROnPlateau("gen_loss", mode="min"),
        keras.callbacks.ModelCheckpoint(
            str(tmp_path / "m.weights.h5"), "gen_loss", mode="min", save_best_only=True,
            save_weights_only=True,
        ),
    ]  # fmt: skip
    models = (tiny(jit_compile=True), tiny(steps_per_execution=2), tiny())
    for model, callback in zip(models, misspelt, strict=True):
        refuses(model, words, callbacks=[callback, right])
    model = models[-1]
    untouched = state(model)
    model.fit(batches(), verbose=0, callbacks=right)
    assert int(model.iteration.numpy()) == int(untouched["iteration"]) + 2
    refuses(model, words, callbacks=[right, *misspelt])
    model.fit(batches(), verbose=0)


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_log_that_is_not_there_is_told_before_the_first_eager_step(everywhere, request):
    if everywhere:
        tf.config.run_functions_eagerly(True)
        request.addfinalizer(lambda: tf.config.run_functions_eagerly(False))
    misspelt = keras.callbacks.EarlyStopping("gen_loss", mode="min")
    right = keras.callbacks.EarlyStopping("l1_loss", mode="min")
    eager, plain = (tiny(run_eagerly=not everywhere) for _ in range(2))
    untouched = state(eager)
    refuses(eager, "no log 'gen_loss', but .*generator_loss", callbacks=[right, misspelt])
    assert not [name for name, value in state(eager).items() if (value != untouched[name]).any()]
    # Looking for the logs changes nothing of what is trained.
    eager.fit(batches(), verbose=0, callbacks=right)
    plain.fit(batches(), verbose=0)
    assert int(eager.iteration.numpy()) == 2
    assert_equal(eager, plain)


def test_a_step_that_cannot_be_traced_tells_its_logs_when_it_has_been_taken():
    class Eager(Pix2Pix):
        def train_step(self, data):
            assert data[0].numpy().size
            return super().train_step(data)

    model = Eager(crop_size=SIZE, filters=2, discriminator_filters=2, receptive_field=16, depth=2)
    model.compile(run_eagerly=True)
    misspelt = keras.callbacks.EarlyStopping("gen_loss", mode="min")
    with (
        pytest.warns(UserWarning, match="cannot be traced"),
        pytest.raises(RecipeError, match="no log 'gen_loss'"),
    ):
        model.fit(batches(), verbose=0, callbacks=misspelt)
    assert int(model.iteration.numpy()) == 1
    refuses(model, "no log 'gen_loss'", callbacks=misspelt)


def test_backup_and_restore_loses_nothing(tmp_path):
    whole, stopped, resumed = tiny(ema_decay=0.5), tiny(ema_decay=0.5), tiny(ema_decay=0.5)
    whole.fit(batches(), epochs=3, verbose=0)

    class Crash(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(batches(), epochs=3, verbose=0, callbacks=[backup, Crash()])
    backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))
    resumed.fit(batches(), epochs=3, verbose=0, callbacks=[backup])
    assert_equal(resumed, whole)
    # Keras would begin every later fit of this model at the third epoch.
    assert len(resumed.fit(batches(), epochs=1, verbose=0).epoch) == 1


def test_losses_that_are_not_finite_end_training():
    model = tiny()
    kernel = model.generator.trainable_variables[0]
    kernel.assign(kernel.value * np.nan)
    with pytest.raises(TrainingError, match="is nan at iteration 1. Lower"):
        model.fit(batches(), epochs=2, verbose=0, callbacks=[StopWhenNotFinite()])


def test_loggers_of_keras(tmp_path):
    model = tiny()
    table = tmp_path / "log.csv"
    callbacks = [
        keras.callbacks.CSVLogger(str(table)),
        keras.callbacks.TensorBoard(str(tmp_path / "board"), histogram_freq=1),
    ]
    history = model.fit(batches(), epochs=2, verbose=0, callbacks=callbacks).history
    header, first, _ = table.read_text().splitlines()
    row = dict(zip(header.split(","), first.split(","), strict=True))
    assert float(row["l1_loss"]) == pytest.approx(history["l1_loss"][0])
    assert list((tmp_path / "board").glob("train/events*"))


def test_the_page_names_every_test():
    page = (Path(__file__).parents[1] / "docs" / "keras.md").read_text()
    tests = {name for name in globals() if name.startswith("test_")} - {
        "test_the_page_names_every_test"
    }
    assert {*re.findall(r"`(test_\w+)` \|$", page, re.MULTILINE)} == tests


def test_signals_are_left_alone_by_fit():
    before = signal.getsignal(signal.SIGTERM)
    tiny().fit(batches(), verbose=0)
    assert signal.getsignal(signal.SIGTERM) is before
