"""Generators that know classes: samples, pictures, figures and files of the class asked for."""

import json
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.data import open_source, read_image
from tfi2i.errors import DataError, RecipeError
from tfi2i.evidence.cards import figures_in_words
from tfi2i.export import read_metadata
from tfi2i.export.runtime import LiteRTRunner
from tfi2i.metrics.samples import evaluate_samples
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.generation.cgan import ConditionalGAN
from tfi2i.zoo.generation.dcgan import DCGAN

SIZE = 16
NARROW: dict[str, Any] = {"filters": 4, "discriminator_filters": 4, "latent_length": 6}
CLASSES = ("cat", "dog", "cow")


@pytest.fixture(scope="module")
def model() -> ConditionalGAN:
    found = ConditionalGAN(classes=CLASSES, crop_size=SIZE, **NARROW)
    draw = np.random.default_rng(0)
    for variable in found.generator.trainable_variables:  # images with contrast
        variable.assign(draw.normal(0.0, 0.3, variable.shape).astype(np.float32))
    return found


def drawn(model, latents, *labels: int) -> np.ndarray:
    """The generator's images, by numbers of classes."""
    y = np.eye(len(model.label_names))[list(labels)].astype(np.float32)
    return np.asarray(model.generator([latents, y]))


def test_samples_of_a_class(model):
    latents = model.latents(4, seed=3)
    expected = np.round((drawn(model, latents, 1, 1, 1, 1) + 1) * 127.5)
    for labels in ("dog", 1, ["dog"], np.array([1, 1])):
        np.testing.assert_allclose(model.sample(4, seed=3, labels=labels), expected, atol=1)
    in_turn = np.round((drawn(model, latents, 2, 0, 2, 0) + 1) * 127.5)
    np.testing.assert_allclose(model.sample(4, seed=3, labels=["cow", 0]), in_turn, atol=1)
    evenly = np.round((drawn(model, latents, 0, 1, 2, 0) + 1) * 127.5)
    np.testing.assert_allclose(model.sample(4, seed=3), evenly, atol=1)
    np.testing.assert_allclose(model.decode(latents), evenly, atol=1)
    assert (expected != evenly).any()


def test_classes_that_are_not_there_are_named(model):
    for labels, words in {
        "cw": "knows no class 'cw'; it has the classes cat, dog, cow",
        3: "knows no class 3",
        -1: "knows no class -1",
        (): "draws some class: name one",
    }.items():
        with pytest.raises(DataError, match=words):
            model.sample(2, labels=labels)
    with pytest.raises(DataError, match=r"takes labels \(2, 3\) beside 2 latents, not \(2, 4\)"):
        model.decode(np.zeros((2, 6)), np.zeros((2, 4)))
    with pytest.raises(DataError, match="draws from latents alone"):
        DCGAN(crop_size=SIZE, **NARROW).decode(np.zeros((2, 6)), np.zeros((2, 3)))


def test_drawn_labels_are_even(model):
    labels = np.array(model.draw_labels(3000, site=0))
    assert labels.dtype == np.int32
    np.testing.assert_allclose(np.bincount(labels) / 3000, 1 / 3, atol=0.03)
    assert (labels != np.array(model.draw_labels(3000, site=1))).any()


def test_conditions_follow_the_training_images():
    source = open_source("digits:handwritten", channels=1)
    names = source.class_names
    model = ConditionalGAN(classes=names, crop_size=32, channels=1, **NARROW)
    labels = np.array(source.splits["train"].labels)
    shares = np.bincount(labels) / len(labels)
    found = np.argmax(model.conditions(500, source=source), axis=1)
    np.testing.assert_allclose(np.bincount(found) / 500, shares, atol=0.005)
    other = ConditionalGAN(classes=CLASSES, crop_size=32, channels=1, **NARROW)
    with pytest.raises(DataError, match="draws the classes cat, dog, cow, but"):
        other.conditions(5, source=source)


def test_classes_come_from_the_images(labelled_folder):
    source = open_source(labelled_folder, kind="labelled")
    config = {"classes": (), "channels": 3}
    assert ConditionalGAN.completed_config(config, source)["classes"] == ["x", "y"]
    with pytest.raises(RecipeError, match=r"model.classes is \['y', 'x'\]"):
        ConditionalGAN.completed_config({**config, "classes": ("y", "x")}, source)


def test_a_sheet_has_a_column_for_each_class(labelled_folder):
    model = ConditionalGAN(classes=("x", "y"), crop_size=SIZE, **NARROW)
    panel = model.sheet(
        open_source(labelled_folder, kind="labelled"), split="test", size=SIZE, limit=3
    )[0]
    assert [column.name for column in panel.made] == ["x", "y"]
    np.testing.assert_array_equal(panel.made[1].images, model.sample(3, labels="y"))


# --- figures ---


class Means:
    """Features that take no time."""

    name = "means"

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        return images.mean(axis=(1, 2)) / 128.0


def test_class_accuracy_is_that_of_the_asked_classes():
    source = open_source("digits:handwritten", kind="images", channels=1)
    train = source.splits["train"]
    training = np.stack([train.a.load(i) for i in range(0, len(train.a), 4)])
    labels = np.array(train.labels)[::4]
    real, truth = training[1::10], labels[1::10]
    options = {"labels": labels, "classes": 10, "real_labels": truth}
    half = np.where(np.arange(len(truth)) % 2, truth, (truth + 1) % 10)
    found = evaluate_samples(real, real, training, asked=half, **options)
    assert found["real_images"]["class_accuracy"] > 0.9
    assert found["samples"]["class_accuracy"] == pytest.approx(0.5, abs=0.05)
    nothing_asked = evaluate_samples(real, real, training, **options)
    assert "class_accuracy" not in nothing_asked["samples"] and not nothing_asked["skipped"]


def test_colours_are_named_by_their_features():
    draw = np.random.default_rng(0)
    classes = draw.integers(0, 3, 120)
    images = draw.integers(0, 60, (120, 8, 8, 3), dtype=np.uint8)
    images[np.arange(120), :, :, classes] += 150  # red, green and blue
    training, real = images[:80], images[80:]
    options = {"labels": classes[:80], "classes": 3, "extractor": Means()}
    asked = np.where(np.arange(40) < 30, classes[80:], (classes[80:] + 1) % 3)
    truths = {"asked": asked, "real_labels": classes[80:]}
    found = evaluate_samples(real, real, training, **options, **truths)
    assert found["samples"]["class_accuracy"] == 0.75
    assert found["real_images"]["class_accuracy"] == 1.0


def test_the_zoos_table_names_accuracies_of_samples():
    one = {"mean": 0.5, "spread": None, "each": [0.5]}
    names = ("kid", "nearest", "class_accuracy", "unsupervised_accuracy")
    arm = {"figures": dict.fromkeys(names, one)}
    words = "KID 0.500, class accuracy 0.500, unsupervised accuracy 50.0%"
    assert figures_in_words(arm) == words


# --- a run, and the command ---


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunFolder:
    """A trained run on digits."""
    data = {"source": "digits:handwritten", "channels": 1, "limit": 72, "batch_size": 32}
    recipe = Recipe(
        "cgan",
        model=NARROW,
        data=data | {"load_size": 32, "crop_size": 32},
        train={"epochs": 1, "samples": 2},
    ).resolve(ConditionalGAN)
    training = Training(recipe, ConditionalGAN, RunFolder(tmp_path_factory.mktemp("run") / "run"))
    training.fit(verbose=0)
    return training.folder


@pytest.fixture
def tfi2i(capsys):
    from tfi2i.cli import main

    def call(*arguments) -> tuple[int, str]:
        with pytest.raises(SystemExit) as done:
            main([str(one) for one in arguments])
        shown = capsys.readouterr()
        return int(done.value.code or 0), " ".join((shown.out + shown.err).split())

    return call


def test_a_run_knows_its_classes(run):
    model = ConditionalGAN.load(run.path)
    assert model.classes == tuple("0123456789")
    assert read_image(run.samples / "000000002.png").shape == (2 * 32, 11 * 32, 3)


def test_samples_of_classes_as_files(run, tfi2i, tmp_path):
    model = ConditionalGAN.load(run.path)
    options = ("--run", run.path, "--seed", 4)
    some = tfi2i("sample", *options, "--class", 3, "--class", 8, "--count", 3, "--out", tmp_path)
    assert some[0] == 0
    expected = model.sample(3, seed=4, labels=[3, 8])
    for number, image in enumerate(expected):
        found = read_image(tmp_path / f"{number:06d}.png", channels=1)
        np.testing.assert_array_equal(found, image)


def test_pictures_of_classes(run, tfi2i, tmp_path):
    def picture(*options) -> np.ndarray:
        path = tmp_path / ("-".join(map(str, options)).strip("-") + ".png")
        assert tfi2i("sample", "--run", run.path, *options, "--out", path)[0] == 0
        return read_image(path, channels=1)[:, :, 0]

    model = ConditionalGAN.load(run.path)
    sheet = picture("--grid", "--count", 5)
    factor = sheet.shape[1] // (5 * 32)
    small = sheet[::factor, ::factor]
    assert small.shape == (10 * 32, 5 * 32)
    wanted = model.sample(5, labels=7)
    np.testing.assert_array_equal(small[7 * 32 : 8 * 32], np.hstack(list(wanted[..., 0])))

    walk = picture("--walk", "--class", 3, "--class", 5, "--class", 0)
    small = walk[:: walk.shape[1] // (8 * 32), :: walk.shape[1] // (8 * 32)]
    assert small.shape == (3 * 32, 8 * 32)
    stop = model.sample(1, labels=5)[0, ..., 0]
    np.testing.assert_array_equal(small[32:64, :32], stop)
    np.testing.assert_array_equal(small[:32, -32:], stop)
    along = picture("--walk", "--class", 3, "--count", 4)
    assert along.shape[0] / along.shape[1] == pytest.approx(4 / 8)
    assert picture("--nearest", "--count", 7).any()


def test_unknown_classes_are_refused(run, tfi2i, tmp_path):
    code, said = tfi2i("sample", "--run", run.path, "--class", "seven", "--out", tmp_path / "x")
    assert code and "knows no class 'seven'; it has the classes 0, 1, 2" in said
    preset = ("--preset", "dcgan-digits-32", "--class", "7", "--out", tmp_path / "x")
    code, said = tfi2i("sample", *preset)
    assert code and "knows no classes: leave --class out" in said


def test_evaluate_names_the_class_accuracy(run, tfi2i, tmp_path):
    code, said = tfi2i("evaluate", "--run", run.path, "--json", tmp_path / "f.json")
    assert code == 0 and "class accuracy" in said
    figures = json.loads((tmp_path / "f.json").read_text())
    assert all("class_accuracy" in figures[one] for one in ("samples", "real_images"))


def test_shipped_files_take_the_number_of_a_class(run, tfi2i, tmp_path):
    model = ConditionalGAN.load(run.path)
    out = ("--run", run.path, "--out", tmp_path, "--formats", "saved_model,litert")
    assert tfi2i("export", *out)[0] == 0
    version = tmp_path / "saved_model" / "cgan-sample" / "1"
    facts = read_metadata(version)["export"]
    assert (facts["condition"], facts["classes"]) == ("labels", list("0123456789"))
    report = json.loads((tmp_path / "parity.json").read_text())["cgan-sample"]
    assert report["classes"] == facts["classes"]

    latents = model.latents(3, seed=4)
    expected = (drawn(model, latents, 7, 0, 7) + 1.0) * 127.5
    signatures = tf.saved_model.load(str(version)).signatures
    labels = tf.constant([7, 0, 7], tf.int64)
    served = signatures["serving_default"](latents=latents, labels=labels)["images"]
    np.testing.assert_allclose(served, expected, atol=0.02)
    phone = LiteRTRunner((tmp_path / "cgan-sample-float32.tflite").read_bytes())
    one = phone.named(latents=latents[:1], labels=np.array([7]))
    np.testing.assert_allclose((one[0] + 1.0) * 127.5, expected[0], atol=0.1)

    seeds = tf.constant([5, 5], tf.int64)
    of_seeds = signatures["serving_seeds"](seeds=seeds, labels=labels[:2])["images"].numpy()
    assert np.abs(of_seeds[0] - of_seeds[1]).max() > 0
    png = signatures["serving_png"](seeds=seeds, labels=labels[:2])["png_bytes"].numpy()
    np.testing.assert_array_equal(tf.io.decode_png(png[1]), np.rint(of_seeds[1]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="labels are from 0 to 9"):
        signatures["serving_seeds"](seeds=seeds, labels=tf.constant([1, 10], tf.int64))
