"""The scale of training: recorded, and the same in translating, measuring and sample grids."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfi2i.data import (
    at_trained_scale,
    evaluation_arrays,
    evaluation_domains,
    open_source,
    read_image,
)
from tfi2i.data.scale import TrainedScale, scale_factor, scale_in_words, unlike_training
from tfi2i.errors import DataError
from tfi2i.evidence.evaluate import evaluate_model
from tfi2i.inference.files import translate_files
from tfi2i.inference.translate import translate_image
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.files.saving import load_model
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant


def noise(height, width, seed=0):
    """Blobs, so that resizing leaves something."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def write(path, *, height, width, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(height, width, seed)).save(path)


def tiny_pix2pix():
    return find_variant("pix2pix").load_class()(
        crop_size=32, filters=4, discriminator_filters=4, receptive_field=16, depth=3
    )


def resized(image, height, width):
    """By Pillow itself."""
    picture = Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(picture)


# --- what a run records ---


def test_the_median_of_the_training_images_of_each_domain_is_recorded(tmp_path):
    # Sides (roots of areas): a 40, 60, 60 (40x90), b 80, 100; the median is not the mean.
    for name, height, width in (("a1", 40, 40), ("a2", 60, 60), ("a3", 40, 90)):
        write(tmp_path / "trainA" / f"{name}.png", height=height, width=width)
    for name, side in (("b1", 80), ("b2", 100)):
        write(tmp_path / "trainB" / f"{name}.png", height=side, width=side)
    scale = TrainedScale.of(open_source(tmp_path), 30)
    assert scale is not None and scale == TrainedScale(30, {"a": 60, "b": 90})
    assert scale.factor("a") == 0.5 and scale.factor("b") == pytest.approx(1 / 3)
    assert TrainedScale.from_facts(json.loads(json.dumps({"scale": scale.to_facts()}))) == scale


def test_nothing_is_recorded_where_images_keep_their_size(paired_folder):
    source = open_source(paired_folder)  # 40 px
    assert TrainedScale.of(source, None) is None
    assert TrainedScale.of(source, 40) is None
    assert TrainedScale.of(source, 36) is not None
    assert TrainedScale.from_facts({"variant": "pix2pix", "config": {}}) is None


def test_derived_pairs_have_the_scale_of_their_photos(images_folder):
    for direction in ("a2b", "b2a"):
        source = open_source(images_folder, derive="grey", load_size=20, direction=direction)
        scale = TrainedScale.of(source, 20)
        assert scale is not None and scale.factor("a") == scale.factor("b") == 0.5


def test_scale_goes_with_saved_models(tmp_path):
    model = tiny_pix2pix()
    model.save(tmp_path / "plain")
    assert load_model(type(model), tmp_path / "plain").trained_scale is None
    model.trained_scale = TrainedScale(36, {"a": 128, "b": 128})
    model.save(tmp_path / "scaled")
    again = load_model(type(model), tmp_path / "scaled")
    assert again.trained_scale == model.trained_scale


# --- factors ---

TRAINED = TrainedScale(32, {"a": 128, "b": 32})


@pytest.mark.parametrize(
    ("scale", "trained", "domain", "factor"),
    [
        ("trained", TRAINED, "a", 0.25),
        ("trained", TRAINED, "b", 1),
        ("trained", None, "a", 1),
        # 64x16 pixels have the area of 32x32.
        ("fit", TRAINED, "a", 1),
        (1, TRAINED, "a", 1),
        (0.75, None, "a", 0.75),
    ],
)
def test_factors(scale, trained, domain, factor):
    assert scale_factor(scale, trained, height=64, width=16, domain=domain) == factor


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), True, "half", None])
def test_scales_that_are_not_possible(scale):
    with pytest.raises(DataError, match='it is "trained" or "fit", or a number'):
        scale_factor(scale, TRAINED, height=8, width=8)


def test_fit_needs_a_record():
    with pytest.raises(DataError, match="notes the size"):
        scale_factor("fit", None, height=8, width=8)


def test_words():
    assert "at 32/128 of their size, as in training" in (scale_in_words("trained", TRAINED) or "")
    assert "about 32 px" in (scale_in_words("fit", TRAINED) or "")
    assert "about 32 px" in (scale_in_words("fit", TRAINED, "b") or "")
    assert "at 0.5 of their size" in (scale_in_words(0.5, None) or "")
    assert scale_in_words(1, TRAINED) is None
    assert scale_in_words("trained", None) is None
    assert scale_in_words("trained", TRAINED, "b") is None
    sizes = {64: False, 63: True, 128: False, 256: False, 257: True}
    assert {side: unlike_training(TRAINED, side, side) for side in sizes} == sizes
    assert not unlike_training(None, 5000, 5000)
    assert not unlike_training(TRAINED, 5000, 5000, domain="b")


# --- translating ---


def pointwise(function):
    images = keras.Input((None, None, 3))
    model = keras.Model(images, keras.layers.Lambda(function)(images))
    model.size_multiple = 4  # type: ignore[attr-defined]
    return model


@pytest.mark.parametrize("tile", [None, 16])
def test_an_image_is_resized_translated_and_brought_back(tile):
    image = noise(50, 71)
    made = translate_image(pointwise(lambda x: -x), image, tile=tile, scale=0.5)
    # 71 / 2 is rounded to even.
    np.testing.assert_array_equal(made, resized(255 - resized(image, 25, 36), 50, 71))


def test_a_scale_that_would_take_all_memory_is_refused():
    with pytest.raises(DataError, match=r"50000x50000 pixels of an image of 50x50"):
        translate_image(pointwise(lambda x: -x), noise(50, 50), scale=1000)


def test_models_translate_as_they_are_measured():
    """A photo as large as those of training, loaded at the crop: one image, two ways."""
    model = tiny_pix2pix()
    model.trained_scale = TrainedScale(32, {"a": 96, "b": 96})
    photo = noise(96, 96)
    measured = model.translate_batch(resized(photo, 32, 32)[None])[0]
    np.testing.assert_array_equal(model.translate(photo), resized(measured, 96, 96))
    own_pixels = model.translate(photo, scale=1)
    assert np.abs(own_pixels.astype(int) - model.translate(photo)).max() > 0
    twice = noise(192, 192)
    measured = model.translate_batch(resized(twice, 32, 32)[None])[0]
    np.testing.assert_array_equal(model.translate(twice, scale="fit"), resized(measured, 192, 192))


def test_files_are_translated_at_the_scale_and_far_ones_are_told(tmp_path, capsys):
    model = tiny_pix2pix()
    model.trained_scale = TrainedScale(32, {"a": 96, "b": 96})
    for side in (96, 200):
        write(tmp_path / "in" / f"{side}.png", height=side, width=side, seed=side)
    written = model.translate_files([tmp_path / "in"], tmp_path / "out", progress=False)
    for path in written:
        expected = model.translate(read_image(tmp_path / "in" / path.name))
        np.testing.assert_array_equal(read_image(path), expected)
    said = capsys.readouterr().err
    assert "1 file has a size far from" in said and "200.png" in said and "--scale fit" in said
    model.translate_files([tmp_path / "in"], tmp_path / "fit", scale="fit", progress=False)
    assert "far from" not in capsys.readouterr().err


def test_an_impossible_scale_is_found_before_work(tmp_path):
    write(tmp_path / "a.png", height=40, width=40)
    with pytest.raises(DataError, match="notes the size"):
        translate_files(pointwise(tf.identity), [tmp_path], tmp_path / "out", scale="fit")
    assert not (tmp_path / "out").exists()


# --- one meaning of tile, and running averages ---


def test_tile_means_the_same_for_images_and_files(tmp_path):
    model = tiny_pix2pix()
    write(tmp_path / "in" / "a.png", height=50, width=70)
    image = read_image(tmp_path / "in" / "a.png")
    as_one = model.translate(image)
    by_tiles = model.translate(image, tile=32)
    assert (by_tiles != as_one).any()
    np.testing.assert_array_equal(as_one, translate_image(model.generator, image))
    np.testing.assert_array_equal(by_tiles, translate_image(model.generator, image, tile=32))
    for tile, expected in ((None, as_one), (32, by_tiles)):
        (path,) = model.translate_files(
            [tmp_path / "in"], tmp_path / f"out-{tile}", tile=tile, progress=False
        )
        np.testing.assert_array_equal(read_image(path), expected)
    with pytest.raises(DataError, match="tile=0"):
        model.translate(image, tile=0)
    with pytest.raises(DataError, match="tile='whole'.*None"):
        translate_image(model.generator, image, tile="whole")  # type: ignore[arg-type]


def test_files_take_the_running_averages(tmp_path):
    model = tiny_pix2pix()
    model.compile(ema_decay=0.5)
    for _, average in model.players["generator"].averaged():
        average.assign(tf.zeros_like(average.value))
    write(tmp_path / "in" / "a.png", height=32, width=32)
    (path,) = model.translate_files([tmp_path / "in"], tmp_path / "out", progress=False)
    # Weights of zero give tanh(0), the middle of the range.
    assert np.all(read_image(path) == 128)
    assert np.any(translate_image(model.generator, read_image(tmp_path / "in" / "a.png")) != 128)


# --- measuring ---


def test_without_a_load_size_the_middles_of_images_are_measured(tmp_path):
    """L1 of a copied input against its truth, worked out on the middle 32 pixels of 64."""
    for split, seeds in {"train": (1, 2), "test": (3, 4)}.items():
        for seed in seeds:
            pair = np.concatenate([noise(64, 64, seed), noise(64, 64, seed + 10)], axis=1)
            (tmp_path / split).mkdir(exist_ok=True)
            Image.fromarray(pair).save(tmp_path / split / f"{seed}.png")
    source = at_trained_scale(open_source(tmp_path), load_size=None, crop_size=32)
    a, b, _ = evaluation_arrays(source, size=32)
    np.testing.assert_array_equal(a, [noise(64, 64, seed)[16:48, 16:48] for seed in (3, 4)])
    figures = evaluate_model(tiny_pix2pix(), source, size=32, features=False)
    by_hand = np.mean(np.abs(a.astype(float) - b)) / 127.5
    assert figures["copy_input"]["l1"] == pytest.approx(by_hand, rel=1e-4)
    assert figures["middles"] is True
    colours = [noise(64, 64, seed + 10)[16:48, 16:48] for seed in (1, 2)]
    flat = np.mean(colours, axis=(0, 1, 2)).round()
    by_hand = np.mean(np.abs(flat - b)) / 127.5
    assert figures["mean_colour"]["l1"] == pytest.approx(by_hand, rel=0.02)


@pytest.mark.parametrize(("load_size", "sample_size"), [(None, "load"), (36, "crop"), (36, "load")])
def test_sample_grids_show_the_scale_of_training_or_what_is_measured(
    load_size, sample_size, tmp_path, paired_folder
):
    pix2pix = find_variant("pix2pix").load_class()
    recipe = Recipe(
        "pix2pix",
        model={"filters": 4, "discriminator_filters": 4, "receptive_field": 16, "depth": 3},
        data={
            "source": str(paired_folder),
            "load_size": load_size,
            "crop_size": 32,
            "batch_size": 6,
        },
        train={"epochs": 1, "samples": 2, "sample_size": sample_size},
    ).resolve(pix2pix)
    training = Training(recipe, pix2pix, RunFolder(tmp_path / "run"))
    training.fit(verbose=0)
    grid = read_image(tmp_path / "run" / "samples" / "000000000.png")
    photo = training.source.splits["test"].a.load(0)
    side = 36 if load_size and sample_size == "load" else 32
    assert grid.shape == (2 * side, 3 * side, 3)
    shown = photo[4:36, 4:36] if load_size is None else resized(photo, side, side)
    np.testing.assert_array_equal(grid[:side, :side], shown)
    loaded = load_model(pix2pix, tmp_path / "run")
    sides = {"a": 40, "b": 40}
    assert loaded.trained_scale == (None if load_size is None else TrainedScale(36, sides))
    assert training.model.trained_scale == loaded.trained_scale
    if side == 36:
        # `translate` works at the grid's scale, and brings the result back to the photo's size.
        last = read_image(training.folder.samples / f"{training.steps_per_epoch:09d}.png")
        made = training.model.translate(photo)
        np.testing.assert_array_equal(resized(last[:side, side : 2 * side], 40, 40), made)


def test_with_a_load_size_whole_images_are_stretched(paired_folder):
    source = open_source(paired_folder)
    assert at_trained_scale(source, load_size=36, crop_size=32) is source
    a, _, _ = evaluation_arrays(source, size=32, limit=1)
    np.testing.assert_array_equal(a[0], resized(source.splits["test"].a.load(0), 32, 32))
    figures = evaluate_model(tiny_pix2pix(), source, size=32, features=False, limit=1)
    assert "middles" not in figures


def test_domains_are_cut_too(labelled_folder):
    source = open_source(labelled_folder, kind="labelled")
    source = at_trained_scale(source, load_size=None, crop_size=32)
    domains = evaluation_domains(source, size=32)
    first = source.splits["test"].a.load(0)
    np.testing.assert_array_equal(domains["x"][0], first[4:36, 4:36])


def test_test_images_smaller_than_the_crop_are_named(tmp_path):
    write(tmp_path / "trainA" / "a.png", height=40, width=40)
    write(tmp_path / "trainB" / "b.png", height=40, width=40)
    write(tmp_path / "testA" / "small.png", height=20, width=50)
    write(tmp_path / "testB" / "b.png", height=40, width=40)
    source = open_source(tmp_path)
    at_trained_scale(source, load_size=36, crop_size=32)
    with pytest.raises(DataError, match=r"small\.png of test .*20 .* 50, less than crop_size=32"):
        at_trained_scale(source, load_size=None, crop_size=32)
