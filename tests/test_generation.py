"""Generators: latents, samples, pictures of them, and the command; for all of the family."""

import json

import numpy as np
import pytest
from PIL import Image, ImageSequence

from tfi2i.data import open_source, read_image
from tfi2i.errors import DataError
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.health import sample_warnings
from tfi2i.training.run.training import Training
from tfi2i.zoo.generation._base import generator_of
from tfi2i.zoo.generation.dcgan import DCGAN
from tfi2i.zoo.generation.gan import OriginalGAN
from tfi2i.zoo.translating import translator_of
from tiny_models import tiny_model

SIZE = 16
NARROW = {"filters": 4, "discriminator_filters": 4, "latent_length": 6}


def tiny(**changes) -> DCGAN:
    return DCGAN(crop_size=SIZE, **{**NARROW, **changes})


# --- latents ---


def test_latents_follow_from_the_seed():
    model = tiny()
    one, two = model.latents(5, seed=3), model.latents(9, seed=3)
    assert one.shape == (5, 6) and one.dtype == np.float32
    np.testing.assert_array_equal(one, two[:5])
    assert (one != model.latents(5, seed=4)).any()


def test_priors():
    normal, uniform = tiny().latents(5000), tiny(latent_prior="uniform").latents(5000)
    assert normal.std() == pytest.approx(1.0, abs=0.02) and np.abs(normal).max() > 3
    assert uniform.std() == pytest.approx(1 / np.sqrt(3), abs=0.01) and np.abs(uniform).max() <= 1
    drawn = np.array(tiny(latent_prior="uniform").draw_latents(2000, site=0))
    assert drawn.std() == pytest.approx(1 / np.sqrt(3), abs=0.02) and np.abs(drawn).max() <= 1
    assert drawn.min() < -0.9 and np.array(tiny().draw_latents(2000, site=0)).max() > 2


def test_truncation_draws_the_far_ones_again():
    model = tiny()
    whole, cut = model.latents(2000), model.latents(2000, truncation=0.7)
    assert np.abs(cut).max() <= 0.7
    inside = np.abs(whole) <= 0.7
    np.testing.assert_array_equal(cut[inside], whole[inside])
    # The standard deviation of a normal cut at 0.7: 0.389.
    assert cut.std() == pytest.approx(0.389, abs=0.01)
    half = tiny(latent_prior="uniform").latents(500, truncation=0.5)
    assert 0.45 < np.abs(half).max() <= 0.5


def test_the_way_between_normal_latents_stays_on_their_sphere():
    model = tiny()
    one, other = np.eye(6)[0] * 2, np.eye(6)[1] * 2
    way = model.between(one, other, np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(way[[0, 2]], [one, other], atol=1e-6)
    np.testing.assert_allclose(way[1], (one + other) / np.sqrt(2), rtol=1e-6)
    straight = tiny(latent_prior="uniform").between(one, other, np.array([0.25]))
    np.testing.assert_allclose(straight[0], 0.75 * one + 0.25 * other)
    np.testing.assert_allclose(model.between(one, one, np.array([0.5]))[0], one)


def test_impossible_latents_are_named():
    model = tiny()
    with pytest.raises(DataError, match="0 samples are not possible"):
        model.sample(0)
    for least in (0, 1e-6, float("nan")):
        with pytest.raises(DataError, match=f"truncation={least} is not possible"):
            model.sample(2, truncation=least)
    with pytest.raises(DataError, match=r"takes latents \(N, 6\), not \(2, 5\)"):
        model.decode(np.zeros((2, 5)))


# --- images ---


def test_samples_are_the_generators_images():
    model = tiny(channels=1)
    latents = model.latents(70, seed=1)
    images = model.sample(70, seed=1)
    assert images.shape == (70, SIZE, SIZE, 1) and images.dtype == np.uint8
    floats = np.asarray(model.generator(latents))
    np.testing.assert_allclose(images, np.round((floats + 1) * 127.5), atol=1)
    np.testing.assert_allclose(model.predict(latents, verbose=0), floats, atol=1e-5)


def test_running_averages_draw_the_samples():
    model = tiny()
    model.compile(ema_decay=0.5, generator_learning_rate=0.02)
    first = model.sample(4)
    photos = np.random.default_rng(0).integers(0, 256, (8, SIZE, SIZE, 3), dtype=np.uint8)
    model.fit(photos, batch_size=4, verbose=0)
    averaged = model.sample(4)
    newest = np.asarray(model.generator(model.latents(4)))
    assert (averaged != first).any()
    with model.averaged_weights():
        expected = np.asarray(model.generator(model.latents(4)))
    assert np.abs(expected - newest).max() > 1e-3
    np.testing.assert_allclose(averaged, np.round((expected + 1) * 127.5), atol=1)


def test_a_sheet_shows_the_same_latents_every_time(images_folder):
    model = tiny()
    source = open_source(images_folder, kind="images")
    one, two = (model.sheet(source, split="test", size=SIZE, limit=3) for _ in range(2))
    assert [column.name for column in one[0].made] == ["samples", "", "", ""]
    assert [column.name for column in one[0].real] == ["real"]
    for column, again in zip(one[0].made, two[0].made, strict=True):
        assert column.images.shape == (3, SIZE, SIZE, 3)
        np.testing.assert_array_equal(column.images, again.images)


def test_translators_and_generators_are_told_apart():
    with pytest.raises(DataError, match="tfi2i sample draws its images"):
        translator_of(tiny())
    with pytest.raises(DataError, match="pix2pix draws no images from noise"):
        generator_of(tiny_model("pix2pix"))
    assert generator_of(model := tiny()) is model


# --- a run, and the command ---


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> RunFolder:
    """A trained run on digits."""
    recipe = Recipe(
        "dcgan",
        model=NARROW,
        data={
            "source": "digits:handwritten",
            "channels": 1,
            "limit": 72,
            "batch_size": 32,
            "load_size": 32,
            "crop_size": 32,
        },
        train={"epochs": 1, "samples": 2, "evaluate_every": 1},
    ).resolve(DCGAN)
    training = Training(recipe, DCGAN, RunFolder(tmp_path_factory.mktemp("run") / "run"))
    training.fit(verbose=0)
    return training.folder


def test_a_run_shows_samples_and_figures(run):
    from tfi2i.report import write_run_page

    grid = read_image(run.samples / "000000002.png")
    assert grid.shape == (2 * 32, 5 * 32, 3)
    figures = run.figures()
    assert [line["iteration"] for line in figures] == [0, 2]
    assert all(line["val_kid"] > 0 for line in figures)
    write_run_page(run)
    page = run.page_path.read_text(encoding="utf-8")
    assert "tfi2i sample --run" in page and "tfi2i translate" not in page


@pytest.fixture
def tfi2i(capsys):
    from tfi2i.cli import main

    def call(*arguments) -> tuple[int, str]:
        with pytest.raises(SystemExit) as done:
            main([str(one) for one in arguments])
        shown = capsys.readouterr()
        return int(done.value.code or 0), shown.out + shown.err

    return call


def test_samples_as_files(run, tfi2i, tmp_path):
    code, said = tfi2i("sample", "--run", run.path, "--count", 3, "--out", tmp_path / "some")
    assert code == 0 and "3 samples" in said
    files = sorted((tmp_path / "some").iterdir())
    assert [file.name for file in files] == ["000000.png", "000001.png", "000002.png"]
    assert read_image(files[0], channels=1).shape == (32, 32, 1)
    code, said = tfi2i("sample", "--run", run.path, "--count", 5, "--out", tmp_path / "some")
    assert (
        code and "000000.png is there already" in said and len(list(files[0].parent.iterdir())) == 3
    )
    more = ("--count", 5, "--out", tmp_path / "some", "--overwrite", "--seed", 0)
    before = files[2].read_bytes()
    assert tfi2i("sample", "--run", run.path, *more)[0] == 0
    assert files[2].read_bytes() == before and len(list(files[0].parent.iterdir())) == 5


def test_pictures_of_samples(run, tfi2i, tmp_path):
    sample = ("sample", "--run", run.path)
    for picture, shape in (("--grid", (3, 3)), ("--nearest", (4, 4)), ("--walk", (7, 8))):
        path = tmp_path / f"{picture.strip('-')}.png"
        assert tfi2i(*sample, picture, "--count", 7, "--out", path)[0] == 0
        height, width, _ = read_image(path).shape
        assert (height / width) == pytest.approx(shape[0] / shape[1]), picture
    assert tfi2i(*sample, "--walk", "--count", 2, "--out", tmp_path / "walk.gif")[0] == 0
    with Image.open(tmp_path / "walk.gif") as moving:
        assert len(list(ImageSequence.Iterator(moving))) > 24


def test_what_cannot_be_sampled_is_refused(run, tfi2i, tmp_path):
    out = ("--out", tmp_path / "x.png")
    for words, arguments in {
        "one at a time": ("--run", run.path, "--grid", "--walk", *out),
        "--count is 2 or more": ("--run", run.path, "--walk", "--count", 1, *out),
        "0 samples are not possible": ("--run", run.path, "--count", 0, *out),
        "draws no images from noise": ("--preset", "cyclegan-relief2elevation-64", *out),
    }.items():
        code, said = tfi2i("sample", *arguments)
        assert code and words in " ".join(said.split()), said
    code, said = tfi2i("translate", "--run", run.path, tmp_path, "--out", tmp_path)
    assert code and "tfi2i sample draws its images" in said


def test_evaluate_measures_samples(run, tfi2i, tmp_path):
    code, said = tfi2i("evaluate", "--run", run.path, "--json", tmp_path / "f.json")
    assert code == 0 and "400 samples" in said and "classes covered" in said
    code, said = tfi2i("evaluate", "--run", run.path, "--size", 16)
    assert code and "draws images of 32 px" in " ".join(said.split())
    figures = json.loads((tmp_path / "f.json").read_text())
    assert figures["samples"]["kid"] > 0.1 > abs(figures["real_images"]["kid"])
    assert figures["features"]["extractor"].startswith("classifier of 10 classes")


def test_export_of_samples(run, tfi2i, tmp_path):
    out = ("--run", run.path, "--out", tmp_path / "shipped")
    code, said = tfi2i("export", *out, "--formats", "saved_model")
    assert code == 0 and "dcgan-sample/1" in said
    code, said = tfi2i("export", *out, "--size", 64)
    assert code and "--size has no meaning for it" in " ".join(said.split())


# --- collapse ---


def test_a_run_that_collapses_is_said_to(tmp_path):
    """Narrow perceptrons on a few digits: D wins at once, and G draws one image."""
    recipe = Recipe(
        "gan",
        model={"units": 32, "discriminator_units": 16, "latent_length": 6},
        data={
            "source": "digits:handwritten",
            "channels": 1,
            "limit": 64,
            "batch_size": 16,
            "load_size": 32,
            "crop_size": 32,
        },
        train={"epochs": 20, "samples": 4, "sample_every": 20},
    ).resolve(OriginalGAN)
    training, said = Training(recipe, OriginalGAN, RunFolder(tmp_path / "run")), []
    training.fit(warn=said.append, verbose=0)
    assert len([sentence for sentence in said if "mode collapse" in sentence]) == 1


def test_images_that_vary_are_no_collapse():
    draw = np.random.default_rng(0)
    real, others = (draw.uniform(-1, 1, (20, 8, 8, 3)) for _ in range(2))
    assert not sample_warnings(others, real)
    assert not sample_warnings(0.2 * others, real)  # pale, and yet of different latents
    nearly = others[:1] + 0.05 * others
    assert "they vary 5% as much as real ones" in sample_warnings(nearly, real)[0]
    assert not sample_warnings(nearly[:1], real)  # of one image nothing can be said
