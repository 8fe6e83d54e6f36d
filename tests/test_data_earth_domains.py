"""Earth maps as labelled domains: in training no place is in two of them, in the test all are."""

from typing import Any

import numpy as np
import pytest

from tfi2i.data import earth_map, evaluation_domains, open_source, training_batches
from tfi2i.data.builtin.earth_elements import drawn_map, element_cover
from tfi2i.errors import DataError

MAPS = "earth:bmng+etopo1+shadedrelief"
COASTS = "earth:shadedrelief+coastlines"


def columns_of(source: Any, split: str) -> list[set[int]]:
    """The columns of the map that each domain sees."""
    return [
        {x + i for _, x in part.corners for i in range(part.tile)}
        for part in source.splits[split].a._parts
    ]


@pytest.mark.parametrize("name", [MAPS, COASTS])
def test_no_place_is_seen_in_two_domains(name):
    source = open_source(name)
    assert source.kind == "labelled" and source.aligned_test
    seen = [*columns_of(source, "train"), columns_of(source, "test")[0]]
    for number, columns in enumerate(seen):
        assert not columns & set().union(*seen[:number])
    counts = np.bincount(source.splits["train"].labels or ())
    assert len(counts) == len(source.class_names) and counts.min() > 60


def test_test_images_of_all_domains_show_the_same_places():
    domains = evaluation_domains(open_source(MAPS), size=64, limit=5)
    assert list(domains) == ["bmng", "etopo1", "shadedrelief"]
    rows, cols = zip(*open_source(MAPS).splits["test"].a._parts[0].corners, strict=True)  # type: ignore
    for name, images in domains.items():
        assert images.shape == (5, 64, 64, 3)
        cut = earth_map(name)[rows[0] : rows[0] + 64, cols[0] : cols[0] + 64]
        assert np.array_equal(images[0], cut)


def test_an_element_changes_what_it_covers_and_nothing_else():
    plain, drawn = earth_map("shadedrelief"), drawn_map("shadedrelief", "coastlines", 2700)
    cover = element_cover("coastlines", 2700)
    changed = (plain != drawn).any(axis=-1)
    assert not changed[cover == 0].any() and changed[cover > 128].mean() > 0.99
    assert (drawn[cover == 255] == 0).all()
    # Coastlines lie between land and sea, which the relief map paints blue.
    sea = plain[..., 2] > 1.15 * plain[..., 0]
    mixed = [
        sea[y - 3 : y + 4, x - 3 : x + 4].mean()
        for y, x in np.argwhere(cover[300:1000, 1500:1700] == 255)[::50] + (300, 1500)
    ]
    assert np.mean([0 < share < 1 for share in mixed]) > 0.9


def test_tiles_of_elements_show_them():
    source = open_source(COASTS)
    assert source.class_names == ("plain", "coastlines")
    assert source.licence and "LGPL" in source.licence
    domains = evaluation_domains(source, size=64)
    differs = (domains["plain"] != domains["coastlines"]).any(axis=-1).mean(axis=(1, 2))
    assert 0.01 < differs.min() and differs.max() < 0.4


def test_batches_carry_the_labels_of_their_images():
    source = open_source(COASTS)
    images, labels = next(iter(training_batches(source, batch_size=8, load_size=64, crop_size=64)))
    assert images.shape == (8, 64, 64, 3) and set(labels.numpy()) == {0, 1}
    # A coastline is the only black in a relief map.
    black = (images.numpy().max(axis=-1) < -0.9).any(axis=(1, 2))
    assert np.array_equal(black, labels.numpy() == 1)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("earth:bmng+mars", {}, "not a set of Earth domains"),
        ("earth:bmng+bmng", {}, "not a set of Earth domains"),
        ("earth:coastlines+bmng", {}, "not a set of Earth domains"),
        (MAPS, {"kind": "paired"}, "labelled, not paired"),
        (MAPS, {"load_size": 4000}, "does not fit"),
    ],
)
def test_mistakes_are_told(name, options, message):
    with pytest.raises(DataError, match=message):
        open_source(name, **options)


def test_no_such_class():
    with pytest.raises(DataError, match="no labelled 'test' images"):
        evaluation_domains(open_source("earth:bmng-etopo1"), size=64)
