"""Generators that read captions: what they know themselves, samples, pictures, files, figures."""

import json
import shutil
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.data import open_source, read_image
from tfi2i.data.captions import Embedded, look_up, write_embeddings
from tfi2i.errors import DataError, RecipeError
from tfi2i.evidence.measures.captions import caption_retrieval
from tfi2i.export import read_metadata
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.generation.dcgan import DCGAN
from tfi2i.zoo.generation.stackgan import StackGAN

SIZE = 16
LENGTH = 8
NARROW: dict[str, Any] = {
    "filters": 4,
    "discriminator_filters": 4,
    "augmented_length": 3,
    "compressed_length": 4,
    "latent_length": 10,
    "enlargement": 2,
    "stage_one_epochs": 1,
    "blocks": 1,
}
TRAINED = [f"train picture {number}" for number in range(6)]


@pytest.fixture(scope="module")
def folder(captioned_folder, tmp_path_factory):
    """Images of its own, so that its file of embeddings can be changed."""
    return shutil.copytree(captioned_folder, tmp_path_factory.mktemp("own") / "icons")


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory) -> RunFolder:
    """A run with both stages."""
    data = {"source": str(folder), "kind": "captioned", "batch_size": 3}
    recipe = Recipe(
        "stackgan",
        model=NARROW,
        data=data | {"load_size": SIZE, "crop_size": SIZE},
        train={"epochs": 2, "samples": 2},
    ).resolve(StackGAN)
    training = Training(recipe, StackGAN, RunFolder(tmp_path_factory.mktemp("run") / "run"))
    training.fit(verbose=0)
    return training.folder


@pytest.fixture
def tfi2i(capsys):
    from tfi2i.cli import main

    def call(*arguments) -> tuple[int, str]:
        with pytest.raises(SystemExit) as done:
            main([str(one) for one in arguments])
        shown = capsys.readouterr()
        return int(done.value.code or 0), " ".join((shown.out + shown.err).split())

    return call


def embeddings(folder, split="train") -> np.ndarray:
    found = open_source(folder, kind="captioned").splits[split].embeddings
    assert found is not None
    return found


def test_a_run_knows_captions_of_its_images(run, folder):
    model = StackGAN.load(run.path)
    assert model.get_config()["embedding_length"] == LENGTH
    assert (model.text_encoder, list(model.known_captions)) == ("hand-made", TRAINED)
    assert np.array_equal(model.known.vectors, embeddings(folder))
    # Stage I, Stage II twice, and the image that has the caption.
    assert read_image(run.samples / "000000004.png").shape == (2 * SIZE, 4 * SIZE, 3)


def test_samples_of_captions(run, folder):
    model = StackGAN.load(run.path)
    latents, known = model.latents(4, seed=3), embeddings(folder)

    def drawn(*places: int) -> np.ndarray:
        images = model.generator([latents, known[list(places)]])
        return np.round((np.asarray(images) + 1) * 127.5)

    one = drawn(2, 2, 2, 2)
    for captions in ("train picture 2", ["train picture 2"], known[2:3]):
        np.testing.assert_allclose(model.sample(4, seed=3, captions=captions), one, atol=1)
    in_turn = model.sample(4, seed=3, captions=[TRAINED[5], TRAINED[0]])
    np.testing.assert_allclose(in_turn, drawn(5, 0, 5, 0), atol=1)
    np.testing.assert_allclose(model.sample(4, seed=3), drawn(0, 1, 2, 3), atol=1)
    assert (one != drawn(0, 1, 2, 3)).any()


def test_captions_that_cannot_be_drawn(run):
    model = StackGAN.load(run.path)
    with pytest.raises(DataError, match=r"'a dog' is not among the 6 captions.*hand-made, is your"):
        model.sample(2, captions="a dog")
    with pytest.raises(DataError, match=r"takes embeddings \(N, 8\) of captions, not \(2, 5\)"):
        model.sample(2, captions=np.zeros((2, 5)))
    with pytest.raises(DataError, match="draws what a caption says: give one"):
        model.sample(2, captions=[])
    with pytest.raises(DataError, match="knows no captions by itself"):
        StackGAN(crop_size=SIZE, **NARROW).sample(2)


def test_fit_checks_embeddings():
    model = StackGAN(crop_size=SIZE, embedding_length=LENGTH, **NARROW)
    model.compile()
    images, captions = np.zeros((4, SIZE, SIZE, 3), np.uint8), np.ones((4, LENGTH), np.float32)
    for words, given in {
        "takes captions as 8 numbers, and the data have 5: set embedding_length=5": captions[:, :5],
        "not finite": captions * np.nan,
        r"trains on \(images, embeddings of their captions\)": np.zeros(4, np.int32),
        "set the batch size to at least 2": captions[:1],
    }.items():
        with pytest.raises((DataError, RecipeError), match=words):
            model.fit(images[: len(given)], given, batch_size=len(given), verbose=0)


def test_embeddings_of_another_encoder_do_not_count():
    one, other = (Embedded(name, ("a",), np.full((1, 2), v)) for name, v in (("x", 1), ("y", 2)))
    assert look_up(["a", "a"], encoder="y", places=[one, other]).tolist() == [[2, 2], [2, 2]]
    with pytest.raises(DataError, match="among the 0 captions"):
        look_up(["a"], encoder="z", places=[one, other])


def test_samples_as_files_and_pictures(run, tfi2i, tmp_path):
    model = StackGAN.load(run.path)
    options = ("--run", run.path, "--seed", 4)
    both = ("--caption", TRAINED[1], "--caption", TRAINED[4])
    code, _ = tfi2i("sample", *options, *both, "--count", 3, "--out", tmp_path / "some")
    assert code == 0
    for number, image in enumerate(model.sample(3, seed=4, captions=[TRAINED[1], TRAINED[4]])):
        assert np.array_equal(read_image(tmp_path / f"some/{number:06d}.png"), image)

    path = tmp_path / "grid.png"
    assert tfi2i("sample", *options, *both, "--grid", "--count", 5, "--out", path)[0] == 0
    shown = read_image(path)
    factor = shown.shape[1] // (5 * SIZE)
    rows = shown[::factor, ::factor].reshape(2, SIZE, 5, SIZE, 3).swapaxes(1, 2)
    assert np.array_equal(rows[1], model.sample(5, seed=4, captions=TRAINED[4]))
    for others in ((), ("--walk", *both), ("--nearest",)):
        form = others or ("--grid",)
        path = tmp_path / f"{form[0][2:]}-too.png"
        assert tfi2i("sample", *options, *form, "--count", 3, "--out", path)[0] == 0


def test_the_file_beside_the_images_knows_more(run, folder, tfi2i, tmp_path):
    known = open_source(folder, kind="captioned")
    captions = [c for split in known.splits.values() for c in split.captions or ()]
    vectors = np.concatenate([embeddings(folder), embeddings(folder, "test"), np.ones((1, LENGTH))])
    own = Embedded("hand-made", (*captions, "a dog"), vectors)
    words = ("sample", "--run", run.path, "--caption", "a dog", "--count", 2, "--out", tmp_path)
    code, said = tfi2i(*words)
    assert code and "'a dog' is not among the 10 captions" in said
    write_embeddings(folder / "embeddings.npz", own)
    assert tfi2i(*words)[0] == 0
    drawn = StackGAN.load(run.path).sample(2, captions=np.ones((1, LENGTH)))
    assert np.array_equal(read_image(tmp_path / "000001.png"), drawn[1])


def test_models_without_captions_say_so(tfi2i, tmp_path):
    options = ("--preset", "dcgan-digits-32", "--caption", "x", "--out", tmp_path / "x")
    code, said = tfi2i("sample", *options)
    assert code and "reads no captions: leave --caption out" in said


def test_shipped_files_take_embeddings(run, folder, tfi2i, tmp_path):
    model = StackGAN.load(run.path)
    options = ("--run", run.path, "--out", tmp_path, "--formats", "saved_model")
    assert tfi2i("export", *options)[0] == 0
    (version,) = (tmp_path / "saved_model").glob("*/1")
    facts = read_metadata(version)["export"]
    assert (facts["condition"], facts["caption_length"]) == ("captions", LENGTH)
    assert facts["text_encoder"] == "hand-made"
    serve = tf.saved_model.load(str(version)).signatures["serving_default"]
    latents, captions = model.latents(3), embeddings(folder)[:3]
    served = serve(latents=tf.constant(latents), captions=tf.constant(captions))["images"]
    np.testing.assert_allclose(np.round(served), model.decode(latents, captions), atol=1)


class MeanColours:
    """Features that take no time."""

    name = "means"

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        return images.mean(axis=(1, 2)) / 128.0


def test_figures_of_both_stages(run, folder, monkeypatch):
    import tfi2i.evidence.measures.captions as measure

    monkeypatch.setattr(measure, "choose_extractor", lambda *a, **k: MeanColours())
    source, model = open_source(folder, kind="captioned"), StackGAN.load(run.path)
    found = caption_retrieval(model, source, SIZE)
    shares = [v for k, v in found.items() if k.endswith("retrieval")]
    assert len(shares) == 4 and all(0.0 <= one <= 1.0 for one in shares)
    assert json.dumps(found) and np.isfinite(found["sketch_kid"])
    alone = StackGAN(crop_size=SIZE, embedding_length=LENGTH, **{**NARROW, "enlargement": 1})
    assert set(caption_retrieval(alone, source, SIZE)) == {
        "retrieval", "real_retrieval", "known_retrieval"
    }  # fmt: skip
    with pytest.raises(DataError, match="draws no captions"):
        caption_retrieval(DCGAN(crop_size=SIZE, filters=4), source, SIZE)
