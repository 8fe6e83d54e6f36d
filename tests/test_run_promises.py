"""What a run promises beside its weights: equal bits on request, and TensorBoard's events."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.paired.pix2pix import Pix2Pix

TINY = {"filters": 4, "discriminator_filters": 4, "receptive_field": 16, "depth": 3}


def recipe(folder, **train) -> Recipe:
    data = {"source": str(folder), "batch_size": 2, "load_size": 36, "crop_size": 32}
    return Recipe("pix2pix", TINY, data, {"epochs": 2, "samples": 2, **train}).resolve(Pix2Pix)


def test_tensorboard_reads_what_the_run_wrote(paired_folder, tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = RunFolder(tmp_path / "run")
    training = Training(recipe(paired_folder), Pix2Pix, folder)
    training.fit(verbose=0)
    events = reader.EventAccumulator(str(folder.path / "tensorboard"), {"tensors": 0})
    events.Reload()
    lines = folder.metrics()
    assert [line["iteration"] for line in lines] == [3, 6]
    names = set(events.Tags()["tensors"])
    assert {"generator_loss", "l1_loss", "discriminator_loss", "images_per_second"} <= names
    for name in names:
        seen = [(one.step, tf.make_ndarray(one.tensor_proto)) for one in events.Tensors(name)]
        assert [step for step, _ in seen] == [3, 6], name
        np.testing.assert_allclose([v for _, v in seen], [line[name] for line in lines], rtol=1e-6)


DETERMINISTIC = """
import json, sys
import numpy as np
from tensorflow.python.framework.config import is_op_determinism_enabled
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant
from tfi2i.recipe import load_recipe

variant_class = find_variant("pix2pix").load_class()
states = []
for run in "ab":
    resolved = load_recipe(sys.argv[1]).resolve(variant_class)
    training = Training(resolved, variant_class, RunFolder(sys.argv[2] + run))
    training.fit(verbose=0)
    states.append({name: np.array(value) for name, value in training.model.state().items()})
one, two = states
different = [name for name in one if not np.array_equal(one[name], two[name])]
print(json.dumps({"enabled": is_op_determinism_enabled(), "different": different}))
"""


@pytest.mark.fault("2")
def test_deterministic_runs_are_equal_to_the_bit(forking, paired_folder, tmp_path):
    """In a process of its own: TensorFlow does not take the switch back."""
    file = tmp_path / "recipe.yaml"
    file.write_text(recipe(paired_folder, deterministic=True).to_yaml(), encoding="utf-8")
    done = forking.run("-c", DETERMINISTIC, file, tmp_path / "run-")
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.strip().splitlines()[-1])
    assert said == {"enabled": True, "different": []}
