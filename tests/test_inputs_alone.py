"""Test images without truth: what a run shows, measures, translates and exports of them."""

import json

import numpy as np
import pytest
from conftest import write_pictures
from PIL import Image
from typer.testing import CliRunner

from tfi2i.cli import app
from tfi2i.data import evaluation_arrays, read_image
from tfi2i.evidence.compare import _test_images
from tfi2i.metrics import evaluate
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant
from tiny_models import TINY

SIZE = 32


def trained(name, root):
    variant_class = find_variant(name).load_class()
    data = {"source": str(root / "data"), "load_size": SIZE, "crop_size": SIZE}
    recipe = Recipe(name, dict(TINY[name][0]), data, {"epochs": 1, "samples": 2})
    training = Training(recipe.resolve(variant_class), variant_class, RunFolder(root / "run"))
    training.fit(verbose=0)
    return training


@pytest.fixture(scope="module")
def cyclegan(tmp_path_factory):
    """A finished run on `trainA trainB testA`."""
    root = tmp_path_factory.mktemp("cyclegan")
    for seed, (name, count) in enumerate({"trainA": 3, "trainB": 4, "testA": 2}.items()):
        write_pictures(root / "data" / name, count, size=40, seed=seed)
    return trained("cyclegan", root)


@pytest.fixture(scope="module")
def pix2pix(tmp_path_factory):
    """A finished run on pairs side by side, with single images as test part."""
    root = tmp_path_factory.mktemp("pix2pix")
    for seed, (name, count) in enumerate({"train": 3, "test": 2}.items()):
        write_pictures(root / "data" / name, count, size=40, seed=seed)
    for path in (root / "data" / "train").iterdir():
        with Image.open(path) as image:
            image.resize((80, 40)).save(path)
    return trained("pix2pix", root)


def names_of(training):
    path = sorted(training.folder.samples.iterdir())[-1]
    with Image.open(path) as image:
        return read_image(path), json.loads(image.info["Columns"])


def test_samples_show_the_inputs_and_what_the_other_domain_looks_like(cyclegan, pix2pix):
    grid, names = names_of(cyclegan)
    assert names == ["a", "a to b", "b (training)", "b to a"]
    a, _, _ = evaluation_arrays(cyclegan.source, size=SIZE)
    _, b, _ = evaluation_arrays(cyclegan.source, split="train", size=SIZE, limit=2)
    tiles = grid.reshape(2, SIZE, 4, SIZE, 3).swapaxes(1, 2)
    np.testing.assert_array_equal(tiles[:, 0], a)
    np.testing.assert_array_equal(tiles[:, 2], b)
    assert names_of(pix2pix)[1] == ["a", "a to b", "b (training)"]


def test_figures_of_sets_beside_training_images_and_no_truth(cyclegan):
    model, source = cyclegan.model, cyclegan.source
    figures = model.measure(source, split="test", size=SIZE, features=False)
    a, _, _ = evaluation_arrays(source, size=SIZE)
    _, b, _ = evaluation_arrays(source, split="train", size=SIZE)
    assert b is not None
    alone = evaluate(model.translate_batch, a, b, paired=False, features=False)
    assert figures["translated"] == alone["translated"] and "l1" not in figures["translated"]
    assert (figures["images_a"], figures["images_b"], figures["paired"]) == (2, 4, False)
    assert "b2a" not in figures and figures["skipped"]["b2a"] == "the part test has no images of b"
    assert "images of a alone" in figures["skipped"]["truth"]
    measured = model.measure(source, split="train", size=SIZE, features=False)
    assert "truth" not in measured["skipped"] and "b2a" in measured


@pytest.mark.parametrize("name", ["cyclegan", "pix2pix"])
def test_commands_say_that_there_is_no_truth(name, request, tmp_path):
    training = request.getfixturevalue(name)
    run = ["--run", str(training.folder.path)]
    told = invoke("evaluate", *run, "--extractor", "none")
    assert "2 test inputs alone" in told
    assert "no truth: the part test has images of a alone; their translations are compared" in told
    assert "PSNR" not in told and "colours" in told
    assert ("no b2a: the part test has no images of b" in told) == (name == "cyclegan")
    folder = training.recipe.data["source"] + {"cyclegan": "/testA", "pix2pix": "/test"}[name]
    assert "2 files" in invoke("translate", *run, folder, "--out", str(tmp_path / "out"))


def test_comparisons_show_inputs_alone(cyclegan):
    assert list(_test_images(cyclegan.source, SIZE, drawn=False)) == ["input"]


def test_exports_are_compared_on_training_images_where_there_are_no_others(cyclegan, tmp_path):
    run = ["--run", str(cyclegan.folder.path), "--out", str(tmp_path), "--formats", "litert"]
    invoke("export", *run, "--direction", "b2a")
    (report,) = json.loads((tmp_path / "parity.json").read_text()).values()
    assert report["images"] == 4


def test_evaluate_reads_the_halves_that_training_read(tmp_path):
    """A run on halves of 30 x 40 measures itself, and folders of another form."""
    for seed, split in enumerate(("train", "test")):
        write_pictures(tmp_path / "data" / split, 3, size=60, seed=seed)
        for path in (tmp_path / "data" / split).iterdir():
            with Image.open(path) as image:
                image.resize((80, 30)).save(path)
    for domain in "AB":
        for split in ("train", "test"):
            write_pictures(tmp_path / "pairs" / domain / split, 2, size=40, seed=ord(domain))
    pix2pix = find_variant("pix2pix").load_class()
    data = {"source": str(tmp_path / "data"), "side": "right", "load_size": 32, "crop_size": 32}
    recipe = Recipe("pix2pix", dict(TINY["pix2pix"][0]), data, {"epochs": 1}).resolve(pix2pix)
    Training(recipe, pix2pix, RunFolder(tmp_path / "run")).fit(verbose=0)
    evaluation = ["evaluate", "--run", str(tmp_path / "run"), "--extractor", "none"]
    told = invoke(*evaluation)
    assert "right to left" in told and "3 test" in told
    assert "folders A, B, A to B" in invoke(*evaluation, "--data", str(tmp_path / "pairs"))


def invoke(*arguments):
    """What the command line says."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())
