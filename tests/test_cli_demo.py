"""The demo from end to end at a tiny size, and its measure of seams."""

import json
import re

import numpy as np
import pytest

from tfi2i.cli.plan import plan_new
from tfi2i.cli.training_run import carry_out
from tfi2i.data import image_size
from tfi2i.errors import RunError
from tfi2i.evidence.demo import better_baseline, run_demo, seam_ratio

pytest.importorskip("mpl_toolkits", reason="the Earth maps are an extra")


def test_demo_ends_in_one_page_with_everything(tmp_path):
    def train(folder) -> bool:
        overrides = ("model.filters=4", "model.discriminator_filters=4", "train.epochs=1")
        plan = plan_new(
            "pix2pix",
            "demo",
            data={"batch_size": 64},
            overrides=(*overrides, "train.decay_epochs=0"),
            run=folder,
            runs=folder.parent,
        )
        return carry_out(plan, to_resume="tfi2i demo").finished

    said: list[str] = []
    page = run_demo(tmp_path, train=train, say=said.append)
    assert page is not None and page == tmp_path / "index.html"
    text = page.read_text("utf-8")
    pictures = re.findall(r'src="(data:image/(?:png|webp);base64,[^"]+)"', text)
    assert len(pictures) == 3 * 6 + 3 and text.count("<img") == len(pictures)
    for words in ("mean colour", "SSIM", "KID", "pix2pix-a2b/1", "float16.tflite", "<svg"):
        assert words in text, words
    assert "http" not in text.replace("http-equiv", "")
    assert image_size(tmp_path / "overview.jpg") == (6 * 128, 3 * 128 + 3 * (12 + 128))
    figures = json.loads((tmp_path / "evaluation.json").read_text())
    assert figures["images_a"] == 126 and figures["size"] == 64
    assert {p.name for p in (tmp_path / "exported").iterdir()} == {
        "compose.yaml",
        "saved_model",
        "pix2pix-a2b-float32.tflite",
        "pix2pix-a2b-float16.tflite",
        "parity.json",
    }
    assert sum(line.startswith("[") for line in said) == 4


def test_demo_stops_where_training_stopped(tmp_path):
    assert run_demo(tmp_path, train=lambda folder: False, say=lambda line: None) is None
    assert not list(tmp_path.iterdir())


def test_demo_names_a_folder_in_the_place_of_its_page(tmp_path):
    (tmp_path / "index.html").mkdir()
    with pytest.raises(RunError, match="index.html is a folder"):
        run_demo(tmp_path, train=lambda folder: False, say=lambda line: None)


def test_seams_are_seen_where_tiles_differ_in_brightness():
    draw = np.random.default_rng(0)
    image = draw.integers(90, 110, (128, 128, 3)).astype(np.uint8)
    assert seam_ratio(image, 32, 0.0) == pytest.approx(1.0, abs=0.1)
    for row in range(0, 128, 32):
        for column in range(0, 128, 32):
            image[row : row + 32, column : column + 32] += 20 * ((row + column) // 32 % 2)
    assert seam_ratio(image, 32, 0.0) > 2.0


def test_texture_of_the_generator_is_no_seam():
    image = np.full((96, 96, 3), 100, np.uint8)
    image += np.add.outer(np.arange(96), np.arange(96))[..., None].astype(np.uint8)
    image[::2] += 10
    assert seam_ratio(image, 32, 0.5) == pytest.approx(1.0, abs=0.05)


def test_the_better_baseline_is_the_one_closer_to_the_truth():
    figures = {"copy_input": {"l1": 0.3}, "mean_colour": {"l1": 0.2}}
    assert better_baseline(figures) == ("mean_colour", 0.2)
    assert better_baseline({"copy_input": {"l1": 0.3}}) == ("copy_input", 0.3)
