"""Weights of other implementations: they make here what they made there, or are refused in words.

The files in data/foreign were written by tools/foreign_weights: by PyTorch, and by TensorFlow 2.15
with Keras 2.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfi2i
from tfi2i.cli import main
from tfi2i.errors import DataError, WeightsError
from tfi2i.importing import import_weights
from tfi2i.torch_files import read_torch_file
from tools.foreign_weights import agreement, tutorial_networks
from torch_writer import save_state

FOREIGN = Path(__file__).parent / "data" / "foreign"
DOCS = Path(__file__).parents[1] / "docs"
# What its authors' files are called -> our networks.
PIX2PIX = {"G": "generator", "D": "discriminator"}
CYCLEGAN = {
    "G_A": "generator_ab",
    "G_B": "generator_ba",
    "D_A": "discriminator_b",
    "D_B": "discriminator_a",
}


def seen(image: np.ndarray, network: keras.Model):
    """The picture as a network takes it: grey its red channel, a pair with itself upside down."""
    first, *second = (one.shape[-1] for one in network.inputs)
    pixels = [image[..., :first], *(image[::-1] for _ in second)]
    images = [one[None].astype(np.float32) / 127.5 - 1 for one in pixels]
    return images if second else images[0]


def difference(network: keras.Model, expected, name: str, **options) -> float:
    """The largest one; of a generator every third row and column is stored."""
    made = np.asarray(network(seen(expected["image"], network), **options))[0]
    kept = slice(None, None, 1 if name.startswith("D") else 3)
    assert np.std(expected[name]) > 0.02, "there is something to compare"
    return float(np.abs(made[kept, kept] - expected[name]).max())


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Imports a case, once for each way."""
    known = {}

    def get(case: str, variant: Any, *names: str, evaluating: bool = False):
        key = (case, variant, names, evaluating)
        if key not in known:
            files = [FOREIGN / case / name for name in names or ("",)]
            folder = tmp_path_factory.mktemp("imported") / case
            known[key] = import_weights(files, variant, folder, evaluating=evaluating)
        return known[key]

    return get


@pytest.mark.parametrize("evaluating", [False, True], ids=["test", "eval"])
@pytest.mark.parametrize("case", ["pix2pix", "pix2pix_instance", "pix2pix_resnet", "cyclegan"])
def test_networks_of_pytorch_agree(imported, case, evaluating):
    """Batch and instance norm, U-Net and ResNet, all discriminators; both forms of files."""
    roles = CYCLEGAN if case == "cyclegan" else PIX2PIX
    model = imported(case, case.partition("_")[0], evaluating=evaluating).model
    expected = np.load(FOREIGN / case / "expected.npz")
    networks = {network.name: network for network in model.networks}
    for role, name in roles.items():
        made = f"{role}/eval" if evaluating and f"{role}/eval" in expected else f"{role}/made"
        # A discriminator's batch norm uses the image's own statistics as in training.
        options = {"training": role[0] == "D" and not evaluating}
        assert difference(networks[name], expected, made, **options) < 1e-5, name


@pytest.mark.parametrize(
    ("case", "name"), [("pix2pix", "latest_net_G.pth"), ("pix2pix_resnet", "latest_net_G.pth")]
)
def test_batch_norm_by_the_image_is_cyclegan_s_norm(imported, case, name):
    made = imported(case, "cyclegan", name)
    expected = np.load(FOREIGN / case / "expected.npz")
    assert difference(made.model.translator(), expected, "G/made") < 1e-5
    with pytest.raises(WeightsError, match="normalises each image by itself: import one"):
        imported(case, "cyclegan", name, evaluating=True)


def test_what_was_found_is_said_and_noted(imported):
    made = imported("cyclegan", "cyclegan")
    assert made.words[2:] == [
        "latest_net_G_A.pth: ResNet with blocks 2, instance norm, 1 filters, 3 to 3 channels, "
        "1,079 weights",
        "latest_net_G_B.pth: ResNet with blocks 2, instance norm, 1 filters, 3 to 3 channels, "
        "dropout, 1,140 weights",
    ]
    facts = json.loads((made.folder / "model.json").read_text())
    assert facts["config"]["blocks"] == 2 and facts["config"]["receptive_field"] == 34
    assert len(facts["networks"]) == 4 and facts["data"] == {"direction": "a2b"}
    assert sorted(facts["imported"]["files"]) == [
        f"latest_net_{one}.pth" for one in ("D_A", "D_B", "G_A", "G_B")
    ]
    grey = imported("pix2pix_instance", "pix2pix")
    facts = json.loads((grey.folder / "model.json").read_text())
    assert facts["data"] == {"direction": "a2b", "a_channels": 1, "b_channels": 3}
    assert facts["config"]["norm"] == "instance" and facts["config"]["conditional"]


def test_one_generator_of_a_cyclegan_translates_its_way(imported, tmp_path):
    made = imported("cyclegan", "cyclegan", "latest_net_G_B.pth")
    assert made.direction == "b2a", "as its name says"
    model = tfi2i.from_preset(str(made.folder))
    assert list(model.views) == ["a2b"]
    expected = np.load(FOREIGN / "cyclegan" / "expected.npz")
    assert difference(model.translator(), expected, "G_B/made") < 1e-5
    with pytest.raises(DataError, match="the generator b2a of this cyclegan is not there"):
        model.translate(expected["image"], direction="b2a")
    again = type(model).load(model.save(tmp_path / "again"))
    assert list(again.views) == ["a2b"], "what is not there is not saved as if it were"
    again.compile()
    assert list(again.views) == ["a2b", "b2a"], "from now on it is trained"


def test_an_imported_preset_is_used_from_the_command_line(tmp_path, paired_folder, capsys):
    folder, out = tmp_path / "mine", tmp_path / "out"
    picture = next((paired_folder).rglob("*.png"))
    command = ["import", str(FOREIGN / "pix2pix"), "--as", "pix2pix", "--out", str(folder)]
    for arguments in (
        [*command, "--licence", "CC-BY-4.0", "--direction", "b2a"],
        ["translate", "--preset", str(folder), str(picture), "--out", str(out)],
        ["evaluate", "--preset", str(folder), "--data", str(paired_folder), "--extractor", "none"],
    ):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 0, arguments
    said = capsys.readouterr().out
    assert "latest_net_G.pth: U-Net with depth 5, batch norm" in said
    assert f"tfi2i translate --preset {folder} photo.jpg" in said
    assert len(list(out.iterdir())) == 1
    card = (folder / "README.md").read_text()
    assert "pipeline_tag: image-to-image" in card and "license: cc-by-4.0" in card
    with pytest.raises(SystemExit):
        main(command)
    assert "holds a model already" in capsys.readouterr().err


@pytest.mark.parametrize("evaluating", [False, True], ids=["test", "eval"])
def test_the_tutorial_s_pix2pix_of_keras_2_agrees(imported, evaluating):
    model = imported("tutorial_pix2pix", "pix2pix", "ckpt-5.index", evaluating=evaluating).model
    expected = np.load(FOREIGN / "tutorial_pix2pix" / "expected.npz")
    name = "generator/eval" if evaluating else "generator/made"
    assert difference(model.translator(), expected, name) < 1e-5
    with pytest.raises(WeightsError, match="import one generator with --as pix2pix"):
        imported("tutorial_pix2pix", "cyclegan", "ckpt-5")


@pytest.fixture(scope="module")
def tutorial_cyclegan(tmp_path_factory):
    """Checkpoints of both generators by the Keras that is installed, and the generators."""
    folder = tmp_path_factory.mktemp("tutorial")
    size = {"depth": 3, "filters": 2, "instance": True}
    names = ("generator_g", "generator_f")
    generators = {name: tutorial_networks.generator(**size) for name in names}
    for seed, model in enumerate(generators.values()):
        tutorial_networks.fill(model, seed)
    manager = tf.train.CheckpointManager(tutorial_networks.checkpoint(generators), folder, 1)
    manager.save()
    return folder, generators


def test_the_tutorial_s_cyclegan_of_keras_3_agrees(tutorial_cyclegan, tmp_path):
    folder, generators = tutorial_cyclegan
    made = import_weights([folder], "cyclegan", tmp_path / "made")
    image = np.load(FOREIGN / "pix2pix" / "expected.npz")["image"]
    images = tf.constant(image[None].astype(np.float32) / 127.5 - 1)
    for direction, name in (("a2b", "generator_g"), ("b2a", "generator_f")):
        there = tutorial_networks.at_test(generators[name], images, training=False)
        here = made.model.translator(direction)(images)
        assert np.std(there) > 0.05
        np.testing.assert_allclose(here, there, atol=1e-5, rtol=0)


def test_a_saved_model_of_the_tutorial_s_generator_is_read_as_arrays(tutorial_cyclegan, tmp_path):
    _, generators = tutorial_cyclegan
    model = generators["generator_f"]
    tf.saved_model.save(model, str(tmp_path / "saved"))
    made = import_weights([tmp_path / "saved"], "pix2pix", tmp_path / "made")
    kernel = made.model.translator().get_layer("down2_conv").kernel
    np.testing.assert_array_equal(kernel, model.layers[2].layers[0].kernel)


def test_checkpoints_that_are_none_of_the_tutorials(tutorial_cyclegan, tmp_path):
    folder, _ = tutorial_cyclegan

    def refused(words: str, path: Path) -> None:
        with pytest.raises(WeightsError, match=words):
            import_weights([path], "pix2pix", tmp_path / "made")

    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    data = next(broken.glob("*.data-*"))
    data.write_bytes(data.read_bytes()[:-2000])
    refused("ckpt-1 is damaged", broken / "ckpt-1")
    next(broken.glob("*.index")).write_bytes(b"garbage")
    refused("ckpt-1 is damaged", broken / "ckpt-1.index")
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    tf.train.Checkpoint(generator=other).write(str(tmp_path / "other"))
    refused("generator in .* is not the U-Net of TensorFlow's", tmp_path / "other")
    tf.train.Checkpoint(step=tf.Variable(1)).write(str(tmp_path / "step"))
    refused("step holds none of generator, generator_g", tmp_path / "step")
    refused("has 2 checkpoints, and no file `checkpoint`.* such as .*step.index", tmp_path)
    (tmp_path / "other.index").unlink()
    (tmp_path / "step.index").unlink()
    (tmp_path / "g.h5").write_bytes(b"")
    refused("is a file of Keras, which is not read", tmp_path / "g.h5")
    refused("no latest_net_G.pth .* no checkpoint of TensorFlow", tmp_path)


UNET, RESNET = FOREIGN / "pix2pix/latest_net_G.pth", FOREIGN / "cyclegan/latest_net_G_A.pth"
LEVEL, BLOCK = "model.model.1.model", "model.10.conv_block"


@pytest.mark.parametrize(
    ("path", "change", "words"),
    [
        (UNET, {f"{LEVEL}.5.weight": None}, f"has no {LEVEL}.5.weight"),
        (UNET, {"model.model.3.bias": None}, "has no model.model.3.bias"),
        (UNET, {"head.weight": np.zeros(3)}, "begins like a unet, and has head.weight too"),
        (UNET, {f"{LEVEL}.1.bias": np.zeros(2)}, r"1.bias too.*\(1 of 47 keys\)"),
        (UNET, {f"{LEVEL}.1.weight": np.zeros((2, 2, 4, 4))}, r"2, 4, 4\), and \(2, 1, 4, 4\)"),
        (UNET, {f"{LEVEL}.2.bias": np.array([np.nan, 0])}, "2.bias has values that are not finite"),
        (UNET, {"model.model.0.weight": None}, "none of the networks that are known"),
        (RESNET, {f"{BLOCK}.1.weight": None}, f"has no {BLOCK}.1.weight"),
        (RESNET, {"model.1.weight": np.zeros((1, 3, 3, 3))}, "no blocks of residuals"),
        (RESNET, {f"{BLOCK}.0.weight": np.zeros((4, 4, 3, 3))}, "pads with zeros"),
        (RESNET, "bias", "trained without normalisation"),
    ],
)  # fmt: skip
def test_other_networks_are_refused_by_what_does_not_fit(path, change, words, tmp_path):
    state = dict(read_torch_file(path))
    if change == "bias":
        change = {key: None for key in state if key.endswith("bias") and "19" not in key}
    state |= {
        key: np.asarray(array, np.float32) for key, array in change.items() if array is not None
    }
    state = {key: array for key, array in state.items() if change.get(key, "") is not None}
    with pytest.raises(WeightsError, match=words):
        import_weights([save_state(tmp_path / "w.pth", state)], "pix2pix", tmp_path / "made")
    assert not (tmp_path / "made").exists(), "nothing is written"


def test_wrappers_and_names_of_one_s_own_are_seen_through(tmp_path):
    state = {f"module._orig_mod.{key}": one for key, one in read_torch_file(RESNET).items()}
    made = import_weights(
        [save_state(tmp_path / "horses.pth", state)], "cyclegan", tmp_path / "made"
    )
    expected = np.load(FOREIGN / "cyclegan" / "expected.npz")
    assert difference(made.model.translator(), expected, "G_A/made") < 1e-5


def test_files_that_do_not_belong_together_are_refused(tmp_path):
    pix2pix, cyclegan = FOREIGN / "pix2pix", FOREIGN / "cyclegan"
    generators = [cyclegan / "latest_net_G_A.pth", cyclegan / "latest_net_G_B.pth"]
    misnamed = tmp_path / "latest_net_D.pth"
    shutil.copy(UNET, misnamed)
    wider = tmp_path / "5_net_G_B.pth"
    shutil.copy(UNET, wider)
    cases = [
        (generators, "pix2pix", "is a second generator"),
        ([cyclegan / "latest_net_D_A.pth"], "cyclegan", "is no generator: name the file of one"),
        ([generators[0], generators[0]], "cyclegan", "there are two files of G_A"),
        ([misnamed], "pix2pix", "holds a unet, which does not fit its name net_D"),
        ([generators[0], wider], "cyclegan", "networks of one training are alike"),
        ([pix2pix], "cyclegan", "sees 6 channels, as pix2pix's discriminators do"),
        ([tmp_path / "none.pth"], "pix2pix", "cannot read .*none.pth"),
    ]
    for files, variant, words in cases:
        with pytest.raises(WeightsError, match=words):
            import_weights(files, variant, tmp_path / "made")


def test_the_page_has_the_figures_that_were_measured():
    results = json.loads((DOCS / "weights_of_others.json").read_text(encoding="utf-8"))
    page = (DOCS / "weights_of_others.md").read_text(encoding="utf-8")
    assert agreement.table(results) in page, "run: python -m tools.foreign_weights.agreement"
