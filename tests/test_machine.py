"""What the machine computes natively, and what follows from it."""

import json
import os
import platform
import subprocess
import sys

import keras
import pytest
import tensorflow as tf

from tfi2i import machine
from tfi2i.export import precision, shipping
from tfi2i.training import RunFolder
from tfi2i.training.run import preparation
from tfi2i.training.run.training import Training


@pytest.mark.parametrize(
    ("flags", "native"),
    [
        ({"avx512f"}, False),
        ({"avx512_bf16", "avx512f"}, True),
        ({"amx_bf16"}, True),
        (set(), False),
    ],
)
def test_processors_with_bfloat16_instructions(monkeypatch, flags, native):
    # On a machine with a GPU the GPU decides.
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(machine, "_processor_flags", lambda: flags)
    assert machine.computes_bfloat16() is native


def test_machines_of_one_name_differ_in_their_extensions(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    listed = "model name\t: Some Processor\nflags\t\t: fpu avx avx2{more}\n\n"
    for more, name in {
        "": "Some Processor (AVX2)",
        " avx512f": "Some Processor (AVX-512)",
        " avx512f avx512_bf16": "Some Processor (AVX-512 with bfloat16)",
        " avx512f avx512_bf16 amx_bf16": "Some Processor (AMX)",
    }.items():
        monkeypatch.setattr(machine, "_processor_list", lambda more=more: listed.format(more=more))
        assert machine.processor_name() == name
        assert machine.computes_bfloat16() is ("bf16" in more)


@pytest.mark.parametrize(
    ("processor", "before", "after"),
    [("x86_64", None, "1"), ("AMD64", None, "1"), ("x86_64", "0", "0"), ("aarch64", None, None)],
)
def test_onednn_is_preferred_where_it_was_measured(monkeypatch, processor, before, after):
    monkeypatch.setattr(machine.platform, "machine", lambda: processor)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    if before is not None:
        monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", before)
    machine.prefer_onednn()
    assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == after


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="of x86 processors")
def test_tensorflow_computes_with_onednn_when_tfi2i_came_first():
    program = (
        "import tfi2i, tensorflow as tf\n"
        "from tensorflow.python.util import _pywrap_util_port\n"
        "assert _pywrap_util_port.IsMklEnabled()"
    )
    environment = {k: v for k, v in os.environ.items() if k != "TF_ENABLE_ONEDNN_OPTS"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


@pytest.mark.parametrize(("native", "policy"), [(True, "mixed_bfloat16"), (False, "float32")])
def test_precision_auto_follows_the_machine(monkeypatch, tmp_path, paired_folder, native, policy):
    from tfi2i.recipe import Recipe
    from tfi2i.zoo.paired.pix2pix import Pix2Pix

    monkeypatch.setattr(preparation, "computes_bfloat16", lambda: native)
    recipe = Recipe(
        "pix2pix",
        model={"filters": 4, "discriminator_filters": 4, "receptive_field": 16, "depth": 3},
        data={"source": str(paired_folder), "batch_size": 2, "load_size": 36, "crop_size": 32},
        train={"epochs": 1, "precision": "auto"},
    ).resolve(Pix2Pix)
    training = Training(recipe, Pix2Pix, RunFolder(tmp_path / "run"))
    assert training.model.generator.get_layer("down1_conv").dtype_policy.name == policy
    assert training.folder.facts()["precision"] == policy


@pytest.mark.parametrize("native", [True, False])
def test_the_saved_model_is_in_bfloat16_where_that_pays(monkeypatch, tmp_path, native):
    from tfi2i.zoo.paired.pix2pix import Pix2Pix

    monkeypatch.setattr(precision, "computes_bfloat16", lambda: native)
    keras.utils.set_random_seed(0)
    model = Pix2Pix(crop_size=32, filters=4, discriminator_filters=4, receptive_field=16, depth=3)
    images = keras.ops.convert_to_numpy(
        keras.random.randint((2, 32, 32, 3), 0, 256, "uint8", seed=1)
    )
    wanted = shipping.Wanted(formats=["saved_model"], size=32, metadata={})
    report = shipping.ship(model, tmp_path, {"a2b": images}, wanted)["a2b"]
    (entry,) = report["artefacts"]
    assert entry["precision"] == ("bfloat16" if native else "float32")
    expected = "agree" if native else "no bfloat16 instructions"
    assert any(expected in note for note in report["notes"])
    assert any("--precision float32" in note for note in report["notes"]) == native
    assert json.loads((tmp_path / "parity.json").read_text()) == {"pix2pix-a2b": report}


def test_cores_are_those_that_a_process_is_pinned_to():
    command = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    command += "from tfi2i.machine import available_cores; print(available_cores())"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True)
    assert done.stdout.split() == [b"1"]
