"""DistanceGAN: its statistics are measured once and saved; every form of the paper trains."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.data import evaluation_arrays, open_source
from tfi2i.errors import DataError, RecipeError
from tfi2i.metrics.distances import half_distances, pair_distances
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import load
from tfi2i.zoo.unpaired.distancegan import DistanceGAN

TINY: dict[str, Any] = {
    "filters": 4,
    "discriminator_filters": 4,
    "receptive_field": 16,
    "blocks": 1,
    "depth": 3,
}
FORMS: dict[str, dict[str, Any]] = {
    "one-sided": {},
    "self": {"distance": "self"},
    "both with cycle": {"one_sided": False, "cycle_weight": 10.0},
    "discogan": {"game": "discogan", "one_sided": False, "cycle_weight": 1.0},
    "small generator": {"generator": "encoder_decoder"},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_trains_the_networks_it_has(form):
    model = DistanceGAN(crop_size=16, **TINY, **FORMS[form])
    model.compile()
    before = {k: np.array(v) for k, v in model.network_state().items()}
    images = tf.random.stateless_uniform((4, 16, 16, 3), (0, 0), -1.0, 1.0)
    logs = model.fit(tf.data.Dataset.from_tensors((images, -images)), verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())
    assert (logs["cycle_loss"][0] > 0) == ("cycle_weight" in FORMS[form])
    assert (logs["feature_loss"][0] > 0) == (form == "discogan")
    two_sided = FORMS[form].get("one_sided") is False
    assert len(model.networks) == (4 if two_sided else 2)
    assert set(model.translators) == ({"a2b", "b2a"} if two_sided else {"a2b"})
    after = model.network_state()
    kernels = [k for k in before if k.endswith("kernel")]
    assert not [k for k in kernels if np.array_equal(before[k], after[k])]


def test_a_run_measures_the_distances_of_its_training_images(unpaired_folder, tmp_path):
    recipe = Recipe(
        "distancegan",
        model=TINY,
        data={"source": str(unpaired_folder), "batch_size": 2, "load_size": 36, "crop_size": 32},
        train={"epochs": 2, "samples": 2},
    ).resolve(DistanceGAN)
    training = Training(recipe, DistanceGAN, RunFolder(tmp_path / "run"))
    a, b, _ = evaluation_arrays(training.source, split="train", size=32)
    assert b is not None
    assert isinstance(training.model, DistanceGAN)
    for domain, images in (("a", a), ("b", b)):
        scale = training.model.statistics[domain].scale
        assert float(scale.mean) == pytest.approx(pair_distances(images).mean(), rel=1e-6)
        assert float(scale.deviation) == pytest.approx(pair_distances(images).std(), rel=1e-6)

    # A resumed run has them from its checkpoint and does not measure again.
    training.model.statistics["a"].mean.assign(0.125)
    training.fit(verbose=0)
    longer = recipe.with_overrides([])
    resumed = Training(longer, DistanceGAN, RunFolder(tmp_path / "run"))
    assert resumed.resumed_from is not None and isinstance(resumed.model, DistanceGAN)
    assert float(resumed.model.statistics["a"].mean.value) == 0.125
    used = load(tmp_path / "run")
    assert isinstance(used, DistanceGAN)
    assert float(used.statistics["a"].mean.value) == 0.125


def test_self_distance_measures_halves(unpaired_folder):
    model = DistanceGAN(crop_size=32, distance="self", statistics_images=3, **TINY)
    source = open_source(unpaired_folder)
    model.prepare(source)
    a, _, _ = evaluation_arrays(source, split="train", size=32, limit=3)
    assert float(model.statistics["a"].scale.mean) == pytest.approx(half_distances(a).mean())


def test_equal_images_have_no_distances():
    model = DistanceGAN(crop_size=16, **TINY)
    with pytest.raises(DataError, match="no distances to keep"):
        model.statistics["a"].measure(np.full(3, 0.5))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cycle_weight": 1.0}, "one_sided=false"),
        ({"game": "chess"}, "model.game is"),
        ({"distance": "far"}, "model.distance is"),
        ({"generator": "unet"}, "model.generator is"),
    ],
)
def test_what_cannot_be(arguments, message):
    with pytest.raises(RecipeError, match=message):
        DistanceGAN(crop_size=16, **TINY, **arguments)
