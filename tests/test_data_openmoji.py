"""OpenMoji's drawings as pairs, from a package of the same form with a few drawings."""

import importlib.util
import json
import sys
import zlib

import pytest

from tfi2i.data import evaluation_arrays, evaluation_domains, open_source
from tfi2i.data.folders.captions import read_captions
from tfi2i.data.make.openmoji import main, write_captioned, write_pairs, write_skin_tones
from tfi2i.errors import DataError, MissingExtraError

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("resvg_py") is None, reason="needs the extra drawings"
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
    with pytest.raises(MissingExtraError, match=r"tfi2i\[drawings\]"):
        write_pairs(package, tmp_path / "other")


def test_captioned(package, tmp_path):
    """The annotation is the caption; drawings of one annotation are in one part."""
    listing = package / "data" / "openmoji.json"
    listed = json.loads(listing.read_text())
    words = {"1F600": "a smile", "1F601": "a smile", "1F528": "wrench", "1F529": "größte Mutter"}
    shares = {word: zlib.crc32(word.encode()) % 8 for word in (*words.values(), "square")}
    for one in listed:
        one["annotation"] = words.get(one["hexcode"], "square")
    listing.write_text(json.dumps(listed))
    counts = write_captioned(package, tmp_path / "out", size=16)
    found = {}
    for split in (split for split, count in counts.items() if count):
        folder = tmp_path / "out" / split
        files = [path.name for path in folder.glob("*.png")]
        assert len(files) == counts[split]
        found[split] = read_captions(folder, files)
    together = {name.removesuffix(".png"): c for one in found.values() for name, c in one.items()}
    assert together == {**words, "2B1C": "square"}
    expected = {word: {0: "test", 1: "val"}.get(share, "train") for word, share in shares.items()}
    for split, captions in found.items():
        assert {expected[word] for word in captions.values()} == {split}
    assert main([str(package), str(tmp_path / "again"), "--captions", "--size", "16"]) == 0


def subgroups():
    """One that is held out, and those for training among a few names."""
    names = [f"s{number}" for number in range(40)]
    held_out = [name for name in names if zlib.crc32(name.encode()) % 8 == 0]
    return held_out[0], [name for name in names if name not in held_out]


def people(package, subgroups):
    """Adds a person in three tones for each subgroup."""
    listing = package / "data" / "openmoji.json"
    listed = json.loads(listing.read_text())
    for number, subgroup in enumerate(subgroups):
        for tone, fill in ((1, "#ffddcc"), (3, "#cc9966"), (5, "#553322")):
            name = f"1F9{number:02d}-{tone}"
            base = {"skintone": tone, "skintone_base_hexcode": f"1F9{number:02d}"}
            listed.append({"hexcode": name, "group": "people", "subgroups": subgroup, **base})
            (package / "color" / "svg" / f"{name}.svg").write_text(SQUARE.format(fill=fill))
    listed = [one for one in listed if one.get("skintone_base_hexcode") or not one["skintone"]]
    listing.write_text(json.dumps(listed))


def test_people_in_three_tones(package, tmp_path):
    held_out, kept = subgroups()
    people(package, [held_out, *kept[:12]])
    counts = write_skin_tones(package, tmp_path / "out", size=16)
    assert counts == {"train": 12, "test": 3}

    source = open_source(str(tmp_path / "out"), aligned=True)
    assert (source.kind, source.class_names) == ("labelled", ("dark", "light", "medium"))
    assert source.aligned_test
    shades = [images[0, 8, 8].mean() for images in evaluation_domains(source, size=16).values()]
    assert shades[0] < shades[2] < shades[1]
    bases = [name.split("/")[-1] for name in source.splits["train"].a.names]
    assert len(set(bases)) == 12


def test_alignment_is_checked(package, tmp_path):
    with pytest.raises(DataError, match="no test images in classes"):
        write_pairs(package, tmp_path / "pairs", size=16)
        open_source(str(tmp_path / "pairs"), aligned=True)
    held_out, _ = subgroups()
    people(package, [held_out, held_out, *(f"s{i}" for i in range(12))])
    write_skin_tones(package, tmp_path / "out", size=16)
    (tmp_path / "out/test/light/1F900.png").unlink()
    assert not open_source(str(tmp_path / "out")).aligned_test
    with pytest.raises(DataError, match="light has none named '1F900'"):
        open_source(str(tmp_path / "out"), aligned=True)
