"""Trainings that begin from trained weights, and what is said where they cannot."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tfi2i.cli import main
from tfi2i.cli.plan import plan_new
from tfi2i.data import read_image
from tfi2i.errors import RunError, Tfi2iError
from tfi2i.package_files import file_sha256
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder, save_model
from tfi2i.training.files.array_file import read_arrays
from tfi2i.training.files.arrays import variables_to_arrays
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant
from tfi2i.zoo.paired.pix2pix import Pix2Pix
from tfi2i.zoo.unpaired.cyclegan import CycleGAN

MODEL = {
    "filters": 4, "discriminator_filters": 4, "receptive_field": 16, "depth": 3,
    "dropout_at_inference": False,
}  # fmt: skip
EMA: dict[str, Any] = {"ema_decay": 0.9}


def training(data, folder, *, model: Mapping | None = None, size=32, **train) -> Training:
    recipe = Recipe(
        "pix2pix",
        {**MODEL, **(model or {})},
        # 6 images: an epoch has 3 steps.
        {"source": str(data), "batch_size": 2, "load_size": size, "crop_size": size},
        {"samples": 1, "checkpoint_every": 1, "epochs": 1, **train},
    ).resolve(Pix2Pix)
    return Training(recipe, Pix2Pix, RunFolder(folder))


def state(run: Training) -> dict[str, np.ndarray]:
    return variables_to_arrays(run.model.state())


def different(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> list[str]:
    assert one.keys() == other.keys()
    return [name for name in one if not np.array_equal(one[name], other[name])]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, paired_folder) -> Path:
    """A run with running averages, another seed than those that begin from it."""
    path = tmp_path_factory.mktemp("trained") / "run"
    training(paired_folder, path, seed=5, **EMA).fit(verbose=0)
    return path


@pytest.fixture(scope="module")
def untrained(tmp_path_factory, paired_folder) -> dict[str, np.ndarray]:
    """The state in which a run begins by itself."""
    return state(training(paired_folder, tmp_path_factory.mktemp("fresh") / "run", **EMA))


def test_a_run_begins_as_another_one_ended(trained, untrained, paired_folder, tmp_path):
    run = training(paired_folder, tmp_path / "run", start_from=str(trained), **EMA)
    file = trained / "checkpoints/step-000000003.npz"
    there, found = read_arrays(file), state(run)
    for name, value in found.items():
        network = name.removeprefix("average/")
        if value.dtype.kind == "f" and network.startswith("generator/"):
            # What `translate` shows; the averages of the new run begin there too.
            np.testing.assert_array_equal(value, there[f"average/{network}"], err_msg=name)
        elif network.startswith("discriminator/"):
            np.testing.assert_array_equal(value, there[name], err_msg=name)
        else:  # optimizers, the count, and what dropout draws from: that of the new seed
            np.testing.assert_array_equal(value, untrained[name], err_msg=name)
    assert run.iteration == 0 and run.resumed_from is None
    assert run.start is not None
    assert run.start.words.endswith("generator, discriminator taken")
    assert run.folder.facts()["started_from"] == {
        "name": str(trained),
        "file": str(file),
        "sha256": file_sha256(file),
        "taken": ["generator", "discriminator"],
        "fresh": [],
    }
    run.fit(verbose=0)
    # A row of the grid is the input, its translation and the truth.
    first = read_image(tmp_path / "run/samples/000000000.png")
    shown = Pix2Pix.load(trained).translate_batch(first[None, :, :32])
    np.testing.assert_array_equal(first[:, 32:64], shown[0])


def test_a_generator_alone_meets_a_fresh_discriminator(trained, untrained, paired_folder, tmp_path):
    model = Pix2Pix.load(trained)
    save_model(model, tmp_path / "saved", networks=[model.generator], dtype="float16")
    run = training(paired_folder, tmp_path / "run", start_from=str(tmp_path / "saved"), **EMA)
    changed = different(state(run), untrained)
    assert changed and all(n.removeprefix("average/").startswith("generator/") for n in changed)
    kernel = next(name for name in changed if name.endswith("kernel"))
    np.testing.assert_array_equal(
        state(run)[kernel], read_arrays(tmp_path / "saved/weights.npz")[kernel].astype("float32")
    )
    assert run.start is not None and run.start.facts["fresh"] == ["discriminator"]
    assert "generator taken, discriminator fresh" in run.start.words


def test_a_run_goes_on_from_its_own_checkpoints_and_needs_its_start_no_more(
    trained, paired_folder, tmp_path
):
    source = Path(shutil.copytree(trained, tmp_path / "source"))
    begun = {"start_from": str(source), "epochs": 1}
    whole = training(paired_folder, tmp_path / "whole", **begun)
    whole.fit(verbose=0)
    # Killed as soon as the first weights were saved; then stopped after an iteration.
    killed = training(paired_folder, tmp_path / "killed", **begun)
    killed.checkpoints.save(killed.model)
    killed.folder.release()
    facts = killed.folder.facts()
    shutil.rmtree(source)
    resumed = training(paired_folder, tmp_path / "killed", **begun)
    assert resumed.resumed_from is not None and resumed.start is None
    resumed.fit(verbose=0)
    assert not different(state(resumed), state(whole))
    (tmp_path / "killed/checkpoints/step-000000003.npz").unlink()
    again = training(paired_folder, tmp_path / "killed", **begun)
    assert again.iteration == 2
    again.fit(verbose=0)
    assert not different(state(again), state(whole))
    assert again.folder.facts() == facts


def test_any_checkpoint_is_a_start(trained, paired_folder, tmp_path):
    file = trained / "checkpoints/step-000000002.npz"
    run = training(paired_folder, tmp_path / "run", start_from=str(file))
    there = read_arrays(file)
    assert all(
        np.array_equal(value, there[f"average/{name}"])
        for name, value in state(run).items()
        if name.startswith("generator/") and value.dtype.kind == "f"
    )
    assert run.start is not None and run.start.facts["sha256"] == file_sha256(file)


def test_the_best_checkpoint_is_a_start(paired_folder, tmp_path):
    data = shutil.copytree(paired_folder, tmp_path / "data")
    for domain in "AB":
        shutil.copytree(data / domain / "test", data / domain / "val")
    source = training(data, tmp_path / "source", seed=5, epochs=2, evaluate_every=1, **EMA)
    source.fit(verbose=0)
    best = tmp_path / "source/checkpoints/best.npz"
    run = training(paired_folder, tmp_path / "run", start_from=str(best))
    there, begun = read_arrays(best), state(run)
    shown = Pix2Pix.load(tmp_path / "source", checkpoint="best").network_state()
    generator = [name for name in begun if name.startswith("generator/") and name in shown]
    for name in (one for one in generator if begun[one].dtype.kind == "f"):
        np.testing.assert_array_equal(begun[name], shown[name].numpy(), err_msg=name)
        np.testing.assert_array_equal(begun[name], there[f"average/{name}"], err_msg=name)
    assert generator
    assert run.start is not None and run.start.facts["file"] == str(best)
    best.unlink()
    with pytest.raises(
        RunError, match="train.start_from: .* no checkpoint 'best.npz'; there are 5, 6 "
    ):
        training(paired_folder, tmp_path / "other", start_from=str(best))


def test_another_size_of_images_where_the_networks_take_it(trained, paired_folder, tmp_path):
    run = training(paired_folder, tmp_path / "run", start_from=str(trained), size=16)
    assert "it was made with data.crop_size=32" in run.start.words  # type: ignore[union-attr]
    run.fit(verbose=0)
    assert run.finished


@pytest.fixture(scope="module")
def starts(tmp_path_factory, trained) -> Path:
    """Folders that no run of pix2pix can begin from."""
    root = tmp_path_factory.mktemp("starts")
    cyclegan = CycleGAN(
        crop_size=32, filters=2, discriminator_filters=2, blocks=1, receptive_field=16
    )
    cyclegan.save(root / "cyclegan")
    for name in ("cut", "altered", "empty"):
        shutil.copytree(trained, root / name)
    for file in (root / "cut/checkpoints").iterdir():
        file.write_bytes(file.read_bytes()[:-30])
    shutil.rmtree(root / "empty/checkpoints")
    Pix2Pix.load(trained).save(root / "saved")
    weights = root / "saved/weights.npz"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    (root / "mine.weights.h5").write_text("")
    return root


WIDER = {"filters": 8, "l1_weight": 1.0}


@pytest.mark.parametrize(
    ("start", "settings", "words"),
    [
        ("{starts}/cyclegan", {}, "is a 'cyclegan', whose networks are others than .* 'pix2pix'"),
        ("pix2pix-relief2elevation", {}, "did you mean pix2pix-relief2elevation-64\\?"),
        ("cyclegan-relief2elevation-64", {}, "is a 'cyclegan'"),
        ("{starts}/nowhere", {}, "there is no folder .*nowhere"),
        ("{starts}/mine.weights.h5", {}, "is a file: give the folder"),
        ("{starts}/empty", {}, "has no checkpoint yet"),
        ("{starts}/saved", {}, "weights.npz is not the file model.json describes"),
        ("{starts}", {}, "holds no model: it has no model.json"),
        (
            "{trained}",
            {"model": WIDER},
            r"generator of \S+/run does not fit: generator/down1_conv/kernel is \(4, 4, 3, 4\) "
            r"there and \(4, 4, 3, 8\) here. Set model.filters=4; without --recipe",
        ),
        (
            "{trained}",
            {"model": {"depth": 2, "upsampling": "nearest"}},
            "generator .* Set model.depth=3 model.upsampling=transposed; ",
        ),
        (
            "{trained}",
            {"model": {"discriminator_filters": 2}},
            "network discriminator .* Set model.discriminator_filters=4; ",
        ),
        ("pix2pix-relief2elevation-64", {"size": 64}, "generator .* Set model.depth=4 "),
    ],
)
def test_a_start_that_does_not_fit_is_told_before_anything_is_written(
    start, settings, words, starts, trained, paired_folder, tmp_path
):
    name = start.format(starts=starts, trained=trained)
    with pytest.raises(Tfi2iError, match=words) as told:
        training(paired_folder, tmp_path / "run", start_from=name, **settings)
    assert "train.start_from" in str(told.value) or "/" in name
    assert "\n" not in str(told.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.filterwarnings("ignore:.*falling back to the checkpoint before")
@pytest.mark.fault("R6")
def test_damaged_checkpoints_are_no_start(starts, paired_folder, tmp_path):
    with pytest.raises(Tfi2iError, match="all 2 checkpoints in .*cut/checkpoints are damaged"):
        training(paired_folder, tmp_path / "run", start_from=str(starts / "cut"))
    assert not (tmp_path / "run").exists()


def test_images_of_other_channels_are_named(trained, paired_folder, tmp_path):
    recipe = Recipe(
        "pix2pix",
        MODEL,
        {"source": str(paired_folder), "load_size": 32, "crop_size": 32, "channels": 1},
        {"start_from": str(trained)},
    ).resolve(Pix2Pix)
    with pytest.raises(Tfi2iError, match="Set data.channels=3; "):
        Training(recipe, Pix2Pix, RunFolder(tmp_path / "run"))


# --- as users give it ---


def planned(data, *overrides: str, recipe: str | None = None) -> Recipe:
    plan = plan_new(
        "pix2pix", recipe, data={"source": str(data)}, overrides=overrides, run=None,
        runs=Path("runs"),
    )  # fmt: skip
    return plan.recipe


def test_without_a_recipe_networks_and_size_are_those_of_the_start(trained, paired_folder):
    begun = f"train.start_from={trained}"
    recipe = planned(paired_folder, begun, "model.l1_weight=7")
    config = Pix2Pix.load(trained).get_config()
    own = {key: config[key] for key in recipe.model}
    assert recipe.model == {**own, "l1_weight": 7.0} and own["l1_weight"] == 100.0
    # pix2pix loads at 286/256 of its crops.
    assert (recipe.data["crop_size"], recipe.data["load_size"]) == (32, 36)
    assert recipe.train["start_from"] == str(trained)
    asked = planned(paired_folder, begun, "data.crop_size=16", "data.load_size=16")
    assert asked.data["crop_size"] == 16 and asked.model["filters"] == 4
    named = planned(paired_folder, begun, recipe="small")
    assert named.model["filters"] == 24, "a recipe that is named stays as it is"


def test_on_the_command_line(trained, paired_folder, tmp_path, capsys, monkeypatch):
    def command(*words: str) -> str:
        with pytest.raises(SystemExit) as exited:
            main(["train", *words])
        said = capsys.readouterr()
        assert not exited.value.code, said.err
        return said.out

    monkeypatch.chdir(trained.parent)
    new = ["pix2pix", "--data", str(paired_folder), "--run", str(tmp_path / "run")]
    new += [f"train.start_from={trained.name}", "train.epochs=1", "data.batch_size=3"]
    line = f"start      {trained} (SHA-256 "
    dry = command(*new, "--dry-run")
    assert f"start    {trained} (SHA-256 " in dry and "discriminator taken" in dry
    assert not (tmp_path / "run").exists()
    said = command(*new)
    assert line in said and line in (tmp_path / "run/log.txt").read_text()
    assert "model.depth None -> 3, model.filters 64 -> 4, " in said and f" (as {trained})" in said
    monkeypatch.chdir(tmp_path)
    assert line not in command("--resume", "run")
    facts = json.loads((tmp_path / "run/run.json").read_text())
    assert facts["started_from"]["name"] == str(trained)


def test_two_that_got_the_same_number_write_into_their_own_folders(paired_folder, tmp_path):
    folders = [RunFolder.next_numbered(tmp_path, "pix2pix") for _ in range(2)]
    recipe = training(paired_folder, tmp_path / "other").recipe
    runs = [Training(recipe, Pix2Pix, folder) for folder in folders]
    for run in runs:
        run.checkpoints.save(run.model)
    assert [len(list(folder.checkpoints.iterdir())) for folder in folders] == [1, 1]
    assert folders[0].path != folders[1].path


def test_presets_of_the_zoo_are_found_without_their_variants(tmp_path):
    from tfi2i.inference.presets import presets

    there = presets()
    assert there and all((folder / "model.json").is_file() for folder in there.values())
    assert "pix2pix-relief2elevation-64" in find_variant("pix2pix").presets
    assert there["pix2pix-relief2elevation-64"] in find_variant("pix2pix").preset_folders
