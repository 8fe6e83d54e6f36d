"""A few hundred of the inputs of `make fuzz`, and every one that once broke a reader."""

import random
from pathlib import Path

import pytest

from tools.fuzz.drawn import run_all
from tools.fuzz.readers import fed, readers, seeds

FOUND = Path(__file__).parents[1] / "data" / "fuzz"


@pytest.fixture(scope="module")
def all_readers():
    return readers()


@pytest.mark.fault("10", "R9", "R11")
def test_whole_and_altered_inputs_are_taken_or_refused_in_words(all_readers):
    draw = random.Random(0)
    for name, contents in seeds().items():
        assert all(fed(all_readers[name], content) for content in contents), name
        refused = 0
        for _ in range(40):
            altered = bytearray(draw.choice(contents))
            for _ in range(draw.randint(1, 4)):
                altered[draw.randrange(len(altered))] = draw.choice((0, 255, draw.randrange(256)))
            cut = draw.choice((len(altered), draw.randrange(len(altered))))
            refused += not fed(all_readers[name], bytes(altered[:cut]))
        assert refused or name in ("metrics", "settings"), name


@pytest.mark.fault("R9")
def test_what_once_broke_a_reader_does_so_no_more(all_readers):
    found = [path for path in FOUND.rglob("*") if path.is_file()]
    assert found
    for path in found:
        fed(all_readers[path.parent.name.replace("_", " ")], path.read_bytes())


@pytest.mark.fault("R11", "18", "14")
def test_drawn_recipes_models_and_folders_are_taken_or_refused_in_words():
    counts = run_all(40, seed=0)
    assert all(count >= 40 for count in counts.values()), counts
