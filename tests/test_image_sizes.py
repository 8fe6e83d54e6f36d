"""Images that are not square: sizes as users write them, and every variant trained at one."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from typer.testing import CliRunner

from tfi2i.cli import app
from tfi2i.data import (
    evaluation_arrays,
    open_source,
    read_image,
    resize_image,
    sized,
    training_batches,
    write_image,
)
from tfi2i.data.scale import TrainedScale, scale_in_words
from tfi2i.errors import DataError, RecipeError, RunError, Tfi2iError, WeightsError
from tfi2i.image_sizes import as_size, height_and_width, shorter_side, size_in_words
from tfi2i.inference.translate import translate_image
from tfi2i.recipe import Recipe
from tfi2i.recipe_values import checked_value
from tfi2i.training import RunFolder
from tfi2i.training.files.model_facts import build_model
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant, load, variants
from tiny_models import TINY, batch_specs

HEIGHT, WIDTH = 32, 64
everyone = pytest.mark.parametrize("name", [variant.name for variant in variants()])


@pytest.mark.parametrize(
    ("written", "size"),
    [
        (256, 256),
        ("256", 256),
        ("256x512", (256, 512)),
        ("512X256", (512, 256)),
        ((256, 512), (256, 512)),
        ([256, 512], (256, 512)),
        ((256, 256), 256),
        ("256x256", 256),
    ],
)
def test_a_size_has_one_form(written, size):
    assert as_size(written) == size
    assert height_and_width(written) == (size if isinstance(size, tuple) else (size, size))
    assert shorter_side(written) == 256
    assert as_size(size_in_words(written)) == size


@pytest.mark.parametrize(
    "wrong", [0, -1, 2.0, True, None, "", "x", "256x", "2x3x4", "0x8", (8,), (8, 0), (8, 2.0), {}]
)
def test_what_is_no_size_is_named(wrong):
    with pytest.raises(DataError, match="--tile=.* is not possible"):
        as_size(wrong, "--tile")


def test_recipes_keep_one_form_of_a_size():
    annotation = int | tuple[int, int] | None
    taken = [286, "286x572", [286, 572], (286, 572), "286x286", [286, 286], None]
    found = [checked_value("data.load_size", value, annotation) for value in taken]
    assert found == [286, "286x572", "286x572", "286x572", 286, 286, None]
    words = "from 1 to 16,384 or height and width such as 256x512"
    for wrong in ("0x5", "5x99999", "5by5", [5], [5, 0], [5, 5.0], [True, 5], [5, 6, 7]):
        with pytest.raises(RecipeError, match=f"data.load_size must be .*{words}.*, got"):
            checked_value("data.load_size", wrong, annotation)


def test_recipes_give_models_numbers():
    variant_class = find_variant("cyclegan").load_class()
    recipe = Recipe("cyclegan", data={"source": "photos"})
    recipe = recipe.with_overrides(["data.crop_size=256x512", "data.load_size=[286, 572]"])
    resolved = recipe.resolve(variant_class)
    assert resolved.data["crop_size"] == "256x512" and resolved.data["load_size"] == "286x572"
    assert "crop_size: 256x512\n" in resolved.to_yaml()
    assert resolved.model_config(variant_class)["crop_size"] == (256, 512)


def noise(height, width, seed):
    draw = np.random.default_rng(seed)
    return draw.integers(0, 256, (height, width, 3), dtype=np.uint8)


def numbered(height, width):
    """An image whose pixels say where they are: row, column, 0."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows, columns, np.zeros_like(rows)], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("load_size", [None, (40, 90)])
def test_crops_are_as_high_and_wide_as_asked(load_size, tmp_path):
    for folder in ("A", "B"):
        (tmp_path / folder).mkdir()
        for number in range(3):
            write_image(tmp_path / folder / f"{number}.png", numbered(40, 90))
    batches = training_batches(
        open_source(tmp_path), batch_size=3, load_size=load_size, crop_size=(20, 70), flip=False
    )
    corners = set()
    for a, b in batches.take(8):
        assert a.shape == (3, 20, 70, 3)
        np.testing.assert_array_equal(a, b)
        for image in np.rint((a.numpy() + 1) * 127.5).astype(np.uint8):
            top, left, _ = (int(value) for value in image[0, 0])
            np.testing.assert_array_equal(image, numbered(40, 90)[top : top + 20, left : left + 70])
            corners.add((top, left))
    # Both axes move over all of their 21 places.
    assert max(top for top, _ in corners) > 15 and max(left for _, left in corners) > 15
    assert all(top <= 20 and left <= 20 for top, left in corners)


def test_crops_that_are_larger_in_one_direction_are_refused(unpaired_folder):
    source = open_source(unpaired_folder)
    with pytest.raises(DataError, match="=50 is smaller than crop_size=40x60.* to 50x60 or more"):
        training_batches(source, load_size=50, crop_size=(40, 60))
    with pytest.raises(DataError, match=r"6 of 6 .*crop_size=40x60, such as .*height 40, width 40"):
        training_batches(source, load_size=None, crop_size=(40, 60))


def test_held_out_images_are_stretched_or_cut_in_the_middle():
    image = numbered(40, 90)
    np.testing.assert_array_equal(sized(image, (20, 70), keeps_scale=True), image[10:30, 10:80])
    assert sized(image, (20, 70)).shape == (20, 70, 3)


def test_earth_tiles_have_the_shape_asked_for():
    source = open_source("earth:shadedrelief-etopo1", load_size=(32, 64))
    assert "32x64 px tiles" in source.description
    train = source.splits["train"]
    assert set(train.a.sizes) == {(32, 64)}
    tile = train.a.load(5)
    assert tile.shape == (32, 64, 3)
    row, column = train.a.corners[5]  # type: ignore[attr-defined]
    whole = train.a.whole_map()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(tile, whole[row : row + 32, column : column + 64])
    # The band of the test tiles is 225 pixels wide; training tiles lie outside of it.
    inside = [1500 - 64 < column < 1725 for _, column in train.a.corners]  # type: ignore[attr-defined]
    assert not any(inside)
    with pytest.raises(DataError, match="load_size=4x64 does not fit"):
        open_source("earth:shadedrelief-etopo1", load_size=(4, 64))


@everyone
def test_every_variant_trains_at_a_size_that_is_not_square(name):
    # R3GAN's wider maps have fewer channels, of which there are eight here.
    wide = {"widest_map": WIDTH} if name == "r3gan" else {}
    settings = {**TINY[name][0], **wide, "crop_size": (HEIGHT, WIDTH)}
    model = find_variant(name).load_class()(**settings)
    model.compile(run_eagerly=True)
    count = max(model.smallest_batch, model.mini_batch_count)
    parts = [
        tf.zeros(spec.shape, spec.dtype)
        if spec.dtype.is_integer
        else tf.random.stateless_uniform(spec.shape, (number, 0), -1.0, 1.0)
        for number, spec in enumerate(batch_specs(model, (HEIGHT, WIDTH), count))
    ]
    logs = model.train_step(parts[0] if len(parts) == 1 else tuple(parts))
    assert all(np.isfinite(value.numpy()) for value in logs.values())
    for role, view in model.views.items():
        given = parts[0]
        if "latents" in view.takes:
            given = model.latents(1)  # type: ignore[attr-defined]
            if len(view.takes) > 1:
                length = model.condition_length  # type: ignore[attr-defined]
                given = [tf.constant(given), tf.one_hot([0], length)]
        # The first stage of two draws smaller images.
        factor = model.get_config()["enlargement"] if role == "stage_one" else 1
        assert view.network(given).shape[1:3] == (HEIGHT // factor, WIDTH // factor)
    if name == "gatys":
        assert model.picture().shape == (HEIGHT, WIDTH, 3)
    config = json.loads(json.dumps(model.get_config()))
    assert build_model(type(model), config, source=Path("model.json")).crop_size == (HEIGHT, WIDTH)


@pytest.mark.parametrize("size", [[32], [32, 64, 3], [32, 9999], [32, 0], "32x64", [32, 64.0]])
def test_a_strangers_size_is_refused(size):
    variant_class = find_variant("pix2pix").load_class()
    with pytest.raises(WeightsError, match="crop_size is"):
        build_model(variant_class, {"crop_size": size}, source=Path("model.json"))


@pytest.fixture(scope="module")
def wide_run(tmp_path_factory):
    """A finished run of pix2pix on photos of 80 x 160, loaded at 40 x 80 and cropped to 32 x 64."""
    root = tmp_path_factory.mktemp("wide")
    for split, count in {"train": 3, "test": 2}.items():
        for domain, seed in {"A": 0, "B": 9}.items():
            (root / "data" / domain / split).mkdir(parents=True)
            for number in range(count):
                write_image(
                    root / "data" / domain / split / f"{number}.png",
                    noise(80, 160, seed + number),
                )
    pix2pix = find_variant("pix2pix").load_class()
    recipe = Recipe(
        "pix2pix",
        model={"filters": 4, "discriminator_filters": 4, "receptive_field": 16, "depth": 3},
        data={"source": str(root / "data"), "load_size": "40x80", "crop_size": "32x64"},
        train={"epochs": 1, "samples": 2},
    )
    training = Training(recipe.resolve(pix2pix), pix2pix, RunFolder(root / "run"))
    training.fit(verbose=0)
    return training


def test_a_run_shows_and_notes_its_shape(wide_run):
    grid = read_image(wide_run.folder.samples / "000000003.png")
    assert grid.shape == (2 * 40, 3 * 80, 3)
    photo = wide_run.source.splits["test"].a.load(0)
    np.testing.assert_array_equal(grid[:40, :80], resize_image(photo, 40, 80))
    loaded = load(wide_run.folder.path)
    assert loaded.crop_size == (HEIGHT, WIDTH)
    # The root of the area: 40 x 80 is as large as a square of 56.6.
    assert loaded.trained_scale == TrainedScale((40, 80), {"a": 113.1, "b": 113.1})
    assert TrainedScale((40, 80), {"a": 113.1}).factor("a") == pytest.approx(0.5, abs=1e-3)
    words = scale_in_words("trained", loaded.trained_scale)
    assert words is not None and words.startswith("translated at 56.6/113.1 of their size")
    words = scale_in_words("fit", loaded.trained_scale)
    assert words is not None and words.startswith("translated at about 40x80 px")


def test_a_run_of_another_shape_is_another_run(wide_run):
    again = Training(wide_run.recipe, type(wide_run.model), wide_run.folder)
    assert again.iteration == 3
    other = wide_run.recipe.with_overrides(["data.crop_size=32"])
    with pytest.raises(RunError, match="data.crop_size: '32x64' -> 32"):
        Training(other.resolve(type(wide_run.model)), type(wide_run.model), wide_run.folder)


def test_translate_takes_tiles_of_any_shape(wide_run):
    model, photo = wide_run.model, noise(90, 200, 5)
    whole = translate_image(model.translator(), photo)
    np.testing.assert_array_equal(model.translate(photo, scale=1), whole)
    wide = translate_image(model.translator(), photo, tile=(32, 64))
    np.testing.assert_array_equal(model.translate(photo, scale=1, tile=(32, 64)), wide)
    assert (wide != whole).any()
    assert (wide != translate_image(model.translator(), photo, tile=(64, 32))).any()


def test_evaluate_and_export_take_the_shape_of_training(wide_run, tmp_path):
    run = ["--run", str(wide_run.folder.path)]
    told = invoke("evaluate", *run, "--extractor", "none", "--json", str(tmp_path / "f.json"))
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["size"] == [HEIGHT, WIDTH] and figures["image_size"] == [HEIGHT, WIDTH]
    a, b, _ = evaluation_arrays(wide_run.source, size=(HEIGHT, WIDTH))
    by_hand = np.abs(a.astype(float) - b).mean() / 127.5
    assert figures["copy_input"]["l1"] == pytest.approx(by_hand, rel=1e-4)
    assert "were in training" not in told
    invoke("export", *run, "--out", str(tmp_path / "out"), "--formats", "litert")
    (report,) = json.loads((tmp_path / "out" / "parity.json").read_text()).values()
    assert report["image_size"] == [HEIGHT, WIDTH]
    told = refused("translate", *run, str(tmp_path), "--out", str(tmp_path / "o"), "--tile", "8x")
    assert "--tile='8x' is not possible" in told


def test_sizes_that_a_variant_cannot_take_are_named_before_anything_is_made(wide_run, tmp_path):
    """A discriminator that ends in one dense layer, and a U-Net."""
    changed = {
        "pix2pix": ("data.crop_size=32x60", "multiples of 8, such as 32x56 and 40x64"),
        "bicyclegan": ("data.crop_size=24x64", "multiples of 16, such as 16x64 and 32x80"),
    }
    for name, (override, words) in changed.items():
        told = refused(
            *("train", name, "--data", str(wide_run.recipe.data["source"]), override),
            *("data.load_size=40x80", "model.filters=4", "--run", str(tmp_path / name)),
            *(["model.depth=3"] if name == "pix2pix" else []),
        )
        assert words in told
        assert not (tmp_path / name).exists()


def invoke(*arguments):
    """What the command line says."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def refused(*arguments):
    """Why the command line refuses."""
    error = CliRunner().invoke(app, list(arguments)).exception
    assert isinstance(error, Tfi2iError)
    return str(error)
