"""Captioned images: every form of a folder, what is wrong with one, and kept embeddings."""

import importlib.util
import json
import sys

import numpy as np
import pytest
import tensorflow as tf
from conftest import write_pictures

from tfi2i.data import evaluation_arrays, open_source, training_batches
from tfi2i.data.captions import Embedded, embed, read_embeddings, write_embeddings
from tfi2i.data.folders.captions import read_captions
from tfi2i.data.limits import limited, with_validation
from tfi2i.errors import DataError, MissingExtraError

needs_encoder = pytest.mark.skipif(
    importlib.util.find_spec("wordllama") is None, reason="needs the extra captions"
)
WORDS = ["a red apple", "ein grüner Apfel", "a dog"]


def vectors_of(captions, length=4):
    """One-hot by the number of letters: each image's embedding can be told from its caption."""
    vectors = np.zeros((len(captions), length), np.float32)
    for row, caption in zip(vectors, captions, strict=True):
        row[len(caption) % length] = len(caption)
    return vectors


@pytest.fixture
def icons(tmp_path):
    """Three pictures, not yet captioned, and embeddings of `WORDS`."""
    root = tmp_path / "icons"
    write_pictures(root, len(WORDS), size=16, seed=0)
    write_embeddings(root / "embeddings.npz", Embedded("own", tuple(WORDS), vectors_of(WORDS)))
    return root


def words_and_vectors(source, split="train"):
    """Captions and embeddings of a part, which are there."""
    part = source.splits[split]
    assert part.captions is not None and part.embeddings is not None
    return part.captions, part.embeddings


def lines(**captions):
    entries = [{"file_name": f"{name}.png", "caption": one} for name, one in captions.items()]
    return "\n".join(json.dumps(entry) for entry in entries)


def written(icons, form):
    named = dict(zip(("000", "001", "002"), WORDS, strict=True))
    if form == "jsonl":
        (icons / "captions.jsonl").write_text("\n" + lines(**named), encoding="utf-8-sig")
    elif form == "csv":
        rows = [f'{name}.png,"{one}"' for name, one in named.items()]
        text = "\n".join(["file_name,caption", *rows])
        (icons / "captions.csv").write_text(text, encoding="utf-8")
    else:
        for name, one in named.items():
            (icons / f"{name}.txt").write_text(f" {one}\n", encoding="utf-8")
    return icons


@pytest.mark.parametrize("form", ["jsonl", "csv", "txt"])
def test_three_forms(icons, form):
    source = open_source(written(icons, form), kind="captioned")
    captions, vectors = words_and_vectors(source)
    assert (source.kind, source.text_encoder) == ("captioned", "own")
    assert captions == tuple(WORDS)
    assert np.array_equal(vectors, vectors_of(WORDS))
    assert source.description.startswith("found captioned (one folder of images): 3 training")
    assert open_source(icons).kind == ("images" if form == "txt" else "captioned")
    assert open_source(icons, kind="images").splits["train"].captions is None


def test_batches_bring_the_embedding_of_each_image(icons):
    source = open_source(written(icons, "jsonl"))
    batches = training_batches(source, batch_size=2, load_size=16, crop_size=16, flip=False)
    real = evaluation_arrays(source, split="train", size=16)[0] / 127.5 - 1.0
    seen = set()
    for images, embeddings in batches.take(6):
        assert images.shape == (2, 16, 16, 3) and embeddings.dtype == tf.float32
        for image, embedding in zip(np.array(images), np.array(embeddings), strict=True):
            place = int(np.abs(real - image).mean(axis=(1, 2, 3)).argmin())
            assert np.array_equal(embedding, vectors_of(WORDS)[place])
            seen.add(place)
    assert seen == {0, 1, 2}


def test_parts_keep_their_captions(captioned_folder, tmp_path):
    source = open_source(captioned_folder, kind="captioned")
    assert words_and_vectors(source, "test")[0] == tuple(f"test picture {i}" for i in range(4))
    captions, vectors = words_and_vectors(limited(source, 2))
    assert captions == ("train picture 0", "train picture 5")
    assert np.array_equal(vectors, words_and_vectors(source)[1][[0, 5]])

    write_pictures(tmp_path / "many", 40, size=8, seed=0)
    named = {f"{i:03d}": f"picture {i}" for i in range(40)}
    (tmp_path / "many/captions.jsonl").write_text(lines(**named))
    captions = tuple(named.values())
    own = Embedded("own", captions, vectors_of(captions))
    write_embeddings(tmp_path / "many/embeddings.npz", own)
    divided = with_validation(open_source(tmp_path / "many"))
    held, vectors = words_and_vectors(divided, "val")
    assert {*held, *words_and_vectors(divided)[0]} == set(captions)
    assert np.array_equal(vectors, own.lookup(held))


def test_a_users_own_dataset():
    element = (np.zeros((8, 8, 3), np.uint8), np.arange(4, dtype=np.float32))
    dataset = tf.data.Dataset.from_tensors(element).repeat(4)
    source = open_source(dataset, kind="captioned")
    images, embeddings = next(iter(training_batches(source, batch_size=2)))
    assert images.shape == (2, 8, 8, 3) and np.array_equal(embeddings[1], element[1])
    with pytest.raises(DataError, match=r"floats \(L,\)"):
        open_source(dataset.map(lambda image, text: (image, 1)), kind="captioned")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (lines(**{"000": "x"}), r"2 of 3 images in .* no caption in captions\.jsonl.*001\.png"),
        (lines(**{"000": "x", "7": "y"}), r"captions\.jsonl, line 2: there is no image 7\.png"),
        (lines(**{"000": " \n"}), r"line 1: the caption is empty: write"),
        (lines(**{"000": "x" * 2001}), r"2,001 characters.*shorten"),
        (lines(**{"000": "x"}) + "\n" + lines(**{"000": "y"}), r"line 2: .*already.*join"),
        ("000.png a red apple", r"line 1 names no file and caption: captions\.jsonl has lines"),
        ('{"file_name": "000.png"}', r"line 1 names no file and caption"),
    ],
)
def test_lists_that_are_wrong(icons, text, message):
    (icons / "captions.jsonl").write_text(text)
    with pytest.raises(DataError, match=message):
        open_source(icons)


def test_text_files_and_tables_that_are_wrong(icons):
    with pytest.raises(DataError, match=r"3 of 3 .* have no caption, such as 000\.png: write it"):
        open_source(icons, kind="captioned")
    written(icons, "txt")
    (icons / "001.txt").write_bytes("grüner".encode("latin-1"))
    with pytest.raises(DataError, match=r"001\.txt is not UTF-8 \(byte 2\): save it as UTF-8"):
        open_source(icons, kind="captioned")
    (icons / "001.txt").write_text("")
    with pytest.raises(DataError, match=r"001\.txt: the caption is empty"):
        open_source(icons, kind="captioned")
    (icons / "captions.csv").write_text("name,text\n000.png,a dog")
    with pytest.raises(DataError, match=r"captions\.csv, line 2 names no file.*header file_name,"):
        open_source(icons)
    written(icons, "jsonl")
    with pytest.raises(DataError, match=r"both captions\.jsonl and captions\.csv: remove one"):
        open_source(icons)


def test_classes_have_no_captions(labelled_folder):
    with pytest.raises(DataError, match="captioned images lie in one folder, or in train and"):
        open_source(labelled_folder, kind="captioned")


def test_a_name_as_a_mac_writes_it(tmp_path):
    write_pictures(tmp_path / "x", 1, size=8, seed=0)
    (tmp_path / "x/000.png").rename(tmp_path / "x/a\u0308.png")
    (tmp_path / "x/captions.csv").write_text("file_name,caption\n\u00e4.png,one", "utf-8")
    assert read_captions(tmp_path / "x", ["a\u0308.png"]) == {"a\u0308.png": "one"}


def test_other_words_are_other_data(icons):
    first = open_source(written(icons, "jsonl")).fingerprint
    text = (icons / "captions.jsonl").read_text(encoding="utf-8-sig")
    (icons / "captions.jsonl").write_text(text.replace("a red apple", "a dog"))
    assert open_source(icons).fingerprint != first


def test_files_of_embeddings_that_do_not_fit(icons):
    written(icons, "jsonl")
    path = icons / "embeddings.npz"
    write_embeddings(path, Embedded("own", ("a dog",), vectors_of(["a dog"])))
    with pytest.raises(DataError, match=r"by own, but none of 2 captions, such as 'a red apple'"):
        open_source(icons)
    write_embeddings(path, Embedded("own", ("a dog",), np.full((1, 4), np.nan)))
    with pytest.raises(DataError, match="not finite"):
        open_source(icons)
    write_embeddings(path, Embedded("own", ("a dog",), vectors_of(WORDS)))
    with pytest.raises(DataError, match=r"1 captions and embeddings of shape \(3, 4\)"):
        open_source(icons)
    for content in (b"", path.read_bytes()[:200]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"embeddings\.npz is not a whole file.*remove it"):
            open_source(icons)


def test_without_the_encoder_known_captions_do(icons, monkeypatch):
    monkeypatch.setitem(sys.modules, "wordllama", None)
    embed.__globals__["_encoder"].cache_clear()
    assert open_source(written(icons, "jsonl")).text_encoder == "own"
    (icons / "embeddings.npz").unlink()
    with pytest.raises(MissingExtraError, match=r"tfi2i\[captions\]"):
        open_source(icons)


@needs_encoder
def test_the_encoder_is_asked_once(icons, monkeypatch):
    (icons / "embeddings.npz").unlink()
    source = open_source(written(icons, "jsonl"))
    kept = read_embeddings(icons / "embeddings.npz")
    assert (source.text_encoder, kept.encoder) == ("wordllama-256", "wordllama-256")
    assert kept.captions == tuple(WORDS) and kept.vectors.shape == (3, 256)
    np.testing.assert_allclose(np.linalg.norm(kept.vectors, axis=1), 1.0, rtol=1e-5)
    likeness = kept.vectors @ embed(["green apple", "puppy"]).T
    assert likeness[0].argmax() == 0 and likeness[2].argmax() == 1

    monkeypatch.setattr("tfi2i.data.captions.embed", None)
    again = open_source(icons)
    assert again.fingerprint == source.fingerprint
    assert np.array_equal(words_and_vectors(again)[1], kept.vectors)


@needs_encoder
def test_a_folder_that_cannot_be_written(icons, monkeypatch):
    (icons / "embeddings.npz").unlink()

    def refuse(*arguments):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tfi2i.data.captions.write_embeddings", refuse)
    with pytest.warns(UserWarning, match="Read-only file system.*computed anew each time"):
        source = open_source(written(icons, "jsonl"))
    assert words_and_vectors(source)[1].shape == (3, 256)
