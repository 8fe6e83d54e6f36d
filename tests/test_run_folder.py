"""The folder of a run: whole whenever its process is killed, and of one process at a time."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import keras
import pytest

from tfi2i.cli import main
from tfi2i.cli.plan import plan_new, plan_resume
from tfi2i.errors import RunError, Tfi2iError, WeightsError
from tfi2i.recipe import Recipe
from tfi2i.report import write_run_page
from tfi2i.training import RunFolder
from tfi2i.training.files.model_facts import read_model_facts, write_model_facts
from tfi2i.training.run.training import Training
from tfi2i.whole_files import read_json, write_json, write_text
from tfi2i.zoo.paired.pix2pix import Pix2Pix

SETTINGS = {
    "model": {"filters": 4, "discriminator_filters": 4, "receptive_field": 16, "depth": 3},
    "data": {"batch_size": 2, "load_size": 36, "crop_size": 32},
    "train": {"epochs": 1, "samples": 1},
}
FACTS = {"data": "6 pairs", "data_fingerprint": "0", "parameters": {}, "command": "tfi2i train x"}


def recipe_for(data: Path) -> Recipe:
    tables = {**SETTINGS, "data": {**SETTINGS["data"], "source": str(data)}}
    return Recipe("pix2pix", **tables).resolve(Pix2Pix)


def overrides() -> list[str]:
    return [f"{s}.{k}={v}" for s, table in SETTINGS.items() for k, v in table.items()]


def command(data: Path, run: Path) -> list[str]:
    return ["train", "pix2pix", *overrides(), "--data", str(data), "--run", str(run)]


def killed_at(moment: int, work, folder: Path) -> bool:
    """Does some work in a process that is killed as it touches the folder the n-th time.

    Every opening, renaming, making and removing of a file counts. False if the work came to its
    end before.
    """
    child = os.fork()
    if not child:
        seen = 0

        def count(event: str, arguments: tuple) -> None:
            nonlocal seen
            if event in ("open", "os.mkdir", "os.rename", "os.remove") and any(
                str(one).startswith(str(folder)) for one in arguments[:2]
            ):
                seen += 1
                if seen == moment:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(count)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.fault("R1")
def test_killed_at_any_moment_of_its_making_a_folder_can_be_begun_again(tmp_path, paired_folder):
    recipe = recipe_for(paired_folder)

    def begin(path: Path) -> None:
        folder = RunFolder(path)
        folder.claim()
        write_model_facts(path, "pix2pix", {"crop_size": 32})
        folder.create(recipe, FACTS)

    kills = 0
    while killed_at(kills + 1, lambda: begin(path), path := tmp_path / f"run{kills}"):
        kills += 1
        folder = RunFolder(path)
        if folder.exists:
            # The mark of a run comes last: all of it is there.
            assert folder.recipe() == recipe
            assert folder.facts()["data"] == "6 pairs"
            assert read_model_facts(path)["variant"] == "pix2pix"
        else:
            assert folder.is_free, sorted(p.name for p in path.iterdir())
            again = plan_new(
                "pix2pix", None, data={"source": str(paired_folder)}, overrides=overrides(),
                run=path, runs=tmp_path,
            )  # fmt: skip
            assert again.folder.path == path
        begin(path)
        folder.release()
        assert folder.recipe() == recipe
        assert not list(path.glob(".*.tmp")), "what was half written is gone"
    assert kills > 12


KILLER = """
import os, signal, sys
event, ending = sys.argv.pop(1), sys.argv.pop(1)
def hook(name, arguments):
    if name == event and any(str(one).endswith(ending) for one in arguments[:2]):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
from tfi2i.cli import main
main()
"""


@pytest.mark.fault("R1")
def test_the_same_command_ends_a_run_killed_as_its_folder_was_made(
    forking, tmp_path, paired_folder
):
    run = tmp_path / "run"
    arguments = command(paired_folder, run)
    killed = forking.run("-c", KILLER, "os.rename", "recipe.yaml", *arguments)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (run / "recipe.yaml").exists() and (run / "run.json").exists()
    again = forking.run("-m", "tfi2i", *arguments)
    assert again.returncode == 0, again.stderr
    assert Pix2Pix.load(run).get_config()["filters"] == 4
    assert RunFolder(run).metrics()[-1]["iteration"] == 3


@pytest.fixture(scope="module")
def trained(tmp_path_factory, paired_folder) -> Path:
    path = tmp_path_factory.mktemp("trained") / "run"
    keras.utils.set_random_seed(0)
    training = Training(recipe_for(paired_folder), Pix2Pix, RunFolder(path))
    training.fit(verbose=0)
    return path


@pytest.fixture
def run(trained, tmp_path) -> RunFolder:
    subprocess.run(["cp", "-r", trained, tmp_path / "run"], check=True)
    return RunFolder(tmp_path / "run")


def go_on(run: RunFolder, data: Path) -> Training:
    training = Training(recipe_for(data), Pix2Pix, run)
    write_run_page(run)
    run.release()
    return training


DAMAGES = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "binary": lambda path: path.write_bytes(b"\x00\xff\xfe" * 40),
    "other": lambda path: path.write_text("[1]\n"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.fault("R1")
def test_a_run_goes_on_whatever_file_is_damaged(run, paired_folder, damage):
    begun = run.facts()["started"]
    for name, sentence in [
        ("recipe.yaml", "recipe.yaml.* goes on with the settings given now"),
        ("run.json", "run.json.* is not checked"),
        ("model.json", None),
        ("metrics.jsonl", None),
        ("samples/000000003.png", None),
    ]:
        kept = (run.path / name).read_bytes()
        DAMAGES[damage](run.path / name)
        if name == "recipe.yaml":
            with pytest.raises(RunError, match="give the command that began it, with --run"):
                run.recipe()
        if sentence is None:
            training = go_on(run, paired_folder)
        else:
            with pytest.warns(UserWarning, match=f"(?s){sentence}"):
                training = go_on(run, paired_folder)
        assert training.iteration == 3
        if name == "metrics.jsonl":
            assert all(line["iteration"] <= 3 for line in run.metrics())
        elif name == "recipe.yaml":
            assert run.recipe_path.read_bytes() == kept, "written anew"
            assert run.facts()["started"] == begun, "what is whole stays"
        elif name == "run.json":
            assert run.facts()["data_fingerprint"] == json.loads(kept)["data_fingerprint"]
        elif not name.endswith(".png"):
            assert (run.path / name).read_bytes() == kept, "written anew"
        assert Pix2Pix.load(run.path).crop_size == 32


def take_place(path: Path) -> None:
    """A folder where a file belongs, or a file where a folder does."""
    if path.is_dir():
        subprocess.run(["rm", "-r", path], check=True)
        path.write_text("mine")
    else:
        path.unlink(missing_ok=True)
        path.mkdir()


@pytest.mark.parametrize(
    "name",
    ["run.json", "model.json", "metrics.jsonl", "recipe.yaml", "log.txt", "index.html", ".lock",
     "samples/000000003.png", "samples", "checkpoints", "tensorboard"],
)  # fmt: skip
@pytest.mark.fault("R1")
def test_what_lies_in_the_place_of_a_file_or_folder_is_named(run, paired_folder, name):
    take_place(run.path / name)
    words = f"{name} is a (folder|file), and .* belongs there: move the (folder|file) away"
    before = sorted(run.path.rglob("*"))
    for use in (
        lambda: go_on(run, paired_folder),
        run.claim,
        lambda: write_run_page(run),
        lambda: plan_new(
            "pix2pix", None, data={"source": str(paired_folder)}, overrides=overrides(),
            run=run.path, runs=run.path,
        ).rehearse(),
    ):  # fmt: skip
        with pytest.raises(RunError, match=words):
            use()
    assert sorted(run.path.rglob("*")) == before
    for damaged, read in {
        "run.json": lambda: run.record(3),
        "metrics.jsonl": lambda: run.record(3),
        "recipe.yaml": lambda: plan_resume(run.path),
        "model.json": lambda: Pix2Pix.load(run.path),
        "checkpoints": lambda: Pix2Pix.load(run.path),
    }.items():
        if damaged == name:
            with pytest.raises(Tfi2iError, match=words):
                read()
    # The advice helps, as the file is one that is written anew.
    if (run.path / name).is_dir():
        (run.path / name).rename(run.path / "mine")
        with warnings.catch_warnings(action="ignore"):
            assert go_on(run, paired_folder).iteration == 3


def test_a_folder_named_as_an_old_checkpoint_is_left_alone(run, paired_folder):
    take_place(run.checkpoints / "step-000000000.npz")
    training = go_on(run, paired_folder)
    for iteration in (4, 5):
        training.model.iteration.assign(iteration)
        training.checkpoints.save(training.model)
    assert sorted(path.name for path in run.checkpoints.iterdir()) == [
        f"step-00000000{iteration}.npz" for iteration in (0, 4, 5)
    ]
    for path in training.checkpoints.files()[1:]:
        path.unlink()
    with (
        pytest.warns(UserWarning, match="step-000000000.npz"),
        pytest.raises(RunError, match="all 1 checkpoints"),
    ):
        go_on(run, paired_folder)


def test_a_model_is_not_saved_over_a_file_or_a_folder(run, tmp_path):
    model = Pix2Pix.load(run.path)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "weights/weights.npz").mkdir(parents=True)
    (tmp_path / "facts/model.json").mkdir(parents=True)
    (tmp_path / "m.weights.h5").mkdir()
    for name, save in [
        ("file", model.save), ("weights", model.save), ("facts", model.save),
        ("m.weights.h5", model.save_weights),
    ]:  # fmt: skip
        with pytest.raises(WeightsError, match="belongs there: move the"):
            save(tmp_path / name)
    with pytest.raises(Tfi2iError, match="facts is a folder, and a file of that name belongs"):
        write_json(tmp_path / "facts", {})


def test_evaluate_names_a_damaged_file_of_the_run_before_it_measures(run, tmp_path, capsys):
    take_place(run.metrics_path)
    (tmp_path / "notes").write_text("mine")
    for figures, words in [
        ("figures.json", "metrics.jsonl is a folder"),
        ("notes/sub/figures.json", "notes is a file"),
    ]:
        with pytest.raises(SystemExit):
            main(["evaluate", "--run", str(run.path), "--json", str(tmp_path / figures)])
        printed = capsys.readouterr()
        assert words in "".join(printed.err.splitlines())
        assert not printed.out, "nothing was measured"


def test_lines_of_metrics_that_are_whole_are_read(tmp_path):
    folder = RunFolder(tmp_path)
    folder.metrics_path.write_bytes(
        b'{"iteration": 20, "loss": 1.5}\n\x00\xff\n[1]\n{"iteration": "x"}\n'
        b'{"iteration": 30, "loss": "high"}\n{"iteration": 40, "loss": NaN}\n{"iteration": 60, "l'
    )
    assert [line["iteration"] for line in folder.metrics()] == [20, 40]
    folder.forget_after(20)
    assert folder.metrics_path.read_text() == '{"iteration": 20, "loss": 1.5}\n'


@pytest.mark.fault("R13")
def test_facts_of_another_version_or_machine_are_said(run, paired_folder):
    facts = run.facts()
    run.write_facts({**facts, "data_fingerprint": "3:later"})
    with pytest.raises(RunError, match="another version of tfi2i"):
        go_on(run, paired_folder)
    run.write_facts({**facts, "threads": 64, "processor": "another"})
    with pytest.warns(UserWarning, match="processor, threads differ.*not bit for bit"):
        go_on(run, paired_folder)
    del facts["parameters"]
    run.write_facts(facts)
    with pytest.warns(UserWarning, match="has no parameters"):
        go_on(run, paired_folder)
    assert "parameters" in run.facts()
    run.recipe_path.write_text(run.recipe_path.read_text() + "# mine\n")
    with pytest.warns(UserWarning, match="recipe.yaml was changed since"):
        go_on(run, paired_folder)


def test_fingerprints_of_earlier_versions_go_on(run, paired_folder):
    facts = run.facts()
    names = facts["data_fingerprint"].split(":")[1]
    run.write_facts({**facts, "data_fingerprint": names})
    assert go_on(run, paired_folder).iteration == 3
    run.write_facts({**facts, "data_fingerprint": names[::-1]})
    with pytest.raises(RunError, match="begun on other images"):
        go_on(run, paired_folder)


def test_a_setting_that_a_run_did_not_know_yet_has_its_default(run, paired_folder):
    recipe = recipe_for(paired_folder)
    earlier = {k: v for k, v in recipe.train.items() if k not in ("decay_by", "evaluate_every")}
    text = dataclasses.replace(recipe, train=earlier).to_yaml()
    write_text(run.recipe_path, text)
    with pytest.raises(RunError, match="train.decay_by: 'epochs' -> 'iterations'"):
        changed = recipe.with_overrides(["train.decay_by=iterations"])
        Training(changed, Pix2Pix, run)
    assert run.recipe_path.read_text() == text
    with pytest.warns(UserWarning, match="recipe.yaml was changed since"):
        assert go_on(run, paired_folder).iteration == 3


@pytest.mark.fault("R5")
def test_another_picture_of_the_same_name_and_size_is_seen(run, paired_folder, tmp_path):
    subprocess.run(["cp", "-r", paired_folder, tmp_path / "data"], check=True)
    recipe = recipe_for(tmp_path / "data")
    write_text(run.recipe_path, recipe.to_yaml())
    picture = tmp_path / "data/A/train/000.png"
    content = picture.read_bytes()
    middle = len(content) // 2
    picture.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    with pytest.raises(RunError, match="have other names or other content"):
        Training(recipe, Pix2Pix, run)


def test_a_run_in_which_nothing_was_trained_is_begun_anew(paired_folder, tmp_path):
    run, recipe = RunFolder(tmp_path / "run"), recipe_for(paired_folder)
    training = Training(recipe, Pix2Pix, run)
    training.checkpoints.save(training.model)
    changed = dataclasses.replace(recipe, data={**recipe.data, "skip_bad": True})
    anew = Training(changed, Pix2Pix, run)
    assert anew.resumed_from is None and not anew.checkpoints.files()
    assert run.recipe().data["skip_bad"] is True
    anew.fit(verbose=0)
    with pytest.raises(RunError, match="begun with another recipe .*skip_bad: True -> False"):
        Training(recipe, Pix2Pix, run)


# --- two processes ---


def start(work) -> tuple[int, int]:
    """Forks a process; returns its number and where it writes to."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            work(writing)
        finally:
            os._exit(0)
    os.close(writing)
    return child, reading


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.fault("R4")
def test_a_second_process_is_refused_while_the_first_lives(tmp_path):
    path = tmp_path / "run"

    def hold(pipe: int) -> None:
        RunFolder(path).claim()
        os.write(pipe, b"held")
        signal.pause()

    holder, pipe = start(hold)
    try:
        assert os.read(pipe, 10) == b"held"
        with pytest.raises(RunError, match=f"is being trained by process {holder} on "):
            RunFolder(path).claim()
    finally:
        os.kill(holder, signal.SIGKILL)
        os.waitpid(holder, 0)
    # The lock died with its process, without any clearing up.
    folder = RunFolder(path)
    folder.claim()
    RunFolder(path).claim()  # of the same process
    folder.release()


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.fault("R4")
def test_starts_at_once_get_a_number_each(tmp_path):
    folders = [
        RunFolder.next_numbered(tmp_path, name) for name in ("pix2pix", "pix2pix", "cyclegan") * 4
    ]
    assert {folder.path.name[:5] for folder in folders} == {"00000"}, "before any is taken"

    def take(pipe: int, folder: RunFolder) -> None:
        folder.claim()
        os.write(pipe, folder.path.name.encode())

    started = [start(lambda pipe, one=one: take(pipe, one)) for one in folders]
    names = [os.read(pipe, 100).decode() for _, pipe in started]
    for child, _ in started:
        os.waitpid(child, 0)
    assert sorted(name[:5] for name in names) == [f"{number:05d}" for number in range(12)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


# --- files ---


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Tfi2iError, match="cannot write .*a.json: No space"):
        write_json(path, {"a": 2})
    assert read_json(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_of_something_else_is_left_alone(tmp_path, paired_folder):
    (tmp_path / "notes.txt").write_text("mine")
    assert not RunFolder(tmp_path).is_free
    with pytest.raises(RunError, match="exists and is not a run folder"):
        plan_new(
            "pix2pix", None, data={"source": str(paired_folder)}, overrides=[], run=tmp_path,
            runs=tmp_path,
        )  # fmt: skip
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.fault("R12")
def test_a_run_folder_whose_name_is_not_utf8_is_refused(tmp_path):
    folder = RunFolder(os.fsdecode(os.fsencode(tmp_path) + b"/r\xff"))
    with pytest.raises(RunError, match=r"r\\udcff has a name that is not UTF-8"):
        folder.claim()
    assert not list(tmp_path.iterdir())
