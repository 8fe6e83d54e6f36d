import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tfi2i.data import evaluation_arrays, open_source
from tfi2i.data import fingerprint as fingerprints
from tfi2i.data.fingerprint import same_images
from tfi2i.data.folders import scan, unused
from tfi2i.errors import DataError


def opened(source, **options) -> Any:
    """A source, untyped: the tests look behind the protocol of its images."""
    return open_source(source, **options)


def arrays(source, **options) -> Any:
    """The arrays to evaluate on, untyped: `b` is there where a test says so."""
    return evaluation_arrays(source, **options)


@pytest.fixture
def put(tmp_path):
    """Writes small images of one colour; the colour's red is their number."""

    def write(*names, red=0, width=16, height=16):
        for number, name in enumerate(names):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (width, height), (red + number, 9, 9)).save(path)
        return tmp_path

    return write


@pytest.fixture
def put_double(tmp_path):
    """Writes images whose left half is red 10, 11, ... and whose right half is red 200, 201, ..."""

    def write(*names, width=32, height=16):
        for number, name in enumerate(names):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            image = Image.new("RGB", (width, height), (10 + number, 0, 0))
            image.paste((200 + number, 0, 0), (width // 2, 0, width, height))
            image.save(path)
        return tmp_path

    return write


def reds(images):
    return [int(images.load(i)[0, 0, 0]) for i in range(len(images))]


def files(folder, *names):
    return [f"{folder}/{name}" for name in names]


class TestNothingIsLeftOutSilently:
    def test_pictures_below_and_beside_those_that_are_read(self, put):
        put(*files("trainA", "1.png", "2.png"), *files("trainA/more", "3.png", "4.png"))
        root = put(
            *files("trainB", "1.png"), *files("extra", "5.png"), *files("other/sub/deeper", "6.png")
        )
        for number in range(5):
            (root / "trainB" / f"{number}.HEIC").write_bytes(b"heic")
        (root / "trainB" / "notes.txt").write_text("words")
        assert opened(root).description == (
            "found unpaired (folders trainA and trainB, A to B): 2 + 1 training images, no test "
            "part (nothing is held out); NOT used: 1 image in extra, "
            "1 image in other/sub/deeper, 2 images in trainA/more, 5 .heic in trainB "
            "(move images beside those that are used, convert other kinds to PNG or JPEG)"
        )

    def test_nothing_but_pictures_of_another_kind(self, tmp_path):
        (tmp_path / "1.heic").write_bytes(b"heic")
        with pytest.raises(DataError, match="1 .heic: convert them to PNG or JPEG"):
            opened(tmp_path)

    def test_folders_inside_a_class(self, put):
        put(*files("cat", "1.png"), *files("dog", "1.png"))
        root = put(*files("dog/old", "2.png"))
        assert "NOT used: 1 image in dog/old (" in opened(root, kind="labelled").description

    def test_a_class_without_a_picture_that_is_read(self, put):
        root = put(*files("train/cat", "1.png"), *files("train/dog", "1.png"))
        (root / "train/fox").mkdir()
        (root / "train/fox/1.heic").write_bytes(b"heic")
        description = opened(root, kind="labelled").description
        assert description.endswith(
            "NOT used: 1 .heic in train/fox (convert other kinds to PNG or JPEG)"
        )

    def test_pictures_above_those_that_are_read(self, put):
        root = put(*files("trainA", "1.png"), *files("trainB", "1.png"), "1.png", "2.png")
        assert f"NOT used: 2 images in {root.name} (" in opened(root).description

    def test_a_folder_whose_pictures_lie_deeper_than_those_of_its_neighbour(self, put):
        """There is one folder with images then, which is read as all there is."""
        root = put(*files("cat", "1.png"), *files("dog/2020/may", "2.png", "3.png"))
        description = opened(root).description
        assert "images (one folder of images): 1 training images" in description
        assert "NOT used: 2 images in dog/2020/may (move images beside" in description

    def test_pictures_that_all_lie_too_deep(self, put):
        root = put(*files("cat/2020", "1.png"), *files("dog/2021/may", "2.png", "3.png"))
        words = r"no image files where .* deeper \(1 image in cat/2020, 2 images in dog/2021/may\)"
        with pytest.raises(DataError, match=words + ": move them up, or name the folder"):
            opened(root)
        put(*files("train/a/b", "1.png"))
        with pytest.raises(DataError, match=r"train holds no .* \(1 image in a/b\)"):
            opened(root)

    def test_of_many_places_the_first_ones(self, put, monkeypatch):
        root = put("1.png", *(f"{number}/sub/1.png" for number in range(9)))
        assert (
            "1 image in 5/sub, more in 3 further places ("
            in opened(root, kind="images").description
        )
        monkeypatch.setattr(unused, "MOST_FOLDERS", 4)
        assert (
            "NOT used: 1 image in 0/sub, folders beyond the first 4 were not searched"
            in opened(root, kind="images").description
        )

    def test_links_in_a_circle_and_to_what_is_read(self, put):
        root = put("1.png", "a/sub/2.png", "b/sub/3.png")
        (root / "a/sub/to_b").symlink_to(root / "b")
        (root / "b/sub/to_a").symlink_to(root / "a")
        (root / "b/sub/to_all").symlink_to(root)
        description = opened(root, kind="images").description
        assert "NOT used: 1 image in a/sub, 1 image in a/sub/to_b/sub (" in description

    def test_a_folder_that_nobody_may_list(self, put, monkeypatch):
        root = put("1.png", "private/sub/1.png")

        def refuse(path):
            if Path(path).name == "sub":
                raise PermissionError(13, "Permission denied")
            return scandir(path)

        scandir = os.scandir
        monkeypatch.setattr(os, "scandir", refuse)
        description = opened(root, kind="images").description
        assert description.endswith("NOT used: the contents of private/sub were not searched")


class TestWhatSystemsLeaveBehind:
    def test_folders_of_an_archive_made_on_a_mac(self, put):
        put(*files("facades/trainA", "1.png"), *files("facades/trainB", "1.png"))
        root = put(*files("__MACOSX/facades", "1.png"))
        assert opened(root).description.startswith("found unpaired")
        assert "NOT used" not in opened(root).description

    def test_composed_and_decomposed_names_are_one_name(self, put):
        root = put("A/caf\u00e9.png", "B/cafe\u0301.png")
        source = opened(root, kind="paired")
        assert len(source.splits["train"].a) == len(source.splits["train"].b) == 1

    def test_test_classes_in_another_form_of_unicode(self, put):
        root = put("train/\u00e9/1.png", "train/x/1.png", "test/e\u0301/1.png", "test/x/1.png")
        source = opened(root, kind="labelled")
        assert source.class_names == ("x", "\u00e9") and source.splits["test"].labels == (0, 1)

    @pytest.mark.fault("R12")
    def test_a_pipe_is_no_image(self, put):
        root = put("1.png")
        os.mkfifo(root / "2.png")
        assert len(opened(root, kind="images").splits["train"].a) == 1


class TestForms:
    def test_two_domains(self, put):
        put(*files("trainA", "1.png", "2.png", "3.png"), red=10)
        put(*files("trainB", "x.bmp", "y.png"), red=50)
        put(*files("testA", "1.png"), red=20)
        root = put(*files("testB", "1.png", "2.png"), red=60)
        source = opened(root)
        assert source.kind == "unpaired"
        assert source.description == (
            "found unpaired (folders trainA and trainB, A to B): 3 + 2 training images, 1 + 2 test"
        )
        assert reds(source.splits["train"].a) == [10, 11, 12]
        assert reds(source.splits["train"].b) == [50, 51]
        assert source.splits["train"].b.names == ["x.bmp", "y.png"]
        assert not source.aligned_test
        swapped = opened(str(root), direction="b2a")
        assert reds(swapped.splits["train"].a) == [50, 51]
        assert "B to A" in swapped.description

    def test_names_of_domains_in_any_case(self, put):
        root = put("TrainA/1.png", "TRAINB/1.png")
        assert opened(root).kind == "unpaired"

    @pytest.mark.parametrize("direction", ["a2b", "b2a"])
    def test_side_by_side(self, put_double, direction):
        put_double(*files("train", "1.png", "2.png"))
        root = put_double(*files("val", "3.png"))
        source = opened(root, direction=direction)
        assert source.kind == "paired"
        assert "val serves as test): 2 training pairs, 1 test" in source.description
        train = source.splits["train"]
        left, right = (train.a, train.b) if direction == "a2b" else (train.b, train.a)
        assert reds(left) == [10, 11]
        assert reds(right) == [200, 201]
        assert right.load(0).shape == (16, 16, 3)
        assert left.sizes == [(16, 16)] * 2
        assert list(source.splits) == ["train", "test"]
        assert source.aligned_test

    def test_side_by_side_also_as_unpaired_and_as_images(self, put_double):
        root = put_double(*files("train", "1.png"), *files("test", "1.png"))
        unpaired = opened(root, kind="unpaired")
        assert (unpaired.kind, unpaired.aligned_test) == ("unpaired", True)
        assert opened(root, kind="images").splits["train"].a.load(0).shape == (16, 32, 3)

    def test_val_and_test(self, put_double):
        root = put_double(*(f"{split}/1.png" for split in ("train", "val", "test")))
        assert sorted(opened(root).splits) == ["test", "train", "val"]

    def test_splits_of_single_images(self, put):
        root = put(*files("train", "1.png", "2.png"), *files("test", "1.png"))
        source = opened(root)
        assert source.kind == "images"
        assert source.description.endswith("2 training images, 1 test")

    @pytest.mark.parametrize(
        "folders",
        [
            ("A/train", "B/train", "A/test", "B/test"),
            ("train/A", "train/B", "test/A", "test/B"),
            ("photos/train", "sketches/train", "photos/test", "sketches/test"),
        ],
    )
    def test_two_folders_with_equal_names_and_splits(self, put, folders):
        for number, folder in enumerate(folders):
            root = put(*files(folder, "1.png", "2.png"), red=10 * number)
        source = opened(root)
        assert source.kind == "paired"
        assert source.description.endswith("2 training pairs, 2 test")
        assert reds(source.splits["train"].b) == [10, 11]
        assert reds(source.splits["test"].a) == [20, 21]

    def test_two_folders_with_equal_names_and_other_suffixes(self, put):
        put(*files("photo", "10.png", "9.png"), red=10)
        root = put(*files("map", "10.bmp", "9.bmp"), red=50)
        source = opened(root)
        assert source.kind == "paired"
        assert "map to photo): 2 training pairs, no test part (nothing is held out)" in (
            source.description
        )
        assert not source.aligned_test
        assert source.splits["train"].a.names == ["10.bmp", "9.bmp"]
        assert reds(source.splits["train"].b) == [10, 11]

    def test_classes(self, put):
        put("train/owl/1.png", "train/owl/2.png", red=30)
        put("train/cat/1.png", "train/dog/3.png", red=10)
        root = put("test/dog/9.png", red=90)
        source = opened(root)
        assert (source.kind, source.class_names) == ("labelled", ("cat", "dog", "owl"))
        assert source.splits["train"].labels == (0, 1, 2, 2)
        assert source.splits["train"].a.names == [
            "cat/1.png",
            "dog/3.png",
            "owl/1.png",
            "owl/2.png",
        ]
        assert source.splits["test"].labels == (1,)
        images = opened(root, kind="images")
        assert reds(images.splits["train"].a) == [10, 11, 30, 31]
        assert images.class_names == source.class_names
        assert [part.labels for part in images.splits.values()] == [(0, 1, 2, 2), (1,)]
        limited = opened(root, kind="images", limit=2).splits["train"]
        assert (reds(limited.a), limited.labels) == ([10, 31], (0, 2))
        with pytest.raises(DataError, match=r"\(images\): data.aligned says"):
            opened(root, kind="images", aligned=True)
        derived = opened(root, derive="grey")
        assert (derived.class_names, derived.splits["train"].labels) == ((), None)

    def test_two_classes_also_as_unpaired(self, put):
        root = put("horse/1.png", "horse/2.png", "zebra/7.png")
        assert opened(root).kind == "labelled"
        assert len(opened(root, kind="unpaired").splits["train"].b) == 1

    def test_one_folder_and_an_archive_with_one_folder_around_it(self, put):
        root = put("inner/deep/1.png", "inner/deep/2.PNG")
        for folder in (root, root / "inner" / "deep"):
            source = opened(folder)
            assert source.kind == "images"
            assert source.description == (
                "found images (one folder of images): "
                "2 training images, no test part (nothing is held out)"
            )

    def test_domains_with_equal_names_as_pairs(self, put):
        root = put("trainA/1.png", "trainB/1.png")
        assert opened(root, kind="paired").kind == "paired"

    def test_grey(self, put):
        source = opened(put("1.png"), channels=1)
        assert source.splits["train"].a.load(0).shape == (16, 16, 1)
        assert (source.class_names, source.splits["train"].labels) == ((), None)


def test_a_licence_is_what_the_user_states(put):
    folder = put("train/1.png", "test/2.png")
    assert opened(folder).licence is None
    stated = opened(folder, derive="grey", licence="CC0-1.0")
    assert stated.licence == "CC0-1.0"
    assert stated.fingerprint == opened(folder, derive="grey").fingerprint


def test_looking_at_many_files_shows_how_far_it_is(put, monkeypatch):
    told = []

    @contextmanager
    def bar(description, total):
        told.append(total)
        yield told.append

    monkeypatch.setattr(scan, "progress_bar", bar)
    opened(put("1.png", "2.png", "3.png"))
    assert told == [3, 1, 1, 1]


class TestErrors:
    @pytest.mark.parametrize(
        ("names", "kind", "words"),
        [
            (["trainA/1.png"], None, "trainA holds 1 images and trainB holds no images"),
            (["trainA/1.png", "trainB/1.png", "testB/1.png"], None, "of B and none of A, .*=b2a"),
            (["A/1.png", "A/2.png", "B/1.png"], None, "1 of 2 files in .*A have no partner.*2.png"),
            (["x/1.png", "x/2.png", "x/3.png", "y/1.png", "y/2.png"], None, "such as 3.png"),
            (["A/1.png", "A/1.bmp", "B/1.png"], None, "has both 1.bmp and 1.png"),
            (["A/train/1.png", "B/train/1.png", "B/test/1.png"], None, "of B and none of A"),
            (["a/1.png", "b/1.png", "c/1.png"], "paired", "3 folders of images .*two are needed"),
            (["1.png"], "paired", r"1 of 1 images are not two squares side by side.*\(16x16\)"),
            (["1.png"], "unpaired", "trainA and trainB"),
            (["1.png"], "labelled", "one folder for each class"),
            (["1.png", "more/2.png"], None, r"1 images beside the folders more \(1\)"),
            (["train/x/1.png", "train/y/2.png", "test/1.png"], None, "use one form for all"),
            (["train/1.png", "test/a/1.png", "test/b/1.png"], None, "use one form for all"),
            (["train/x/1.png", "train/y/2.png", "test/z/1.png"], None, "test has the folder z"),
            (["train/A/1.png", "train/B/1.png", "test/B/1.png"], None, "of B and none of A"),
            (["trainA/1.png", "trainB/2.png"], "paired", "state kind=unpaired"),
        ],
    )
    def test_form(self, put, names, kind, words):
        root = put(*names)
        with pytest.raises(DataError, match=words) as caught:
            opened(root, kind=kind)
        assert str(root) in str(caught.value)

    @pytest.mark.fault("13")
    def test_nothing_there(self, tmp_path):
        with pytest.raises(DataError, match="there is no folder .*none"):
            opened(tmp_path / "none")
        with pytest.raises(DataError, match="holds nothing; put images there"):
            opened(tmp_path)
        (tmp_path / "notes.txt").write_text("no image")
        with pytest.raises(DataError, match="1 files, none of which has an image's suffix"):
            opened(tmp_path)
        with pytest.raises(DataError, match="is a file; a folder of images is needed"):
            opened(tmp_path / "notes.txt")

    @pytest.mark.fault("13")
    def test_pairs_of_unequal_proportions(self, put):
        put("A/1.png", "A/2.png", "B/1.png")
        root = put("B/2.png", width=20)
        with pytest.raises(DataError, match=r"1 of 2 pairs .*2\.png \(16x16\) and .*\(20x16\)"):
            opened(root)

    def test_arguments(self, put):
        root = put("1.png")
        with pytest.raises(DataError, match="kind='pared' is not one of images, labelled, cap"):
            opened(root, kind="pared")
        with pytest.raises(DataError, match="direction='ab'"):
            opened(root, direction="ab")
        with pytest.raises(DataError, match="than the 4 asked for.*data.channels=3"):
            opened(root, channels=4)


@pytest.fixture
def damaged(put):
    """Four good files and one of each kind of bad ones."""
    root = put("1.png", "2.png", "3.jpg", "4.webp")
    noise = Image.effect_noise((64, 64), 90)
    for suffix in ("png", "jpg", "webp", "gif", "bmp", "tif"):
        path = root / f"cut.{suffix}"
        noise.save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (root / "empty.png").write_bytes(b"")
    (root / "garbage.jpg").write_bytes(b"not a picture at all")
    (root / "gone.png").symlink_to(root / "nowhere.png")
    Image.new("RGB", (1, 1)).save(root / "pixel.gif")
    return root


class TestBadFiles:
    BAD = ["cut.bmp", "cut.gif", "cut.jpg", "cut.png", "cut.tif", "cut.webp"] + [
        "empty.png",
        "garbage.jpg",
        "gone.png",
        "pixel.gif",
    ]

    @pytest.mark.fault("10")
    def test_are_listed_when_the_folder_is_opened(self, damaged):
        with pytest.raises(DataError, match="10 of 14 image files in .* cannot be used") as caught:
            opened(damaged)
        for name in self.BAD:
            assert name in str(caught.value)
        assert "skip_bad" in str(caught.value)

    @pytest.mark.fault("10")
    def test_can_be_skipped(self, damaged):
        source = opened(damaged, skip_bad=True)
        assert source.splits["train"].a.names == ["1.png", "2.png", "3.jpg", "4.webp"]
        assert source.description.endswith("; skipped 10 files that cannot be used")
        assert [Path(line.split()[0]).name.rstrip(":") for line in source.skipped] == self.BAD
        assert arrays(source, split="train", size=8)[0].shape == (4, 8, 8, 3)

    @pytest.mark.fault("10")
    def test_damage_in_the_middle_is_named_when_decoded_and_can_be_skipped(self, put):
        root = put("1.png")
        path = root / "2.png"
        Image.effect_noise((64, 64), 90).save(path)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 255
        path.write_bytes(content)
        images = opened(root).splits["train"].a
        with pytest.raises(DataError, match=r"2\.png is damaged"):
            images.load(1)
        assert opened(root, skip_bad=True).skipped[0].startswith(str(path))

    def test_a_bad_file_takes_its_partner_along(self, put):
        root = put("A/1.png", "A/2.png", "B/1.png", "B/2.png")
        (root / "A" / "1.png").write_bytes(b"")
        source = opened(root, skip_bad=True)
        assert source.splits["train"].a.names == source.splits["train"].b.names == ["2.png"]
        assert any("B/1.png: its partner" in line for line in source.skipped)

    def test_nothing_left(self, put):
        root = put("trainA/1.png", "trainB/1.png")
        (root / "trainB" / "1.png").write_bytes(b"")
        with pytest.raises(DataError, match="trainB holds no image that can be used"):
            opened(root, skip_bad=True)


class TestStrangeNames:
    @pytest.mark.fault("14", "R12")
    def test_links_that_lead_in_circles(self, put):
        root = put("cat/1.png", "dog/2.png")
        (root / "cat" / "loop").symlink_to(root)
        (root / "self").symlink_to(root)
        (root / "a.png").symlink_to(root / "b.png")
        (root / "b.png").symlink_to(root / "a.png")
        with pytest.raises(DataError, match="2 images beside the folders cat"):
            opened(root)
        (root / "a.png").unlink()
        (root / "b.png").unlink()
        assert opened(root).class_names == ("cat", "dog")

    @pytest.mark.fault("R12")
    def test_two_folders_that_lead_into_each_other(self, tmp_path):
        (tmp_path / "one").mkdir()
        (tmp_path / "other").mkdir()
        (tmp_path / "one" / "next").symlink_to(tmp_path / "other")
        (tmp_path / "other" / "next").symlink_to(tmp_path / "one")
        with pytest.raises(DataError, match="no image files"):
            opened(tmp_path / "one")

    def test_linked_folders_are_followed(self, put, tmp_path):
        root = put("set/trainA/1.png", "elsewhere/2.png")
        (root / "set" / "trainB").symlink_to(root / "elsewhere")
        assert opened(root / "set").splits["train"].b.names == ["2.png"]

    @pytest.mark.fault("14")
    def test_dots_markup_and_hidden_files(self, put):
        root = put("a..b.png", "<b>&.png", "..hidden.png", "._1.png")
        source = opened(root / ".." / root.name)
        assert source.splits["train"].a.names == ["<b>&.png", "a..b.png"]

    @pytest.mark.fault("14", "R12")
    def test_names_that_are_not_utf8(self, put):
        root = put("1.png")
        os.rename(root / "1.png", os.path.join(os.fsencode(root), b"\xff\xe9.png"))
        source = opened(root)
        assert source.splits["train"].a.names == [r"\xff\xe9.png"]
        assert source.splits["train"].a.load(0).shape == (16, 16, 3)
        source.fingerprint.encode("utf-8")
        with open(os.path.join(os.fsencode(root), b"\xfe.png"), "wb"):
            pass
        with pytest.raises(DataError) as caught:
            opened(root)
        assert r"\xfe.png is empty" in str(caught.value)
        str(caught.value).encode("utf-8")


class TestFingerprint:
    def test_is_the_same_for_the_same_images_elsewhere(self, put):
        put("x/1.png")
        root = put("y/1.png")
        assert opened(root / "x").fingerprint == opened(root / "y").fingerprint

    def test_changes_with_names_numbers_sizes_and_use(self, put):
        root = put("1.png", "2.png")
        seen = {opened(root).fingerprint, opened(root, channels=1).fingerprint}
        put("3.png")
        seen.add(opened(root).fingerprint)
        put("3.png", width=64)
        seen.add(opened(root).fingerprint)
        os.rename(root / "3.png", root / "4.png")
        seen.add(opened(root).fingerprint)
        assert len(seen) == 5

    def test_sees_content_whole_or_in_three_places(self, put, monkeypatch):
        root = put("1.png", "2.png", width=64, height=64)
        for whole in (64 * 1024**2, 0):
            monkeypatch.setattr(fingerprints, "WHOLE_BYTES", whole)
            path = root / "1.png"
            content = path.read_bytes() + bytes(9000)
            path.write_bytes(content)
            seen = {opened(root).fingerprint}
            for place in (len(content) - 5, len(content) // 2, len(content) - 2000):
                altered = bytearray(content)
                altered[place] ^= 1
                path.write_bytes(altered)
                seen.add(opened(root).fingerprint)
            # A byte between the places is seen only where the files are few.
            assert len(seen) == (4 if whole else 3)
            assert len({one.split(":")[1] for one in seen}) == 1, "names and sizes are the same"
            os.utime(path, (1, 1))
            path.write_bytes(content)
            assert opened(root).fingerprint in seen

    def test_of_what_is_made_of_images_follows_them(self, put):
        root = put("1.png", "2.png")
        uses = [{"limit": 1}, {"derive": "grey"}]
        before = [opened(root, **use).fingerprint for use in uses]
        content = (root / "2.png").read_bytes()
        (root / "2.png").write_bytes(content[:-20] + b"x" * 8 + content[-12:])
        after = [opened(root, **use).fingerprint for use in uses]
        assert all(
            one.split(":")[1] == two.split(":")[1] for one, two in zip(before, after, strict=True)
        )
        assert not set(before) & set(after)
        assert all(not same_images(one, two) for one, two in zip(before, after, strict=True))
        assert all(same_images(one.split(":")[1], one) for one in before)


class TestEvaluationArrays:
    def test_pairs_are_whole_and_resized(self, put_double):
        source = opened(put_double("train/1.png", "test/1.png", "test/2.png"))
        a, b, names = arrays(source, size=24)
        assert a.shape == b.shape == (2, 24, 24, 3)
        assert a.dtype == np.uint8
        assert names == ["1.png", "2.png"]
        assert (a[1, 0, 0, 0], b[1, 0, 0, 0]) == (12, 202)

    def test_one_domain_and_a_limit(self, put):
        source = opened(put("1.png", "2.png", "3.png"))
        a, b, names = arrays(source, split="train", size=8, limit=2)
        assert (len(a), b, names) == (2, None, ["1.png", "3.png"])

    def test_a_split_that_is_not_there(self, put):
        with pytest.raises(DataError, match="has no 'test' images to evaluate on; it has: train"):
            arrays(opened(put("1.png")), size=8)
