"""Sample grids: what they show, what their columns are called, whom they warn."""

import json

import numpy as np
import pytest
from PIL import Image

from tfi2i.data import read_image, write_image
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.callbacks import WriteSamples
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant
from tfi2i.zoo.unpaired.cyclegan import CycleGAN
from tiny_models import TINY

SIZE = 16


def noise(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)


def make(name, **options):
    return find_variant(name).load_class()(crop_size=SIZE, **options)


def cyclegan():
    return make("cyclegan", filters=4, discriminator_filters=4, blocks=1, receptive_field=16)


def grid_of(model, tmp_path, inputs, **options):
    """The grid of an untrained model and the names of its columns."""
    folder = RunFolder(tmp_path)
    folder.samples.mkdir()
    samples = WriteSamples(folder, inputs, every=1, warn=lambda sentence: None, **options)
    samples.set_model(model)
    samples.on_train_begin()
    path = folder.samples / "000000000.png"
    with Image.open(path) as image:
        return read_image(path), json.loads(image.info["Columns"])


def test_grids_of_uneven_domains_show_what_there_is(tmp_path):
    model, a, b = cyclegan(), noise(2), noise(3, seed=1)
    grid, names = grid_of(model, tmp_path, {"a": a, "b": b})
    assert names == ["a", "a to b", "b", "b to a"]
    assert grid.shape == (3 * SIZE, 4 * SIZE, 3)
    tiles = grid.reshape(3, SIZE, 4, SIZE, 3).swapaxes(1, 2)
    np.testing.assert_array_equal(tiles[:2, 0], a)
    np.testing.assert_array_equal(tiles[:, 2], b)
    np.testing.assert_array_equal(tiles[:2, 1], model.translate_batch(a, direction="a2b"))
    assert np.all(tiles[2, :2] == 255)


@pytest.mark.parametrize(("aligned", "last"), [(True, "b (truth)"), (False, "b (real)")])
def test_the_last_column_is_called_what_it_is(aligned, last, tmp_path):
    pix2pix = make("pix2pix", filters=4, discriminator_filters=4, receptive_field=16, depth=2)
    inputs = {"a": noise(2), "b": noise(2, seed=1)}
    _, names = grid_of(pix2pix, tmp_path, inputs, aligned=aligned)
    assert names == ["a", "a to b", last]


def test_generated_images_of_two_domains_are_not_called_real(tmp_path):
    options = {"filters": 4, "discriminator_filters": 4, "blocks": 1, "discriminator_depth": 2}
    stargan = make("stargan", domains=("x", "y"), **options)
    grid, names = grid_of(stargan, tmp_path, {"a": noise(2)})
    assert names == ["input", "to x", "to y"]
    assert grid.shape[1] == 3 * SIZE


@pytest.mark.parametrize(
    ("name", "model", "kind"),
    [
        ("pix2pix", {"receptive_field": 16, "depth": 3}, "paired"),
        ("cyclegan", {"receptive_field": 16, "blocks": 1}, "unpaired"),
        ("stargan", {"blocks": 1, "discriminator_depth": 2}, "labelled"),
    ],
)
def test_training_gives_real_images_to_compare_with(name, model, kind, request, tmp_path):
    folder = request.getfixturevalue(f"{kind}_folder")
    variant = find_variant(name).load_class()
    data = {"source": str(folder), "kind": kind, "load_size": 32, "crop_size": 32, "batch_size": 5}
    recipe = Recipe(
        name,
        model={"filters": 4, "discriminator_filters": 4, **model},
        data=data,
        train={"epochs": 1, "samples": 3},
    ).resolve(variant)
    training = Training(recipe, variant, RunFolder(tmp_path / "run"))
    samples = training._write_samples(lambda sentence: None)
    expected = {"pix2pix": {"a2b": 3, "b2a": 3}, "cyclegan": {"a2b": 3, "b2a": 3}}
    counts = {direction: len(images) for direction, images in samples.targets.items()}
    assert counts == expected.get(name, {"to_x": 3, "to_y": 3})
    assert samples.aligned is (name == "pix2pix")
    assert {*training.model.translators} <= {*samples.targets}


def test_domains_of_few_and_uneven_images_fill_the_grid_that_there_is(tmp_path):
    """As a folder without test images has them: two of A, five of B."""
    for domain, count, grey in (("trainA", 2, 50), ("trainB", 5, 200)):
        (tmp_path / "data" / domain).mkdir(parents=True)
        for number in range(count):
            picture = np.full((32, 32, 3), grey, np.uint8)
            write_image(tmp_path / "data" / domain / f"{number}.png", picture)
    data = {"source": str(tmp_path / "data"), "load_size": 32, "crop_size": 32}
    recipe = Recipe("cyclegan", TINY["cyclegan"][0], data, {"epochs": 1}).resolve(CycleGAN)
    training = Training(recipe, CycleGAN, RunFolder(tmp_path / "run"))
    training.fit(verbose=0)
    assert training.finished and training.steps_per_epoch == 5
    grid = read_image(training.folder.samples / "000000005.png")
    # Input, translation, input, translation; four rows, as many as a grid has.
    assert grid.shape == (4 * 32, 4 * 32, 3)
    assert (grid[:64, :32] == 50).all() and (grid[:, 64:96] == 200).all()
    assert (grid[64:, :64] == 255).all()
