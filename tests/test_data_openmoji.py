"""OpenMoji's drawings as pairs, from a package of the same form with a few drawings."""

import importlib.util
import json
import sys

import pytest

from tfi2i.data import evaluation_arrays, open_source
from tfi2i.data.openmoji import main, write_pairs
from tfi2i.errors import DataError, MissingExtraError

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("resvg_py") is None, reason="needs the extra openmoji"
)
SQUARE = '<svg viewBox="0 0 72 72" xmlns="http://www.w3.org/2000/svg"><rect x="12" y="12" \
width="48" height="48" stroke="#000" stroke-width="4" fill="{fill}"/></svg>'


@pytest.fixture
def package(tmp_path):
    """Subgroups `face` and `tool` are for testing and training; a flag, a tone, a plain outline."""
    rows = [
        ("1F600", "smileys", "face-smiling", ""),
        ("1F601", "smileys", "face-smiling", ""),
        ("1F528", "objects", "tool", ""),
        ("1F529", "objects", "subgroup-0", ""),
        ("1F1E6", "flags", "country-flag", ""),
        ("1F44B-1F3FB", "people-body", "hand", 1),
        ("2B1C", "symbols", "geometric", ""),
    ]
    keys = ("hexcode", "group", "subgroups", "skintone")
    folder = tmp_path / "package"
    (folder / "data").mkdir(parents=True)
    listed = [dict(zip(keys, row, strict=True)) for row in rows]
    (folder / "data" / "openmoji.json").write_text(json.dumps(listed))
    for kind, fill in (("black", "none"), ("color", "#ff0000")):
        (folder / kind / "svg").mkdir(parents=True)
        for name, *_ in rows:
            plain = name == "2B1C"
            drawing = SQUARE.format(fill="none" if plain else fill)
            (folder / kind / "svg" / f"{name}.svg").write_text(drawing)
    return folder


def test_pairs_of_outline_and_colour(package, tmp_path):
    counts = write_pairs(package, tmp_path / "out", size=32)
    named = {split: {p.stem for p in (tmp_path / "out/A" / split).glob("*")} for split in counts}
    assert counts == {split: len(names) for split, names in named.items()}
    assert named["train"] | named["test"] == {"1F600", "1F601", "1F528", "1F529"}
    assert any({"1F600", "1F601"} <= names for names in named.values())

    source = open_source(str(tmp_path / "out"))
    assert source.kind == "paired"
    a, b, _ = evaluation_arrays(source, split="train", size=32)
    assert b is not None and a.shape[1:] == (32, 32, 3)
    assert tuple(a[0, 16, 16]) == (255, 255, 255) and tuple(b[0, 16, 16]) == (255, 0, 0)
    assert (a[0, 0] == 255).all() and (a[0] == 0).any()


def test_what_is_refused(package, tmp_path, monkeypatch, capsys):
    with pytest.raises(DataError, match=r"no data/openmoji\.json.*npm pack openmoji"):
        write_pairs(tmp_path, tmp_path / "out")
    with pytest.raises(DataError, match="exists already"):
        write_pairs(package, tmp_path)
    broken = package / "color" / "svg" / "1F528.svg"
    broken.write_text("<svg")
    with pytest.raises(DataError, match=r"1F528\.svg cannot be drawn"):
        write_pairs(package, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    broken.unlink()
    assert main([str(package), str(tmp_path / "more")]) == DataError.exit_code
    assert "1F528.svg is missing" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingExtraError, match=r"tfi2i\[openmoji\]"):
        write_pairs(package, tmp_path / "other")
