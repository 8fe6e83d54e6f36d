"""Shapes of images that users have: two in one file, inputs without truth, pairs of two sizes."""

import numpy as np
import pytest
from PIL import Image

from tfi2i.data import (
    at_trained_scale,
    evaluation_arrays,
    open_source,
    resize_image,
    training_batches,
    write_image,
)
from tfi2i.data.folders.pairing import _alike
from tfi2i.data.scale import TrainedScale
from tfi2i.errors import DataError


@pytest.fixture
def put(tmp_path):
    """Writes noise; with `halves` the left half is dark and the right half bright."""

    def write(*names, width=24, height=16, halves=False):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            image = noise(height, width, len(names))
            if halves:
                image = image // 4 + np.where(np.arange(width) < width // 2, 0, 180)[:, None]
            write_image(path, image.astype(np.uint8))
        return tmp_path

    return write


def noise(height, width, seed=0):
    draw = np.random.default_rng(seed)
    return draw.integers(0, 256, (height, width, 3), dtype=np.uint8)


def is_dark(images):
    return [bool(images.load(index).mean() < 100) for index in range(len(images))]


# --- two images side by side, of any shape ---


@pytest.mark.parametrize(
    ("options", "dark_a", "order"),
    [
        ({"side": "left"}, True, "left to right"),
        ({"side": "right"}, False, "right to left"),
        ({"side": "left", "direction": "b2a"}, False, "right to left"),
        ({"side": "right", "direction": "b2a"}, True, "left to right"),
        ({"side": "right", "kind": "unpaired"}, False, "right to left"),
    ],
)
def test_the_side_says_which_half_is_a(put, options, dark_a, order):
    put("train/1.png", "train/2.png", width=60, halves=True)
    root = put("test/1.png", width=60, halves=True)
    source = open_source(root, **options)
    assert source.kind == options.get("kind", "paired")
    assert f"two images side by side, {order})" in source.description
    for split in source.splits.values():
        assert split.b is not None
        assert set(split.a.sizes) == set(split.b.sizes) == {(16, 30)}
        assert set(is_dark(split.a)) == {dark_a} and set(is_dark(split.b)) == {not dark_a}
    assert source.aligned_test


def test_halves_of_two_squares_are_the_same_with_and_without_the_side(put):
    root = put("train/1.png", "test/1.png", width=32, halves=True)
    plain, left = open_source(root, kind="paired"), open_source(root, side="left")
    assert is_dark(plain.splits["train"].a) == is_dark(left.splits["train"].a) == [True]
    fingerprints = {one.fingerprint for one in (plain, left, open_source(root, side="right"))}
    assert len(fingerprints) == 3


def test_one_folder_of_files_with_two_images_each(put):
    source = open_source(put("1.png", width=60, halves=True), side="left")
    assert source.kind == "paired" and is_dark(source.splits["train"].a) == [True]


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        (["train/1.png"], {"kind": "paired"}, r"squares .*\(24x16\).* state data.side=left"),
        (["A/1.png", "B/1.png"], {"side": "left"}, "folders of their own .* leave it out"),
        (["trainA/1.png", "trainB/1.png"], {"side": "right"}, "folders of their own"),
        (["train/1.png"], {"side": "left", "kind": "images"}, "side=left is for folders"),
        (["train/1.png"], {"side": "left", "derive": "grey"}, "side=left is for folders"),
    ],
)
def test_sides_that_are_missing_or_impossible(put, names, options, words):
    root = put(*names)
    with pytest.raises(DataError, match=words):
        open_source(root, **options)


def test_built_in_images_have_no_sides():
    with pytest.raises(DataError, match="side=left is for folders"):
        open_source("earth:bmng-etopo1", side="left")


def test_files_of_odd_width_cannot_be_halved(put):
    put("train/1.png", width=60)
    root = put("train/2.png", width=61)
    with pytest.raises(DataError, match=r"1 files have an odd width, such as .*2.png \(61x16\)"):
        open_source(root, side="left")


# --- test images without truth ---


@pytest.mark.parametrize(
    ("train", "test"),
    [
        (["trainA/1.png", "trainB/1.png"], "testA/5.png"),
        (["trainA/1.png", "trainB/1.png"], "test/5.png"),
        (["trainA/1.png", "trainB/1.png"], "valA/5.png"),
        (["A/train/1.png", "B/train/1.png"], "A/test/5.png"),
        (["train/A/1.png", "train/B/1.png"], "test/A/5.png"),
        (["train/A/1.png", "train/B/1.png"], "test/5.png"),
    ],
)
def test_a_test_part_may_have_inputs_alone(put, train, test):
    root = put(*train, test)
    for kind in ("unpaired", "paired"):
        source = open_source(root, kind=kind)
        assert source.splits["test"].a.names == ["5.png"] and source.splits["test"].b is None
        assert source.splits["train"].b is not None
        assert ", 1 test inputs alone" in source.description
        assert source.lacks_b("test") and not source.lacks_b("train")
        assert not source.is_aligned("test") and not source.aligned_test
        assert source.is_aligned("train") == (kind == "paired")
        a, b, names = evaluation_arrays(source, size=8)
        assert a.shape == (1, 8, 8, 3) and b is None and names == ["5.png"]


def test_inputs_are_those_of_the_direction(put):
    root = put("trainA/1.png", "trainB/1.png", "testB/5.png")
    source = open_source(root, direction="b2a")
    assert source.splits["test"].a.names == ["5.png"] and source.splits["test"].b is None
    with pytest.raises(DataError, match="test has images of B and none of A, .*direction=b2a"):
        open_source(root)


@pytest.mark.parametrize(("side", "width"), [(None, 32), ("left", 60), ("right", 60)])
def test_single_images_beside_pairs_in_one_file_are_inputs_alone(put, side, width):
    put("train/1.png", "train/2.png", width=width, halves=True)
    put("val/1.png", width=width, halves=True)
    root = put("test/5.png", "test/6.png", width=width // 2)
    source = open_source(root, kind="paired", side=side)
    assert source.splits["test"].a.sizes == [(16, width // 2)] * 2
    assert source.splits["test"].b is None
    assert source.splits["val"].b is not None
    assert source.description.endswith("2 training pairs, 2 test inputs alone, 1 val")


def test_test_files_of_both_forms_are_named(put):
    put("train/1.png", "test/1.png", width=32)
    root = put("test/2.png", width=16)
    with pytest.raises(DataError, match=r"1 of 3 images are not two squares .*2.png \(16x16\)"):
        open_source(root, kind="paired")


# --- pairs of two sizes ---


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ((16, 16), (64, 64), True),
        ((333, 500), (667, 1000), True),
        ((334, 500), (667, 1000), True),
        ((10, 1000), (6, 550), True),
        ((256, 256), (256, 257), True),
        ((256, 256), (256, 260), False),
        ((16, 24), (24, 16), False),
        ((100, 200), (100, 100), False),
    ],
)
def test_sizes_with_the_same_proportions(one, other, alike):
    assert _alike(one, other) == _alike(other, one) == alike


@pytest.fixture
def small_and_large(tmp_path):
    """Pairs whose `a` is `b`, shrunk to a half: 16 x 24 and 32 x 48."""
    for number in range(2):
        for split in ("train", "test"):
            large = np.asarray(
                Image.fromarray(noise(4, 6, number)).resize((48, 32), Image.Resampling.BICUBIC)
            )
            for domain, image in {"A": resize_image(large, 16, 24), "B": large}.items():
                (tmp_path / domain / split).mkdir(parents=True, exist_ok=True)
                write_image(tmp_path / domain / split / f"{number}.png", image)
    return tmp_path


def test_pairs_of_two_sizes_are_loaded_at_one(small_and_large):
    source = open_source(small_and_large)
    assert source.description.endswith("; 4 pairs have two sizes, which are brought to one")
    a, b = next(iter(training_batches(source, batch_size=2, load_size=32, crop_size=32)))
    assert a.shape == b.shape == (2, 32, 32, 3)
    scale = TrainedScale.of(source, 32)
    assert scale is not None
    # Each domain's own files tell its scale: the roots of their areas are 19.6 and 39.2.
    assert scale.factor("a") == pytest.approx(32 / 19.6) and scale.factor("b") == 32 / 39.2


def test_without_a_load_size_b_comes_to_the_size_of_a(small_and_large):
    source = open_source(small_and_large)
    batches = training_batches(
        source, batch_size=2, load_size=None, crop_size=(16, 24), flip=False, seed=3
    )
    train = source.splits["train"]
    assert train.b is not None
    wanted = {resize_image(train.b.load(i), 16, 24).tobytes() for i in range(2)}
    _, b = next(iter(batches))
    assert {np.rint((one + 1) * 127.5).astype(np.uint8).tobytes() for one in b.numpy()} == wanted
    measured = at_trained_scale(source, load_size=None, crop_size=(16, 24))
    a, b, _ = evaluation_arrays(measured, size=(16, 24))
    assert b is not None
    np.testing.assert_array_equal(a, b)
    with pytest.raises(DataError, match="2 of 2 training images are smaller than crop_size=32"):
        training_batches(source, batch_size=2, load_size=None, crop_size=32)


def test_unpaired_domains_have_sizes_of_their_own(tmp_path):
    for domain, size in {"A": (20, 40), "B": (60, 30)}.items():
        (tmp_path / f"train{domain}").mkdir()
        for number in range(3):
            write_image(tmp_path / f"train{domain}" / f"{number}.png", noise(*size, seed=number))
    source = open_source(tmp_path)
    for load_size, crop in ((32, 24), (None, 16), ((24, 48), (16, 40))):
        a, b = next(iter(training_batches(source, load_size=load_size, crop_size=crop)))
        assert a.shape == b.shape
