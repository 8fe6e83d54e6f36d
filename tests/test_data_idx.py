"""Folders of idx files, as MNIST and its kin have them."""

import gzip
import struct
import tracemalloc
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tfi2i.data import evaluation_domains, open_source, training_batches
from tfi2i.data.decode import idx
from tfi2i.errors import DataError

LABELS = {"train": [2, 0, 2, 5, 0, 5, 2, 0], "t10k": [5, 2, 0]}
SIZE = (6, 8)


def encoded(values, kind=8) -> bytes:
    """A file of bytes, written by hand as MNIST's page describes it."""
    values = np.asarray(values, np.uint8)
    header = struct.pack(f">BBBB{values.ndim}I", 0, 0, kind, values.ndim, *values.shape)
    return header + values.tobytes()


def pictures(count, seed, shape=SIZE) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


def write(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    packed = name.endswith(".gz")
    (folder / name).write_bytes(gzip.compress(content) if packed else content)


def write_set(folder: Path, form="{part}-{what}-idx{axes}-ubyte.gz", **other_names) -> Path:
    for seed, (part, labels) in enumerate(LABELS.items()):
        part = other_names.get(part, part)
        images = encoded(pictures(len(labels), seed))
        write(folder, form.format(part=part, what="images", axes=3), images)
        write(folder, form.format(part=part, what="labels", axes=1), encoded(labels))
    return folder


def opened(folder, **options) -> Any:
    """A source, untyped: the tests look behind the protocol of its images."""
    return open_source(folder, **{"channels": 1, **options})


class TestForms:
    def test_images_and_their_classes(self, tmp_path):
        source = opened(write_set(tmp_path))
        assert source.description == (
            "found labelled (idx files, 3 classes): 8 training images, 3 test"
        )
        assert source.class_names == ("0", "2", "5")
        train, test = source.splits["train"], source.splits["test"]
        assert train.labels == (1, 0, 1, 2, 0, 2, 1, 0) and test.labels == (2, 1, 0)
        assert np.array_equal(train.a.load(3)[..., 0], pictures(8, 0)[3])
        assert np.array_equal(test.a.load(2)[..., 0], pictures(3, 1)[2])
        assert train.a.sizes == [SIZE] * 8 and train.a.names[7] == "train-000007"
        domains = evaluation_domains(source, size=SIZE)
        assert np.array_equal(domains["5"][0, ..., 0], pictures(3, 1)[0])

    @pytest.mark.parametrize(
        ("form", "names"),
        [
            ("{part}-{what}-idx{axes}-ubyte", {}),
            ("{part}-{what}.idx{axes}-ubyte", {}),
            ("{part}_{what}_idx{axes}_ubyte.GZ", {"t10k": "test"}),
            ("kmnist-{part}-{what}-idx{axes}-ubyte.gz", {"t10k": "test"}),
            ("my.set-{part}-{what}-idx{axes}-ubyte", {"t10k": "validation"}),
        ],
    )
    def test_names_as_sets_have_them(self, tmp_path, form, names):
        source = opened(write_set(tmp_path / "around", form, **names).parent)
        assert [len(part.a) for part in source.splits.values()] == [8, 3]
        assert ("val serves as test" in source.description) == ("validation" in names.values())

    def test_emnist_is_turned_upright_and_named(self, tmp_path):
        write_set(tmp_path, "emnist-letters-{part}-{what}-idx{axes}-ubyte.gz", t10k="test")
        (tmp_path / "emnist-letters-mapping.txt").write_text(
            "0 65 97\n2 66 98\n5 67 99\n6 68 100\n"
        )
        source = opened(tmp_path)
        assert "(idx files of emnist-letters, turned upright, 3 classes)" in source.description
        assert source.class_names == ("A", "B", "C")
        upright = source.splits["train"].a
        assert upright.sizes[0] == SIZE[::-1]
        assert np.array_equal(upright.load(4)[..., 0], pictures(8, 0)[4].T)

    def test_names_of_classes_in_a_text(self, tmp_path):
        write_set(tmp_path)
        names = tmp_path / "labels.txt"
        names.write_text("shirt\n-\nbag\n?\n!\nankle boot\n")
        assert opened(tmp_path).class_names == ("shirt", "bag", "ankle boot")
        for text, words in {
            "shirt\n-\nbag\n": "no name for the label 5",
            "shirt\n\nbag\n": "has an empty line",
            "bag\n-\nbag\n?\n!\nboot": "two labels the name 'bag'",
        }.items():
            names.write_text(text)
            with pytest.raises(DataError, match=words):
                opened(tmp_path)
        names.unlink()
        (tmp_path / "mapping.txt").write_text("0 forty-eight\n")
        with pytest.raises(DataError, match="has the line '0 forty-eight'; each is a label and"):
            opened(tmp_path)

    def test_colour_and_grey(self, tmp_path):
        colour = pictures(5, 3, (6, 8, 3))
        write(tmp_path, "train-images-idx4-ubyte", encoded(colour))
        source, in_grey = opened(tmp_path, channels=3), opened(tmp_path)
        assert (source.kind, source.class_names) == ("images", ())
        assert np.array_equal(source.splits["train"].a.load(2), colour[2])
        luma = colour[2] @ np.array([0.299, 0.587, 0.114])
        assert np.abs(in_grey.splits["train"].a.load(2)[..., 0] - luma).max() < 1
        grey = opened(write_set(tmp_path / "grey"), channels=3).splits["train"].a.load(0)
        assert np.array_equal(grey, np.stack([pictures(8, 0)[0]] * 3, -1))

    def test_the_unpacked_one_of_two_equal_files(self, tmp_path):
        write_set(tmp_path)
        write(tmp_path, "train-images-idx3-ubyte", encoded(pictures(8, 9)))
        source = opened(tmp_path)
        assert np.array_equal(source.splits["train"].a.load(0)[..., 0], pictures(8, 9)[0])

    def test_pictures_below_are_named(self, tmp_path):
        write_set(tmp_path)
        (tmp_path / "img").mkdir()
        Image.new("L", (8, 8)).save(tmp_path / "img" / "sprite.png")
        assert opened(tmp_path).description.endswith("; NOT used: 1 image in img")


class TestKinds:
    @pytest.mark.parametrize("kind", ["labelled", "images"])
    def test_batches(self, tmp_path, kind):
        source = opened(write_set(tmp_path), kind=kind)
        settings: Any = {"batch_size": 4, "load_size": None, "crop_size": SIZE, "flip": False}
        element = next(iter(training_batches(source, **settings)))
        assert source.kind == kind and source.splits["train"].labels is not None
        if kind == "images":
            assert element.shape == (4, *SIZE, 1)
            return
        for image, label in zip(*(part.numpy() for part in element), strict=True):
            pixels = np.round((image[..., 0] + 1) * 127.5)
            (place,) = (n for n, one in enumerate(pictures(8, 0)) if np.array_equal(one, pixels))
            assert source.class_names[label] == str(LABELS["train"][place])

    def test_images_without_labels(self, tmp_path):
        write_set(tmp_path)
        (tmp_path / "t10k-labels-idx1-ubyte.gz").unlink()
        with pytest.raises(DataError, match=r"add t10k-labels-idx1-ubyte.gz, or state kind=images"):
            opened(tmp_path)
        images = opened(tmp_path, kind="images")
        assert images.splits["test"].labels is None and images.class_names == ("0", "2", "5")
        (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
        assert opened(tmp_path).description.startswith("found images (idx files): 8 training")
        with pytest.raises(DataError, match="no labels for train-images-idx3-ubyte.gz"):
            opened(tmp_path, kind="labelled")

    def test_labels_stay_with_their_images(self, tmp_path):
        limited = opened(write_set(tmp_path), limit=3).splits["train"]
        places = [int(name.removeprefix("train-")) for name in limited.a.names]
        assert places == [0, 4, 7] and limited.labels == (1, 0, 0)

    def test_fingerprints_see_the_content_however_it_is_packed(self, tmp_path):
        source = opened(write_set(tmp_path / "packed"))
        plain = write_set(tmp_path / "plain", "{part}-{what}-idx{axes}-ubyte")
        assert opened(plain).fingerprint == source.fingerprint
        seen = {source.fingerprint, opened(plain, kind="images").fingerprint}
        seen.add(opened(plain, channels=3).fingerprint)
        for name in ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
            content = (plain / name).read_bytes()
            (plain / name).write_bytes(content[:-3] + bytes([content[-3] ^ 7]) + content[-2:])
            seen.add(opened(plain, kind="images").fingerprint)
            (plain / name).write_bytes(content)
        assert len(seen) == 5

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"kind": "paired"}, "kind is labelled or images, not paired"),
            ({"side": "left"}, "leave it out"),
            ({"range": "0:9"}, "leave data.range=0:9 out"),
            ({"channels": 4}, "channels=4 is not possible"),
        ],
    )
    def test_what_cannot_be(self, tmp_path, options, words):
        with pytest.raises(DataError, match=words):
            opened(write_set(tmp_path), **options)


class TestWhatDoesNotFit:
    def test_several_sets(self, tmp_path):
        for name in ("emnist-digits", "emnist-letters"):
            write_set(tmp_path, name + "-{part}-{what}-idx{axes}-ubyte.gz", t10k="test")
        with pytest.raises(DataError, match=r"2 sets \(emnist-digits, emnist-letters\): .* own"):
            opened(tmp_path)

    def test_two_files_for_one_part(self, tmp_path):
        write_set(write_set(tmp_path), t10k="test")
        with pytest.raises(DataError, match="t10k-images-idx3-ubyte.gz and test-images.*move one"):
            opened(tmp_path)

    def test_what_is_missing(self, tmp_path):
        write_set(tmp_path)
        (tmp_path / "t10k-images-idx3-ubyte.gz").unlink()
        with pytest.raises(DataError, match="not the images of t10k-labels-idx1-ubyte.gz"):
            opened(tmp_path)
        for path in tmp_path.glob("*labels*"):
            path.unlink()
        (tmp_path / "train-images-idx3-ubyte.gz").rename(tmp_path / "t10k-images-idx3-ubyte.gz")
        with pytest.raises(DataError, match=r"\(t10k-images.*\) but not training images; names"):
            opened(tmp_path)

    def test_pictures_beside_them(self, tmp_path):
        Image.new("L", (8, 8)).save(write_set(tmp_path) / "sprite.png")
        with pytest.raises(DataError, match="1 images beside idx files: move one or the other"):
            opened(tmp_path)

    def test_labels_of_another_set(self, tmp_path):
        write_set(tmp_path)
        write(tmp_path, "t10k-labels-idx1-ubyte.gz", encoded([0, 2, 3]))
        with pytest.raises(DataError, match="has the label 3, which no training image has"):
            opened(tmp_path)
        write(tmp_path, "t10k-labels-idx1-ubyte.gz", encoded([0, 2]))
        with pytest.raises(DataError, match="2 labels for the 3 images of t10k-images"):
            opened(tmp_path)


GOOD = encoded(pictures(40, 0))
# Without the time of day, which would make other tests in every worker: their names show contents.
compressed = partial(gzip.compress, mtime=0)
PACKED = compressed(GOOD)
HUGE = struct.pack(">BBBB3I", 0, 0, 8, 3, 2**32 - 1, 2**20, 2**20)
LARGE = struct.pack(">BBBB3I", 0, 0, 8, 3, 1000, 20, 20)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<!DOCTYPE html>", r"is no idx file: it begins with b'<!DO'.*to be downloaded"),
        (b"", "is no idx file"),
        (encoded(pictures(4, 0), kind=0x0D), r"values of type 0x0d; .*\(0x08\) are read"),
        (encoded([1, 2, 3, 4]), "has 1 axes where 3 or 4 are expected"),
        (encoded(pictures(4, 0, (6, 8, 2))), "4 x 6 x 8 x 2: images in colour"),
        (encoded(pictures(4, 0, (3, 8))), "4 images of 8x3 pixels"),
        (encoded(np.zeros((0, 6, 8))), "0 images of 8x6 pixels"),
        (GOOD[:11], "ends within its header"),
        (GOOD[:-1], r"ends after 1,919 of the 1,920 bytes .*\(40 x 6 x 8\)"),
        (GOOD + b"\0", "goes on after the 1,920 bytes"),
        (HUGE, "cannot hold the 4,722,.* bytes that its header states"),
        (compressed(HUGE), "cannot hold the 4,722"),
        (
            compressed(LARGE + pictures(250, 0, (20, 20)).tobytes()),
            "ends after 100,000 of the 400,000 bytes",
        ),
        (compressed(GOOD + bytes(5 * 10**7)), "goes on after the 1,920 bytes"),
        (PACKED[: len(PACKED) // 2], "cannot be unpacked .*download it again"),
        (PACKED[:-6] + bytes(6), "cannot be unpacked .*CRC.*download it again"),
        (PACKED[:10] + b"\x07" + PACKED[11:], "cannot be unpacked .*invalid block type"),
    ],
)
def test_bad_files_are_named_and_take_no_memory(tmp_path, content, words):
    name = "train-images-idx3-ubyte"
    (tmp_path / name).write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=f"{name} .*(?:{words})"):
            opened(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_a_set_that_memory_cannot_hold(tmp_path, monkeypatch):
    monkeypatch.setattr(idx, "MOST_BYTES", 1000)
    write(tmp_path, "train-images-idx3-ubyte.gz", GOOD)
    with pytest.raises(DataError, match=r"holds 0\.0 GiB; up to 0 are held .*tf\.data\.Dataset"):
        opened(tmp_path)
