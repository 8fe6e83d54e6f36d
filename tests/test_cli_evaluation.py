"""A model measured in every direction it translates."""

import json

import numpy as np
import pytest

from tfi2i.cli import main
from tfi2i.data import open_source, resize_image, to_float, to_uint8
from tfi2i.errors import DataError
from tfi2i.evidence.evaluate import evaluate_model
from tfi2i.metrics import l1
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant
from tiny_models import TINY

SIZE = 32


class MeanColours:
    """Features that cost nothing."""

    name = "mean-colours"

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        return images.mean(axis=(1, 2)).astype(np.float64)


@pytest.fixture(scope="module")
def cyclegan():
    variant_class = find_variant("cyclegan").load_class()
    return variant_class(
        crop_size=SIZE, filters=4, discriminator_filters=4, blocks=1, receptive_field=16
    )


def test_each_direction_is_compared_with_its_own_domain(cyclegan, unpaired_folder):
    source = open_source(unpaired_folder)
    figures = evaluate_model(cyclegan, source, size=SIZE, extractor=MeanColours())
    assert figures["data"] == source.description and figures["size"] == SIZE
    assert not figures["paired"] and "l1" not in figures["translated"]
    assert figures["features"]["extractor"] == "mean-colours"
    # Copying a in place of b is as far off as copying b in place of a; translations are not.
    assert figures["copy_input"]["fid"] == pytest.approx(figures["b2a"]["copy_input"]["fid"])
    assert figures["translated"]["fid"] != pytest.approx(figures["b2a"]["translated"]["fid"])


def test_pairs_give_pair_figures_both_ways(cyclegan, paired_folder):
    source = open_source(paired_folder)
    figures = evaluate_model(cyclegan, source, size=SIZE, extractor=MeanColours())
    split = source.splits["test"]
    assert split.b is not None
    for there, wanted, truth in (("a", figures, split.b), ("b", figures["b2a"], split.a)):
        assert wanted["paired"] and wanted["images_a"] == 4, there
        colour = _mean_colour(source, "b" if there == "a" else "a")
        flat = np.broadcast_to(colour, (4, 40, 40, 3))
        expected = l1(flat, np.stack([truth.load(i) for i in range(4)]))
        assert wanted["mean_colour"]["l1"] == pytest.approx(expected, rel=0.05)


def test_the_scale_of_training_can_be_measured(paired_folder, tmp_path):
    """Whole images of 40 px at load_size 45, which no generator takes without a border."""
    recipe = Recipe(
        "pix2pix",
        TINY["pix2pix"][0],
        {"source": str(paired_folder), "load_size": 45, "crop_size": SIZE, "batch_size": 2},
        {"epochs": 1},
    )
    variant = find_variant("pix2pix").load_class()
    training = Training(recipe.resolve(variant), variant, RunFolder(tmp_path / "r"))
    training.checkpoints.save(training.model)
    json_file = tmp_path / "figures.json"
    command = ["evaluate", "--run", str(tmp_path / "r"), "--extractor", "none"]
    with pytest.raises(SystemExit) as done:
        main([*command, "--size", "load", "--json", str(json_file)])
    assert not done.value.code
    figures = json.loads(json_file.read_text())
    test = training.source.splits["test"]
    assert test.b is not None
    a, b = (
        np.stack([resize_image(part.load(i), 45, 45) for i in range(4)])
        for part in (test.a, test.b)
    )
    border = np.pad(a, [(0, 0), (0, 3), (0, 3), (0, 0)], mode="reflect")
    made = to_uint8(np.asarray(training.model(to_float(border), training=False)))[:, :45, :45]
    assert figures["size"] == 45
    assert figures["translated"]["l1"] == pytest.approx(l1(b, made), abs=2e-3)
    with pytest.raises(SystemExit):
        main([*command, "--size", "0"])


def _mean_colour(source, domain: str) -> np.ndarray:
    images = getattr(source.splits["train"], domain)
    return np.mean([images.load(i).mean(axis=(0, 1)) for i in range(len(images))], 0).astype(
        "uint8"
    )


def test_training_pairs_are_pairs_too(cyclegan, paired_folder):
    source = open_source(paired_folder)
    figures = evaluate_model(
        cyclegan, source, size=SIZE, split="train", extractor=MeanColours(), limit=3
    )
    assert figures["paired"] and figures["images_a"] == 3


def test_only_test_images_of_unpaired_maps_are_compared_pixel_by_pixel(cyclegan):
    pytest.importorskip("mpl_toolkits", reason="the Earth maps are an extra")
    source = open_source("earth:shadedrelief-etopo1", kind="unpaired", load_size=SIZE)
    for split, paired in (("test", True), ("train", False)):
        figures = evaluate_model(
            cyclegan, source, size=SIZE, split=split, extractor=MeanColours(), limit=4
        )
        assert figures["paired"] is paired, split


def test_limit_takes_some_images_and_keeps_pairs_together(cyclegan, paired_folder):
    source = open_source(paired_folder)
    whole = evaluate_model(cyclegan, source, size=SIZE, extractor=MeanColours())
    part = evaluate_model(cyclegan, source, size=SIZE, extractor=MeanColours(), limit=2)
    assert (whole["images_a"], part["images_a"], part["images_b"]) == (4, 2, 2)
    # The first and the last image, each beside its own negative.
    split = source.splits["test"]
    assert split.b is not None
    a, b = (np.stack([images.load(i) for i in (0, 3)]) for images in (split.a, split.b))
    assert part["copy_input"]["l1"] == pytest.approx(l1(a, b), rel=0.05)


def test_one_domain_cannot_be_compared(cyclegan, unpaired_folder):
    source = open_source(unpaired_folder / "trainA")
    with pytest.raises(DataError, match="one domain"):
        evaluate_model(cyclegan, source, size=SIZE, split="train")
