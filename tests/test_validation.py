"""Figures while a model trains: on which images, where they go, which checkpoint is the best."""

import numpy as np
import pytest

from tfi2i.data import open_source, to_float, write_image
from tfi2i.data.limits import with_validation
from tfi2i.errors import DataError, RecipeError
from tfi2i.metrics import l1
from tfi2i.recipe import Recipe
from tfi2i.report import write_run_page
from tfi2i.training import RunFolder
from tfi2i.training.run.metrics_file import BestFigure, best_figure
from tfi2i.training.run.training import Training
from tfi2i.training.run.validation_callbacks import MOST_IMAGES
from tfi2i.zoo.catalogue import find_variant, load
from tfi2i.zoo.style.fast_style import FastStyle
from tiny_models import TINY

SIZE = 32


@pytest.fixture(scope="module")
def forty_pairs(tmp_path_factory):
    """Forty pairs to train on; each picture has a grey of its own, which is its number."""
    folder = tmp_path_factory.mktemp("pairs")
    random = np.random.default_rng(0)
    for number in range(40):
        for domain in "ab":
            picture = random.integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
            picture[0, 0] = 5 * number
            path = folder / domain / "train" / f"{number:02d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(path, picture)
    return folder


def recipe_for(folder, name="pix2pix", **train):
    data = {"source": str(folder), "load_size": SIZE, "crop_size": SIZE, "batch_size": 18}
    variant = find_variant(name).load_class()
    settings = {"epochs": 3, "precision": "float32", **train}
    return Recipe(name, TINY[name][0], data, settings).resolve(variant), variant


@pytest.fixture(scope="module")
def run(forty_pairs, tmp_path_factory):
    recipe, variant = recipe_for(forty_pairs, evaluate_every=2)
    training = Training(recipe, variant, RunFolder(tmp_path_factory.mktemp("runs") / "r"))
    training.fit(verbose=0)
    return training


def test_what_is_held_back_is_not_trained_on(forty_pairs):
    source = open_source(str(forty_pairs), kind="paired", load_size=SIZE)
    divided = with_validation(source)
    train, val = divided.splits["train"], divided.splits["val"]
    assert [image[0, 0, 0] // 5 for image in map(val.a.load, range(4))] == [0, 13, 26, 39]
    for part in (train, val):
        assert part.b is not None and list(part.a.names) == list(part.b.names)
    assert len(train.a) == 36 and not set(train.a.names) & set(val.a.names)
    assert divided.fingerprint != source.fingerprint
    assert "36 training pairs" in divided.description
    assert with_validation(divided) is divided


def test_too_few_images_to_divide_are_named(forty_pairs):
    source = open_source(str(forty_pairs), kind="paired", load_size=SIZE, limit=30)
    with pytest.raises(DataError, match="30 training images .* needs 40, or give it a folder val"):
        with_validation(source)


def test_figures_join_the_losses_and_the_events(run):
    lines = run.folder.figures()
    assert run.steps_per_epoch == 2
    assert [line["iteration"] for line in lines] == [0, 4]
    assert {"val_l1", "val_psnr", "val_ssim"} <= lines[-1].keys()
    assert [line["iteration"] for line in run.folder.metrics()] == [2, 4, 6]
    assert not any(name.startswith("val_") for line in run.folder.metrics() for name in line)


def test_the_figure_is_that_of_the_held_out_images(run):
    """The last measured weights are those of the best checkpoint, or of the first."""
    best = best_figure(run.folder.figures())
    assert best is not None
    model = load(run.folder.path, checkpoint="best")
    assert int(np.array(model.iteration)) == best.iteration
    val = run.source.splits["val"]
    assert len(val.a) <= MOST_IMAGES
    images, truths = (np.stack([part.load(i) for i in range(4)]) for part in (val.a, val.b))
    made = np.concatenate([model.translate_batch(images[:4])])
    assert l1(truths, made) == pytest.approx(best.value, abs=1e-6)


def test_the_page_draws_the_curve_and_names_the_best(run):
    html = write_run_page(run.folder).read_text(encoding="utf-8")
    assert "Figures on held-out images" in html and "--checkpoint best" in html


def test_measuring_changes_nothing_of_the_training(run, forty_pairs, tmp_path):
    """The same images without measurements give the same weights, and so does a resumed run."""
    recipe, variant = recipe_for(forty_pairs, evaluate_every=2)
    first = Training(recipe, variant, RunFolder(tmp_path / "r"))
    first._fit_epochs(0, 1, 2, [*first._chief_callbacks(print)], 0)
    second = Training(recipe, variant, RunFolder(tmp_path / "r"))
    assert second.resumed_from is not None and second.iteration == 2
    second.fit(verbose=0)
    ours, theirs = (one.model.state() for one in (second, run))
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    assert second.folder.figures() == run.folder.figures()


def test_the_best_is_the_lowest_and_the_first():
    lines = [
        {"iteration": i, "val_kid": kid} for i, kid in ((0, 0.5), (2, 0.2), (4, 0.2), (6, 0.9))
    ]
    assert best_figure(lines) == BestFigure("val_kid", 0.2, 2)
    with_truth = [{**line, "val_l1": line["iteration"]} for line in lines]
    assert best_figure(with_truth) == BestFigure("val_l1", 0, 0)
    assert best_figure([]) is None


def test_one_domain_is_refused_before_anything_is_made(images_folder, tmp_path):
    recipe, variant = recipe_for(images_folder, "gatys", evaluate_every=1)
    with pytest.raises(RecipeError, match="evaluate_every=1: gatys trains on images of one domain"):
        Training(recipe, variant, RunFolder(tmp_path / "r"))
    assert not (tmp_path / "r").exists()


def test_a_style_is_followed_by_its_objective(forty_pairs, tmp_path):
    """The images alone have no truth and no second domain."""
    pictures = forty_pairs / "a"
    recipe, variant = recipe_for(pictures, "fast_style", evaluate_every=1, epochs=1)
    training = Training(recipe, variant, RunFolder(tmp_path / "r"))
    training.fit(verbose=0)
    first, last = training.folder.figures()
    assert (first["iteration"], last["iteration"]) == (0, 2)
    best = best_figure([first, last])
    assert best is not None and best.name == "val_objective"
    model = load(tmp_path / "r", checkpoint="best")
    images = np.stack([training.source.splits["val"].a.load(i) for i in range(4)])
    trained = training.model  # It has seen the style, and its losses are checked by its own test.
    assert isinstance(trained, FastStyle)
    losses = [
        trained.objective(to_float(made)[None], trained.features(to_float(image)[None])["relu3_3"])
        for made, image in zip(model.translate_batch(images), images, strict=True)
    ]
    assert np.mean([one["generator_loss"] for one in losses]) == pytest.approx(best.value, rel=1e-4)
    untouched = model.measure(training.source, split="val", size=SIZE)["copy_input"]
    assert untouched["content_loss"] == 0 < untouched["style_loss"] < untouched["objective"]
