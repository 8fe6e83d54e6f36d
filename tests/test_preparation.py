"""Before anything is made: sizes, channels, batches, kinds, styles, and the published recipe."""

import inspect

import pytest
import tensorflow as tf
from PIL import Image

from tfi2i.cli.plan import _with_absolute_paths, plan_new
from tfi2i.errors import DataError, RecipeError, Tfi2iError
from tfi2i.recipe import Recipe, load_recipe
from tfi2i.training.run.preparation import Preparation, prepare
from tfi2i.zoo.catalogue import find_variant, variants

NAMES = [variant.name for variant in variants()]
everyone = pytest.mark.parametrize("name", NAMES)
COLOUR_ONLY = ("adain", "fast_style", "gatys")


# What `planned` asks for beside a test's own settings, for CycleGAN.
NARROW = "model.filters=4 model.discriminator_filters=4"


def narrow(name: str) -> dict[str, int]:
    """Settings that make a variant's networks narrow and leave their depth as it is."""
    known = inspect.signature(find_variant(name).load_class().__init__).parameters
    width = 16 if name in ("adain", "r3gan") else 4
    return {key: width for key in known if key.endswith("filters")}


@pytest.fixture
def folder_for(unpaired_folder, paired_folder, labelled_folder, images_folder, captioned_folder):
    folders = {
        "unpaired": unpaired_folder,
        "paired": paired_folder,
        "labelled": labelled_folder,
        "images": images_folder,
        "captioned": captioned_folder,
    }
    return lambda name: folders[find_variant(name).load_class().batch_kind]


@pytest.fixture
def prepared(folder_for):
    """Prepares a variant at 32 px with changed settings."""

    def run(name: str, *changes: str, replicas: int = 1) -> Preparation:
        variant_class = find_variant(name).load_class()
        data = {"source": str(folder_for(name)), "crop_size": 32, "load_size": 32, "batch_size": 2}
        recipe = Recipe(name, narrow(name), data, {"epochs": 1}).with_overrides(changes)
        return prepare(
            recipe.resolve(variant_class),
            variant_class,
            strategy=tf.distribute.get_strategy(),
            replicas=replicas,
        )

    return run


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("pix2pix", ["data.crop_size=24"], "multiples of 16, such as 16 and 32"),
        ("pix2pix", ["model.depth=6"], "multiples of 64.*model.depth"),
        ("pix2pix", ["data.crop_size=16"], "too small for the network 'discriminator'"),
        ("cyclegan", ["data.crop_size=16"], "too small for the network 'discriminator_a'"),
        ("cyclegan", ["data.crop_size=4", "model.receptive_field=1"], "too small.*'generator_ab'"),
        ("bicyclegan", ["model.receptive_field=142"], "too small.*model.receptive_field"),
        ("stargan", ["data.batch_size=5"], "cannot be built for images of 32 px"),
        ("travelgan", ["data.crop_size=16"], "cannot be built for images of 16 px"),
        ("pix2pix", ["model.input_channels=1"], "domain a have 3 channel.*leave model.input_ch"),
        ("cyclegan", ["data.channels=1", "model.b_channels=3"], "domain b have 1 channel"),
        ("fast_style", ["data.channels=1"], "set data.channels=3"),
        ("cyclegan", ["data.kind=images"], "trains on unpaired images, not on images ones"),
        ("gatys", ["model.style=nowhere.png"], "nowhere.png"),
        ("fast_style", ["model.style=nowhere.png"], "nowhere.png"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_is_told_in_words(name, changes, words, prepared):
    with pytest.raises((RecipeError, DataError), match=words) as told:
        prepared(name, *changes)
    assert "\n" not in str(told.value) and len(str(told.value)) < 500


def test_a_run_of_more_iterations_than_checkpoints_can_count(prepared):
    from tfi2i.training.run import preparation

    assert preparation._MOST_ITERATIONS == 999_999_999
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparation, "_MOST_ITERATIONS", 10)
        with pytest.raises(RecipeError, match="4 epochs of 3 .* train.epochs to at most 3"):
            prepared("pix2pix", "train.epochs=4")


@everyone
def test_channels_follow_from_the_images(name, prepared):
    if name in COLOUR_ONLY:
        with pytest.raises(RecipeError, match="data.channels=3"):
            prepared(name, "data.channels=1")
        return
    variant_class = find_variant(name).load_class()
    known = inspect.signature(variant_class.__init__).parameters
    parts = known[variant_class.mini_batches].default if variant_class.mini_batches else 2
    fitting = [f"data.batch_size={parts}"]
    for key, value in {"receptive_field": 16, "discriminator_depth": 5}.items():
        fitting += [f"model.{key}={value}"] if key in known else []
    for key in ("stage_epochs", "stage_one_epochs"):
        fitting += [f"model.{key}=1", "train.epochs=4"] if key in known else []
    grey = prepared(name, "data.channels=1", *fitting)
    assert set(grey.model.image_channels) == {1}
    for view in grey.model.views.values():
        assert view.network.output_shape[-1] == 1


def test_derived_pairs_decide_the_channels(images_folder):
    variant_class = find_variant("pix2pix").load_class()
    data = {"source": str(images_folder), "derive": "grey", "crop_size": 32, "load_size": 32}
    recipe = Recipe("pix2pix", narrow("pix2pix"), data).resolve(variant_class)
    assert (recipe.model["input_channels"], recipe.model["output_channels"]) == (1, 3)
    made = prepare(recipe, variant_class, strategy=tf.distribute.get_strategy(), replicas=1)
    generator = made.model.translator()
    assert (generator.input_shape[-1], generator.output_shape[-1]) == (1, 3)
    turned = Recipe("pix2pix", data={**data, "direction": "b2a"}).resolve(variant_class)
    assert (turned.model["input_channels"], turned.model["output_channels"]) == (3, 1)


@pytest.mark.parametrize(
    ("name", "batch", "replicas", "words"),
    [
        ("bicyclegan", 2, 1, None),
        ("bicyclegan", 1, 1, "data.batch_size to at least 2, not 1"),
        ("bicyclegan", 2, 2, "2 device.*data.batch_size to a multiple of 4, not 2"),
        ("bicyclegan", 4, 2, None),
        ("pix2pix", 1, 1, None),
        ("pix2pix", 3, 2, "a multiple of 2, not 3"),
        ("siamese_translator", 2, 2, None),
        ("siamese_translator", 1, 1, "at least 2, not 1"),
        ("dualgan", 3, 1, "2 mini-batches .* a multiple of 2, not 3"),
        ("dualgan", 2, 2, "a multiple of 4, not 2"),
        ("dualgan", 4, 2, None),
    ],
)
@pytest.mark.fault("15")
def test_every_device_gets_enough_of_a_batch(name, batch, replicas, words, prepared):
    changes = [f"data.batch_size={batch}"]
    if name == "bicyclegan":
        changes.append("model.receptive_field=16")
    if words is None:
        prepared(name, *changes, replicas=replicas)
        return
    with pytest.raises(RecipeError, match=words):
        prepared(name, *changes, replicas=replicas)


# --- without --recipe ---


def planned(name: str, folder, *overrides: str):
    slim = [f"model.{key}={value}" for key, value in narrow(name).items()]
    return plan_new(
        name,
        None,
        data={"source": str(folder)},
        overrides=(*slim, *overrides),
        run=None,
        runs=folder / "runs",
    )


@everyone
def test_without_a_recipe_the_published_one_is_cut_to_the_images(name, folder_for):
    variant = find_variant(name)
    published = load_recipe(variant.recipe_path(variant.published_recipe))
    if name == "music_translation":  # of one channel and without flips, whatever the folder
        assert published.data["channels"] == 1
    plan = planned(name, folder_for(name))
    assert plan.recipe_words.startswith(f"{variant.published_recipe}, as published")
    made = plan.recipe
    # 6 images of 40 px.
    crop = min(64, published.data["crop_size"])
    assert made.data["crop_size"] == crop
    ratio = published.data["load_size"] / published.data["crop_size"]
    assert made.data["load_size"] == round(crop * ratio)
    variant_class = variant.load_class()
    parts = made.model[variant_class.mini_batches] if variant_class.mini_batches else 1
    assert made.data["batch_size"] == min(published.data["batch_size"], 6 // parts * parts)
    assert made.train["epochs"] == published.train["epochs"]
    assert made.train["decay_epochs"] == published.train.get("decay_epochs", 0)


@pytest.mark.parametrize("name", ["stargan", "bicyclegan", "music_translation"])
def test_without_a_recipe_it_starts(name, folder_for):
    prepared, _ = planned(name, folder_for(name)).rehearse()
    assert prepared.steps_per_epoch >= 1


def test_what_was_cut_is_said_and_what_was_asked_for_stays(unpaired_folder, labelled_folder):
    plan = planned("cyclegan", unpaired_folder, "train.epochs=10")
    assert plan.recipe.train["decay_epochs"] == 5
    assert plan.recipe_words == (
        f"paper_256, as published but for {NARROW} train.epochs=10; data.crop_size 256 -> 64, "
        "data.load_size 286 -> 72 (most images are smaller than 256 px); train.decay_epochs 100 -> "
        "5 (10 epochs)"
    )
    asked = ("data.crop_size=128", "data.batch_size=4", "train.decay_epochs=1", "train.epochs=2")
    plan = planned("cyclegan", unpaired_folder, *asked)
    assert (plan.recipe.data["crop_size"], plan.recipe.data["load_size"]) == (128, 286)
    assert plan.recipe.data["batch_size"] == 4 and plan.recipe.train["decay_epochs"] == 1
    assert plan.recipe_words == f"paper_256, as published but for {NARROW} {' '.join(asked)}"
    words = planned("stargan", labelled_folder).recipe_words
    assert "data.batch_size 80 -> 5 (6 training images)" in words


def test_images_that_are_large_enough_leave_the_recipe_as_it_is(tmp_path):
    for split in ("trainA", "trainB"):
        (tmp_path / split).mkdir()
        for number, side in enumerate((300, 256, 20)):
            Image.new("RGB", (side, side)).save(tmp_path / split / f"{number}.png")
    plan = planned("cyclegan", tmp_path)
    variant = find_variant("cyclegan")
    as_written = load_recipe(variant.recipe_path("paper_256"))
    changed = Recipe("cyclegan", narrow("cyclegan"), {"source": str(tmp_path)})
    assert plan.recipe == as_written.changed_by(changed).resolve(variant.load_class())
    assert plan.recipe_words == f"paper_256, as published but for {NARROW}"


@pytest.mark.parametrize("wrong", ["train.epochs=many", "train.epochs=0", "train.epoch=3"])
def test_a_slip_is_told_before_the_images_are_opened(wrong, tmp_path):
    with pytest.raises(Tfi2iError, match=r"train\.epoch"):
        planned("cyclegan", tmp_path / "nowhere", wrong)


def test_a_style_is_found_from_any_working_directory(images_folder, tmp_path, monkeypatch):
    Image.new("RGB", (40, 40)).save(tmp_path / "paint.png")
    monkeypatch.chdir(tmp_path)
    plan = planned("gatys", images_folder, "model.style=paint.png")
    assert plan.recipe.model["style"] == str(tmp_path / "paint.png")
    # Elsewhere the key is a form of a loss, whatever files there are.
    (tmp_path / "triplet").touch()
    recipe = Recipe("siamese_translator", {"style": "triplet"}, {"source": "photos"})
    variant_class = find_variant("siamese_translator").load_class()
    assert _with_absolute_paths(recipe, variant_class) == recipe
