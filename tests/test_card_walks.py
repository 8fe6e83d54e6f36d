"""Walks in cards: what their pictures show, and that those of shipped generators are theirs."""

import shutil
from typing import Any

import numpy as np

from tfi2i.data import read_image
from tfi2i.evidence.card_walks import update_walks, write_card_walks
from tfi2i.zoo.catalogue import Variant, find_variant
from tfi2i.zoo.generation.cgan import ConditionalGAN
from tfi2i.zoo.generation.dcgan import DCGAN
from tfi2i.zoo.paired.pix2pix import Pix2Pix

TINY: dict[str, Any] = {
    "crop_size": 16,
    "filters": 4,
    "discriminator_filters": 4,
    "latent_length": 5,
}


def tiles(path, side: int, channels: int) -> np.ndarray:
    """A picture taken apart: (rows, columns, side, side, channels), not enlarged."""
    picture = read_image(path, channels=channels)
    factor = picture.shape[1] // (8 * side)
    small = picture[::factor, ::factor]
    rows = len(small) // side
    return small.reshape(rows, side, 8, side, channels).swapaxes(1, 2)


def test_a_walk_goes_from_latent_to_latent(tmp_path):
    model = DCGAN(**TINY, channels=1)
    (walk,) = write_card_walks(tmp_path, "reproduce", model)
    assert walk["file"] == "walk.png" and "way from one latent" in walk["shows"]
    shown = tiles(tmp_path / "walk.png", 16, 1)
    stops = model.decode(model.latents(4))
    np.testing.assert_allclose(shown[:, 0].astype(int), stops, atol=1)
    np.testing.assert_allclose(shown[:, -1].astype(int), np.roll(stops, -1, axis=0), atol=1)
    assert [one["file"] for one in write_card_walks(tmp_path, "other", DCGAN(**TINY))] == [
        "walk_other.jpg"
    ]


def test_classes_have_a_sheet_and_a_walk(tmp_path):
    model = ConditionalGAN(**TINY, classes=("cat", "dog", "emu"), channels=1)
    draw = np.random.default_rng(0)
    for variable in model.generator.trainable_variables:  # images with contrast
        variable.assign(draw.normal(0.0, 0.3, variable.shape).astype(np.float32))
    sheet, walk = write_card_walks(tmp_path, "reproduce", model)
    assert sheet["file"] == "sheet.png" and "cat, dog, emu" in sheet["shows"]
    shown = tiles(tmp_path / "sheet.png", 16, 1).astype(int)
    for row, name in zip(shown, ("cat", "dog", "emu"), strict=True):
        np.testing.assert_allclose(row, model.sample(8, labels=name), atol=1)
    assert np.abs(shown[0] - shown[1]).max() > 10 < np.abs(shown[:, 0] - shown[:, 1]).max()
    assert walk["file"] == "walk.png"
    ways = tiles(tmp_path / "walk.png", 16, 1).astype(int)
    stops = model.decode(model.latents(1).repeat(3, axis=0), np.eye(3, dtype=np.float32))
    np.testing.assert_allclose(ways[:, 0], stops, atol=1)
    np.testing.assert_allclose(ways[:, -1], np.roll(stops, -1, axis=0), atol=1)


def test_a_translator_walks_nowhere(tmp_path):
    model = Pix2Pix(crop_size=32, filters=4, discriminator_filters=4, depth=3, receptive_field=16)
    assert write_card_walks(tmp_path, "reproduce", model) == [] and not list(tmp_path.iterdir())


def test_the_card_shows_what_its_preset_draws(tmp_path):
    shipped = find_variant("sngan")
    copy = Variant("sngan", shipped.group, tmp_path / "sngan")
    shutil.copytree(shipped.folder, copy.folder)
    (copy.folder / "walk.png").unlink()
    written = update_walks(copy)
    assert written == [copy.folder / "walk.png"]
    assert copy.results() == shipped.results()
    card = (copy.folder / "README.md").read_text("utf-8")
    assert card == (shipped.folder / "README.md").read_text("utf-8")
    assert "![Samples](walk.png)" in card
    drawn, there = (read_image(one.folder / "walk.png", channels=1) for one in (copy, shipped))
    assert np.abs(drawn.astype(int) - there).max() <= 2
