"""Sample grids: what they show, what their columns are called, whom they warn."""

import numpy as np
import pytest

from tfi2i.data import EIGHT_BITS, DataSource, Split, read_image, write_image
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.training.sheet import all_columns, grid
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


class InMemory:
    channels = 3
    value_range = EIGHT_BITS

    def __init__(self, images):
        self.images = images
        self.names = [str(number) for number in range(len(images))]
        self.sizes = [image.shape[:2] for image in images]

    def __len__(self):
        return len(self.images)

    def load(self, index):
        return self.images[index]


def images_of(a, b=None, *, kind="unpaired", labels=None, class_names=()):
    """A source whose test part is these images."""
    split = Split(InMemory(a), None if b is None else InMemory(b), labels)
    return DataSource(kind, "some", "some images", {"test": split}, class_names=class_names)


def sheet_of(model, source, limit=None):
    columns = all_columns(model.sheet(source, split="test", size=SIZE, limit=limit))
    return grid(columns), [column.name for column in columns]


def test_grids_of_uneven_domains_show_what_there_is():
    model, a, b = cyclegan(), noise(2), noise(3, seed=1)
    shown, names = sheet_of(model, images_of(a, b))
    assert names == ["a", "a to b", "b", "b to a"]
    assert shown.shape == (3 * SIZE, 4 * SIZE, 3)
    tiles = shown.reshape(3, SIZE, 4, SIZE, 3).swapaxes(1, 2)
    np.testing.assert_array_equal(tiles[:2, 0], a)
    np.testing.assert_array_equal(tiles[:, 2], b)
    np.testing.assert_array_equal(tiles[:2, 1], model.translate_batch(a, direction="a2b"))
    assert np.all(tiles[2, :2] == 255)


@pytest.mark.parametrize(("kind", "last"), [("paired", "b (truth)"), ("unpaired", "b (real)")])
def test_the_last_column_is_called_what_it_is(kind, last):
    pix2pix = make("pix2pix", filters=4, discriminator_filters=4, receptive_field=16, depth=2)
    _, names = sheet_of(pix2pix, images_of(noise(2), noise(2, seed=1), kind=kind))
    assert names == ["a", "a to b", last]


def test_many_domains_are_shown_in_turn_and_what_is_generated_is_not_called_real():
    options = {"filters": 4, "discriminator_filters": 4, "blocks": 1, "discriminator_depth": 2}
    stargan = make("stargan", domains=("x", "y"), **options)
    x, y = noise(3), noise(3, seed=1)
    labels, images = (0, 0, 0, 1, 1, 1), np.concatenate([x, y])
    source = images_of(images, kind="labelled", labels=labels, class_names=("x", "y"))
    shown, names = sheet_of(stargan, source, limit=2)
    assert names == ["input", "to x", "to y"]
    assert shown.shape == (2 * SIZE, 3 * SIZE, 3)
    np.testing.assert_array_equal(shown[:SIZE, :SIZE], x[0])
    np.testing.assert_array_equal(shown[SIZE:, :SIZE], y[2])  # of two, the last


def test_models_with_a_latent_show_several_translations():
    bicyclegan = make("pix2pix_noise", filters=4, discriminator_filters=4, depth=2)
    _, names = sheet_of(bicyclegan, images_of(noise(2), noise(2, seed=1), kind="paired"))
    assert names == ["a", "a to b (at 3 latents)", "", "", "b (truth)"]


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
    panels = training.model.sheet(training.source, split="test", size=32, limit=3)
    made = [column for panel in panels for column in panel.made]
    assert all(column.real is not None and len(column.real) == 3 for column in made)
    assert {panel.aligned for panel in panels} == {name == "pix2pix"}


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
