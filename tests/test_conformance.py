"""The contract that every variant of the zoo passes, with its real classes at a tiny size.

A new variant adds one entry to TINY in tiny_models.py.
"""

import importlib.util
import inspect
import itertools
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.data import evaluation_arrays, image_size, open_source, training_batches
from tfi2i.errors import WeightsError
from tfi2i.evidence.card_picture import write_card_picture
from tfi2i.image_sizes import height_and_width
from tfi2i.inference.steps import laid_open
from tfi2i.layers.augmentation import POLICIES
from tfi2i.recipe import Recipe, load_recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.start import begin_from
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant, load, variants
from tiny_models import DRAWS, SIZE, TINY, TRANSLATES, tiny_model

# An optimisation has no generator: its result is one picture, and there is nothing to export.
OPTIMISATIONS = ("gatys",)
# What leaves that loss alone, where others pull against it or noise hides it.
ALONE = {
    "pix2pix": {"dropout": 0.0},
    "distancegan": {"one_sided": False, "cycle_weight": 10.0, "distance_weight": 0.0},
    "fast_style": {"style_weight": 0.0},
    "adain": {"style_weight": 10.0},
}
# Epochs of 30 iterations until that loss has fallen, where three are not enough.
LONGER = {"element_editing": 5}
everyone = pytest.mark.parametrize("name", TINY)
translators = pytest.mark.parametrize("name", TRANSLATES)


def test_every_variant_is_tested():
    assert set(TINY) == {variant.name for variant in variants()}


def channels_of(name: str) -> int:
    return TINY[name][0].get("input_channels", 3)


def tiny_recipe(name: str, folder: Path, **train) -> Recipe:
    variant_class = find_variant(name).load_class()
    return Recipe(
        name,
        model=TINY[name][0],
        data={
            "source": str(folder),
            "batch_size": 2,
            "load_size": 36,
            "crop_size": SIZE,
            "channels": channels_of(name),
        },
        train={"epochs": 2, "samples": 2, "checkpoint_every": 100, **train},
    ).resolve(variant_class)


def augmented(name: str) -> dict[str, tuple[str, ...]]:
    """The argument that augments what discriminators see, for variants with a discriminator."""
    known = inspect.signature(find_variant(name).load_class()).parameters
    return {"diff_augment": POLICIES} if "diff_augment" in known else {}


def test_every_variant_with_a_discriminator_can_augment_what_it_sees():
    without = {name for name in TINY if not augmented(name)}
    assert without == {"adain", "fast_style", "gatys"}
    for name in sorted(set(TINY) - without):
        model = tiny_model(name, **augmented(name))
        model.compile()
        seeing = [p for p in model.players if "discriminator" in p or "critic" in p]
        networks = [network for player in seeing for network in model.players[player].networks]
        # The Siamese network of TraVeLGAN and the encoders of latents compare and describe images.
        assert networks and all(
            any(layer.name == "augmentation" for layer in network.layers) for network in networks
        )


@pytest.fixture
def folder_for(unpaired_folder, paired_folder, labelled_folder, images_folder):
    folders = {
        "unpaired": unpaired_folder,
        "paired": paired_folder,
        "labelled": labelled_folder,
        "images": images_folder,
    }
    return lambda name: folders[find_variant(name).load_class().batch_kind]


def fixed_batches(folder: Path, model, batch_size: int = 2):
    channels = channels_of(model.variant_name())
    source = open_source(folder, kind=model.batch_kind, channels=channels)
    return training_batches(source, batch_size=batch_size, load_size=36, crop_size=SIZE)


def arrays(model) -> dict[str, np.ndarray]:
    return {k: np.array(keras.ops.convert_to_numpy(v)) for k, v in model.state().items()}


def assert_equal_states(one, other):
    assert one.keys() == other.keys()
    different = [name for name in one if not np.array_equal(one[name], other[name])]
    assert not different


@everyone
def test_config_is_the_constructor_arguments(name):
    model = tiny_model(name, seed=7)
    assert model.get_config().items() >= {**TINY[name][0], "seed": 7}.items()
    again = type(model)(**model.get_config())
    assert again.get_config() == model.get_config()
    shapes = {k: tuple(v.shape) for k, v in model.network_state().items()}
    assert {k: tuple(v.shape) for k, v in again.network_state().items()} == shapes


@everyone
def test_what_is_left_open_is_noted_with_the_value_it_got(name):
    """With it images of another size have the same networks, if they take them."""
    arguments = inspect.signature(find_variant(name).load_class()).parameters.values()
    left_open = {one.name: None for one in arguments if one.default is None}
    if not left_open:
        return
    model = tiny_model(name, **left_open)
    assert None not in [model.get_config()[key] for key in left_open]
    noted = type(model)(**model.get_config())
    assert {k: v.shape for k, v in noted.network_state().items()} == {
        k: v.shape for k, v in model.network_state().items()
    }


@everyone
def test_each_player_learns_at_its_own_rate(name):
    model = tiny_model(name)
    parameters = inspect.signature(model.make_players).parameters
    names = [parameter for parameter in parameters if parameter.endswith("learning_rate")]
    rates: dict[str, Any] = {rate: 1e-3 * (1 + place) for place, rate in enumerate(names)}
    memory = next(one for one in ("beta_1", "momentum", "decay") if one in parameters)
    model.compile(**{**rates, memory: 0.3})
    for role, player in model.players.items():
        owner = "learning_rate" if role == "canvas" else f"{role}_learning_rate"
        assert player.learning_rate == pytest.approx(rates[owner.removeprefix("random_")]), role
        assert getattr(player.optimizer, "rho" if memory == "decay" else memory) == 0.3


@everyone
def test_a_run_trains_and_is_used_from_its_path_alone(name, folder_for, tmp_path):
    variant_class = find_variant(name).load_class()
    training = Training(
        tiny_recipe(name, folder_for(name)), variant_class, RunFolder(tmp_path / "r")
    )
    before = arrays(training.model)
    training.fit(verbose=0)
    after = arrays(training.model)

    assert training.finished
    assert after["iteration"] == 2 * training.steps_per_epoch
    # WGAN's clipped weights may stay at the limit.
    ends = ("gamma",) if name == "wgan" else ("kernel", "gamma", "pixels")
    trained = [k for k in before if k.endswith(ends) and "optimizer" not in k]
    assert trained
    # Attention's gate starts at zero, so what is behind it waits one step: allow none to stay.
    assert not [k for k in trained if np.array_equal(before[k], after[k])]
    lines = training.folder.metrics()
    assert lines[-1]["iteration"] == after["iteration"]
    assert all(np.isfinite(value) for line in lines for value in line.values())
    grids = sorted(p.stem for p in training.folder.samples.glob("*.png"))
    assert grids == [f"{i * training.steps_per_epoch:09d}" for i in (0, 1, 2)]

    columns = write_card_picture(tmp_path / "card.png", {"an arm": training.folder})
    assert image_size(tmp_path / "card.png")[1] >= SIZE * len(columns.split(", "))

    used = load(tmp_path / "r")
    if name in OPTIMISATIONS:
        painted = used.picture()
        wanted = training.model.picture()
        assert painted is not None and wanted is not None and np.array_equal(painted, wanted)
        return
    if name in DRAWS:
        assert np.array_equal(used.sample(5, seed=1), training.model.sample(5, seed=1))
        return
    a, _, _ = evaluation_arrays(training.source, size=SIZE)
    assert np.array_equal(used.translate_batch(a), training.model.translate_batch(a))
    assert used.translate(a[0]).shape == a[0].shape


@everyone
def test_an_interrupted_run_equals_one_that_never_stopped(name, folder_for, tmp_path):
    """Stopped within an epoch; the kill -9 version of this test is in test_resume.py."""
    variant_class = find_variant(name).load_class()
    average = {} if name in OPTIMISATIONS else {"ema_decay": 0.5}
    every = {"checkpoint_every": 2}
    recipe = tiny_recipe(name, folder_for(name), epochs=3, decay_epochs=2, **every, **average)
    recipe = recipe.with_overrides(f"model.{k}=[{','.join(v)}]" for k, v in augmented(name).items())

    whole = Training(recipe, variant_class, RunFolder(tmp_path / "whole"))
    whole.fit(verbose=0)

    class StopAt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.iteration.numpy()) == 5:
                raise KeyboardInterrupt

    folder = RunFolder(tmp_path / "stopped")
    stopped = Training(recipe, variant_class, folder)
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(verbose=0, callbacks=[StopAt()])
    resumed = Training(recipe, variant_class, folder)
    assert resumed.resumed_from is not None
    assert resumed.iteration == 4  # an epoch is 3 iterations: the 5th is done again
    resumed.fit(verbose=0)
    assert_equal_states(arrays(whole.model), arrays(resumed.model))

    def without_clock(folder):
        return [{**line, "images_per_second": 0} for line in folder.metrics()]

    assert without_clock(whole.folder)[-1] == without_clock(resumed.folder)[-1]


@everyone
def test_two_replicas_equal_one(name, folder_for, two_replicas):
    """The same global batches on one device and on two give the same weights.

    Rounding may turn a loss's slope where a difference lies near zero, on one processor or another,
    and then all that follows differs. Where the first grain has them differ, two other draws must
    both agree: a fault that is none of rounding would show again.
    """
    if _differing(name, folder_for, two_replicas, draw=0):
        for draw in (1, 2):
            assert not _differing(name, folder_for, two_replicas, draw)


def _differing(name, folder_for, two_replicas, draw: int) -> list[str]:
    one, two = _states_of_one_and_two(name, folder_for, two_replicas, draw)
    assert one["iteration"] == two["iteration"] == 3
    # Adam divides by a root that is tiny in the first steps: rounding grows to 1e-4 there.
    return [k for k, v in one.items() if not np.allclose(two[k], v, atol=5e-4, rtol=1e-3)]


def _states_of_one_and_two(name, folder_for, two_replicas, draw: int):
    changes = {"dropout": 0.0} if name == "pix2pix" else {}
    # Ten grey levels a step would make rounding visible.
    slow: dict[str, Any] = {"learning_rate": 1e-3} if name in OPTIMISATIONS else {}
    one = tiny_model(name, **changes)
    one.compile(**slow)
    start = {k: v.numpy() for k, v in one.network_state().items()}
    batches = list(itertools.islice(fixed_batches(folder_for(name), one, batch_size=4), 3))

    with two_replicas.scope():
        two = tiny_model(name, **changes)
        for key, variable in two.network_state().items():
            variable.assign(start[key])
        two.compile(**slow)  # running averages begin at the weights

    def rough(*parts: np.ndarray) -> np.ndarray:
        # On smooth pictures many differences lie near zero.
        whole = np.stack(parts)
        grain = np.random.default_rng(draw).uniform(-0.2, 0.2, whole.shape).astype(np.float32)
        return np.clip(whole + grain, -1.0, 1.0) if whole.ndim == 5 else whole

    stacked = tf.data.Dataset.from_tensor_slices(tf.nest.map_structure(rough, *batches))
    one.fit(stacked, epochs=1, verbose=0)
    two.fit(stacked, epochs=1, verbose=0)
    return arrays(one), arrays(two)


# Two that have what XLA wants in a form of its own: the image pool, nearest upsampling. All others
# compile too; each takes half a minute.
@pytest.mark.parametrize("name", ["cyclegan", "siamese_translator"])
def test_the_iteration_compiles_with_xla(name, folder_for):
    one, other = tiny_model(name), tiny_model(name)
    for key, variable in other.network_state().items():
        variable.assign(one.network_state()[key])
    batches = fixed_batches(folder_for(name), one)
    losses = []
    for model, xla in ((one, False), (other, True)):
        model.compile(jit_compile=xla)
        losses.append(model.fit(batches, steps_per_epoch=1, verbose=0, shuffle=False).history)
    # The penalty's direction is noise, which XLA draws otherwise.
    for loss in losses[0].keys() - {"gradient_penalty", "discriminator_loss"}:
        np.testing.assert_allclose(losses[1][loss], losses[0][loss], rtol=1e-3, err_msg=loss)


@everyone
def test_fits_on_an_ordinary_pipeline_with_a_short_last_batch(name):
    """Three uint8 images in batches of two: one iteration, and nothing that is not a number."""
    model = tiny_model(name)
    model.compile()
    draw = np.random.default_rng(0)
    images = [
        draw.integers(0, 256, (3, SIZE, SIZE, channels_of(name)), dtype=np.uint8) for _ in range(2)
    ]
    second = {"images": [], "labelled": [np.array([0, 1, 0])]}.get(model.batch_kind, images[1:])
    parts = [tf.data.Dataset.from_tensor_slices(part).batch(2) for part in (images[0], *second)]
    model.fit(tf.data.Dataset.zip(tuple(parts)), verbose=0)
    state = arrays(model)
    assert state["iteration"] == 1
    assert not [key for key, value in state.items() if not np.isfinite(value).all()]


@everyone
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_trains_in_mixed_precision(name, precision, folder_for):
    keras.config.set_dtype_policy(precision)
    model = tiny_model(name, **augmented(name))
    model.compile()
    logs = model.fit(
        fixed_batches(folder_for(name), model), steps_per_epoch=2, verbose=0, shuffle=False
    ).history
    assert all(np.isfinite(values).all() for values in logs.values())
    state = arrays(model)
    assert all(np.isfinite(value).all() for value in state.values())
    assert all(v.dtype == "float32" for k, v in model.state().items() if k.endswith("kernel"))


@pytest.mark.parametrize("name", [name for name, (_, loss) in TINY.items() if loss])
def test_overfits_four_images(name, folder_for):
    loss = TINY[name][1]
    model = tiny_model(name, **ALONE.get(name, {}))
    rate = "learning_rate" if name in OPTIMISATIONS else "generator_learning_rate"
    fast: dict[str, Any] = {rate: 2e-3}
    model.compile(**fast)
    batch = next(iter(fixed_batches(folder_for(name), model, batch_size=4)))
    repeated = tf.data.Dataset.from_tensors(batch).repeat()
    epochs = LONGER.get(name, 3)
    history = model.fit(
        repeated, steps_per_epoch=30, epochs=epochs, verbose=0, shuffle=False
    ).history
    assert history[loss][-1] < 0.7 * history[loss][0]


@translators
def test_ships_and_agrees_with_keras(name, folder_for, tmp_path):
    from tfi2i.export import export_litert, export_saved_model, parity_report

    model = tiny_model(name)
    source = open_source(folder_for(name), kind=model.batch_kind, channels=channels_of(name))
    images, _, _ = evaluation_arrays(source, size=SIZE)
    for direction, generator in model.translators.items():
        saved = export_saved_model(generator, tmp_path / direction, metadata={})
        lite = export_litert(generator, tmp_path / f"{direction}.tflite", image_size=(SIZE, SIZE))
        # Raises where an artefact does not agree.
        report = parity_report(generator, images, saved_model=saved, litert=[lite])
        assert len(report["artefacts"]) == 2


@translators
def test_its_generators_compute_in_bfloat16_for_inference(name, folder_for):
    from tfi2i.export.agreement import agreement, keras_outputs
    from tfi2i.export.generator import inference_generator

    model = tiny_model(name)
    source = open_source(folder_for(name), kind=model.batch_kind, channels=channels_of(name))
    images = evaluation_arrays(source, size=SIZE)[0][:1]
    for generator in model.translators.values():
        full, half = (inference_generator(generator, p) for p in ("float32", "bfloat16"))
        found = agreement(keras_outputs(full, images), keras_outputs(half, images))
        assert 0 < found.max_abs and found.psnr_db is not None and found.psnr_db > 25


@everyone
def test_save_and_load(name, tmp_path):
    model = tiny_model(name)
    model.save(tmp_path / "saved")
    again = type(model).load(tmp_path / "saved")
    one, two = model.network_state(), again.network_state()
    assert all(np.array_equal(one[key].numpy(), two[key].numpy()) for key in one)

    beginner = tiny_model(name, seed=1)
    beginner.compile()
    start = begin_from(beginner, str(tmp_path / "saved"))
    assert start.facts["taken"] == [network.name for network in model.networks]
    for network, taken in zip(model.networks, beginner.networks, strict=True):
        for old, new in zip(network.weights, taken.weights, strict=True):
            if old.dtype == "float32":
                assert np.array_equal(old.numpy(), new.numpy()), old.path

    weights = tmp_path / "saved" / "weights.npz"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(WeightsError, match="SHA-256"):
        type(model).load(tmp_path / "saved")
    with pytest.raises(WeightsError, match="holds no model"):
        type(model).from_preset("none-of-this-name")


@everyone
def test_every_recipe_of_the_variant_resolves(name):
    variant = find_variant(name)
    assert "small" in variant.recipes
    for recipe_name in variant.recipes:
        recipe = load_recipe(variant.recipe_path(recipe_name))
        assert recipe.variant == name
        resolved = recipe.resolve(variant.load_class())
        assert resolved.resolve(variant.load_class()) == resolved


@everyone
def test_the_card_shows_what_was_measured(name):
    """README.md carries the tables that the files of results give, to the letter."""
    from tfi2i.evidence.cards import results_section

    variant = find_variant(name)
    card = (variant.folder / "README.md").read_text(encoding="utf-8")
    assert variant.plans[0] == "reproduce"
    for plan in variant.plans:
        assert results_section(variant, plan) in card


def test_the_readme_shows_the_zoo():
    from tfi2i.evidence.cards import zoo_section

    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    assert zoo_section() in readme


@everyone
def test_presets_load_and_are_what_their_facts_say(name):
    variant = find_variant(name)
    for preset in variant.presets:
        folder = variant.folder / "weights" / preset
        assert (folder / "weights.npz").stat().st_size <= 2 * 2**20
        model = load(folder)  # checks the SHA-256
        if name in DRAWS:
            assert model.sample(2).shape == (2, *height_and_width(model.crop_size), model.channels)
            continue
        image = np.zeros((70, 50, channels_of(name)), np.uint8)
        assert model.translate(image).shape == image.shape
        for generator in model.translators.values():
            laid_open(generator)  # Large images go by strips.


def test_imports_point_one_way():
    for package in ("layers", "networks", "losses", "training", "data", "metrics"):
        spec = importlib.util.find_spec(f"tfi2i.{package}")
        assert spec is not None and spec.submodule_search_locations
        for root in spec.submodule_search_locations:
            for path in Path(root).rglob("*.py"):
                text = path.read_text(encoding="utf-8")
                assert "tfi2i.zoo" not in text and "tfi2i.export" not in text, path
