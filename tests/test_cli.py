"""The command line through its real entry point: train, resume, translate, evaluate, export."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfi2i.cli import main
from tfi2i.data import read_image

COMMANDS = (
    "demo",
    "list",
    "train",
    "translate",
    "evaluate",
    "export",
    "compare",
    "reproduce",
)
TINY = (
    "model.filters=4",
    "model.discriminator_filters=4",
    "model.receptive_field=16",
    "model.depth=3",
    "data.load_size=36",
    "data.crop_size=32",
    "data.batch_size=2",
    "train.samples=2",
)


@pytest.fixture
def tfi2i(capsys):
    """Runs one command in this process; returns its exit code, stdout and stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as exited:
            main([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return int(exited.value.code or 0), shown.out, shown.err

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory, paired_folder) -> Path:
    """A run of two epochs."""
    run = tmp_path_factory.mktemp("trained") / "run"
    command = ["train", "pix2pix", "--data", str(paired_folder), "--run", str(run)]
    command += [*TINY, "train.epochs=2", "train.checkpoint_every=3"]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), pytest.raises(SystemExit) as exited:
        main(command)
    assert not exited.value.code, said.getvalue()
    (run / "said.out").write_text(said.getvalue())
    return run


def everything_below(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


# --- help and list ---


def test_help_needs_no_tensorflow_and_ends_in_an_example():
    program = f"""
import contextlib, io, sys
from tfi2i.cli import main
for arguments in ([], *([command] for command in {COMMANDS!r})):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main([*arguments, "--help"])
    last = said.getvalue().strip().splitlines()
    assert any(line.strip().startswith("Example:  tfi2i") for line in last[-3:]), said.getvalue()
with contextlib.suppress(SystemExit):
    main(["list"])
assert not {{"tensorflow", "keras", "numpy"}} & set(sys.modules), sorted(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_list_shows_every_variant(tfi2i):
    code, said, _ = tfi2i("list")
    assert code == 0
    for word in ("pix2pix", "cyclegan", "siamese_translator", "Isola et al. 2017", "demo"):
        assert word in " ".join(said.split())


def test_list_takes_a_pattern(tfi2i):
    code, said, _ = tfi2i("list", "cycle*")
    assert code == 0 and "cyclegan" in said and "pix2pix" not in said
    _, said, _ = tfi2i("list", "music*")
    assert "GPL-2" in said  # of the soundfont that the preset's training images were made with


def test_list_of_nothing_names_what_there_is(tfi2i):
    code, _, complaint = tfi2i("list", "stylegan")
    assert code == 2 and "pix2pix" in complaint


# --- train ---


def test_train_leaves_a_run_that_explains_itself(trained):
    said = (trained / "said.out").read_text()
    assert "found paired" in said and "6 training pairs, 4 test" in said
    assert f"tfi2i train --resume {trained}" in said
    assert "2 epochs of 3 iterations = 6, batches of 2" in said
    assert "epoch 2/2  iteration 6  " in said, "one line an epoch where there is no terminal"
    for name in ("recipe.yaml", "run.json", "metrics.jsonl", "model.json", "index.html"):
        assert (trained / name).stat().st_size, name
    assert {p.stem for p in (trained / "samples").iterdir()} == {f"{i:09d}" for i in (0, 3, 6)}
    log = (trained / "log.txt").read_text()
    assert "found paired" in log and "epoch 2/2" in log and "finished" in log
    assert "iteration 6 of 6" in (trained / "index.html").read_text()


def test_same_command_again_finds_the_run_finished(trained, paired_folder, tfi2i):
    before = (trained / "checkpoints" / "step-000000006.npz").stat().st_mtime_ns
    code, said, _ = tfi2i(
        "train",
        "pix2pix",
        "--data",
        paired_folder,
        "--run",
        trained,
        *TINY,
        "train.epochs=2",
        "train.checkpoint_every=3",
    )
    assert code == 0 and "from iteration 6 (step-000000006.npz)" in said
    assert (trained / "checkpoints" / "step-000000006.npz").stat().st_mtime_ns == before


def test_resume_trains_what_is_left(trained, tmp_path, tfi2i):
    run = tmp_path / "killed in epoch 2"
    shutil.copytree(trained, run)
    (run / "checkpoints" / "step-000000006.npz").unlink()
    code, said, _ = tfi2i("train", "--resume", run)
    assert code == 0 and "from iteration 3" in said and "epoch 2/2  iteration 6" in said
    assert "epoch 1/2" not in said
    again, whole = (
        np.load(folder / "checkpoints" / "step-000000006.npz") for folder in (run, trained)
    )
    for name in whole.files:
        np.testing.assert_allclose(again[name], whole[name], rtol=1e-3, atol=1e-4, err_msg=name)


@pytest.mark.fault("5")
def test_another_recipe_does_not_go_on_with_a_run(trained, paired_folder, tfi2i):
    code, _, complaint = tfi2i(
        "train", "pix2pix", "--data", paired_folder, "--run", trained, *TINY, "train.epochs=2",
        "model.l1_weight=3",
    )  # fmt: skip
    assert code == 2 and "model.l1_weight: 100.0 -> 3.0" in complaint


def test_ctrl_c_saves_and_says_how_to_go_on(forking, tmp_path, paired_folder):
    """SIGTERM is sent in test_resume.py."""
    run = tmp_path / "run"
    command = ["train", "pix2pix", "--data", paired_folder, "--run", run, *TINY]
    command += ["train.epochs=100000", "train.sample_every=100000"]
    process = forking.start("-m", "tfi2i", *command)
    for line in process.stdout:
        if line.startswith("epoch 2/"):
            break
    process.send_signal(signal.SIGINT)
    said = process.communicate()
    assert process.wait() == 130, said
    assert f"tfi2i train --resume {run}" in said and "all is saved" in said
    saved = max((run / "checkpoints").iterdir())
    iteration = int(said.split("stopped after iteration ")[1].split(";")[0].replace(",", ""))
    assert saved.name == f"step-{iteration:09d}.npz"
    assert "stopped" in (run / "index.html").read_text()


def test_dry_run_writes_nothing(tmp_path, paired_folder, tfi2i):
    code, said, _ = tfi2i(
        "train", "pix2pix", "--data", paired_folder, "--runs", tmp_path / "runs", "--dry-run", *TINY
    )
    assert code == 0
    assert "l1_weight: 100.0" in said and "6 training pairs" in said and "00000-pix2pix" in said
    assert not everything_below(tmp_path)


def test_dry_run_finds_mistakes_in_the_data(tmp_path, paired_folder, tfi2i):
    code, _, complaint = tfi2i(
        "train", "pix2pix", "--data", paired_folder, "--dry-run", "data.batch_size=64"
    )
    assert code == 2 and "64" in complaint and "6 training images" in complaint


def test_numbered_runs_count_on(tmp_path, paired_folder, tfi2i):
    (tmp_path / "00007-cyclegan-horses").mkdir()
    _, said, _ = tfi2i(
        "train", "pix2pix", "--data", paired_folder, "--runs", tmp_path, "--dry-run", *TINY
    )
    assert f"00008-pix2pix-{paired_folder.name}" in said


def test_unknown_key_names_its_neighbour(paired_folder, tfi2i):
    code, said, complaint = tfi2i(
        "train", "cyclegan", "--data", paired_folder, "--dry-run", "model.cycle_weigth=5"
    )
    assert code == 2 and "did you mean model.cycle_weight?" in complaint
    assert "Traceback" not in said + complaint


def test_mistakes_are_one_line_and_exit_code_2(tmp_path, trained, tfi2i):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (40, 40)).save(photos / "one.png")
    data = ("--data", photos)
    cases = {
        ("train",): "say which variant",
        ("train", "pix2pixx", *data): "no variant is called 'pix2pixx'; did you mean pix2pix?",
        ("train", "pix2pix"): "say which images",
        ("train", "pix2pix", *data, "filters=3"): "section.key=value",
        ("train", "pix2pix", *data, "--recipe", "none"): "no recipe 'none'",
        ("train", "pix2pix", "--data", tmp_path / "nowhere", "--dry-run"): "nowhere",
        ("train", "pix2pix", *data, "--run", photos): "is not a run folder",
        ("train", "--resume", photos): "is not a run folder",
        ("train", "pix2pix", "--resume", trained): "leave out pix2pix",
        ("train", "--resume", trained, "train.seed=9"): "leave out train.seed=9",
        ("train", "--resume", trained, "train.epochs=1"): "train.epochs: 2 -> 1",
        ("train", "--resume", trained, "train.epochs=0"): "train.epochs must be a whole number",
        ("translate", photos, "--out", tmp_path / "out"): "--run FOLDER, or --preset NAME",
        ("translate", photos, "--run", photos, "--out", tmp_path / "out"): "holds no model",
        ("evaluate", "--run", tmp_path / "nowhere"): "there is no run folder",
        ("evaluate", "--preset", "nothing"): "no preset is called 'nothing'; there are",
        ("evaluate", "--preset", "stargan-earth"): "did you mean stargan-earth-64?",
        ("reproduce", "pix2pix", "--seeds", "a"): "whole numbers",
        ("reproduce",): "name one variant (tfi2i reproduce pix2pix), or give --all",
        ("reproduce", "pix2pix", "--all"): "name one variant",
        ("reproduce", "--all", "--arm", "L1"): "leave --plan, --arm and --add out",
        ("list", "--page", photos): "is a folder",
        ("compare", "pix2pix", "--seeds", "a"): "whole numbers",
        ("export", "--run", trained, "--out", tmp_path, "--formats", "onnx"): "saved_model",
        ("export", "--run", trained, "--out", tmp_path, "--formats", " , "): "at least one",
        ("export", "--run", trained, "--out", photos / "one.png"): "one.png is a file",
        ("export", "--run", trained, "--out", photos / "one.png" / "x"): "one.png is a file",
        ("export", "--run", trained, "--out", tmp_path, "--size", 0): "--size='0' is not possible",
        ("export", "--run", trained, "--out", tmp_path, "--size", -64): "--size='-64' is not",
        ("export", "--run", trained, "--out", tmp_path, "--size", 2): "8 pixels or more",
        ("export", "--run", trained, "--out", tmp_path, "--accept-psnr", "nan"): "give dB",
        ("export", "--run", trained, "--out", tmp_path, "--max-pixels", 0): "--max-pixels 0",
        ("export", "--run", trained, "--out", tmp_path, "--direction", "b2a"): "a2b",
        ("export", trained, "--run", trained, "--out", tmp_path): "one run at a time",
    }
    before = everything_below(tmp_path)
    for arguments, words in cases.items():
        code, _, complaint = tfi2i(*arguments)
        assert (code, words in complaint) == (2, True), (arguments, code, complaint)
        assert complaint.count("\n") == 1 and complaint.startswith("error: "), complaint
    assert everything_below(tmp_path) == before


@pytest.mark.fault("8")
def test_losses_that_explode_end_with_exit_code_3(tmp_path, paired_folder, tfi2i):
    code, _, complaint = tfi2i(
        "train", "pix2pix", "--data", paired_folder, "--run", tmp_path / "run", *TINY,
        "train.epochs=9", "train.generator_learning_rate=1e30",
    )  # fmt: skip
    assert code == 3 and "iteration" in complaint and "step-" in complaint
    assert "error: " in (tmp_path / "run" / "log.txt").read_text()
    page = (tmp_path / "run" / "index.html").read_text()
    assert "stopped" in page and "refresh" not in page and "error: " in page


@pytest.mark.fault("10")
def test_skip_bad_lists_what_it_skips(tmp_path, paired_folder, tfi2i):
    photos = tmp_path / "photos"
    shutil.copytree(paired_folder, photos)
    (photos / "A" / "train" / "005.png").write_bytes(b"not a picture")
    arguments = ("train", "pix2pix", "--data", photos, "--dry-run", *TINY)
    code, _, complaint = tfi2i(*arguments)
    assert code == 2 and "005.png" in complaint
    code, said, _ = tfi2i(*arguments, "--skip-bad")
    assert code == 0 and "005.png" in said and "5 training pairs" in said


# --- translate, evaluate, export ---


@pytest.mark.filterwarnings("default")
def test_a_damaged_newest_checkpoint_is_one_warning(trained, tmp_path, tfi2i):
    shutil.copytree(trained, tmp_path / "run")
    newest = max((tmp_path / "run" / "checkpoints").iterdir())
    newest.write_bytes(b"")
    Image.new("RGB", (40, 40), "teal").save(tmp_path / "photo.png")
    code, _, complaint = tfi2i(
        "translate", tmp_path / "photo.png", "--run", tmp_path / "run", "--out", tmp_path / "out"
    )
    assert code == 0 and (tmp_path / "out/photo.png").exists()
    assert complaint.startswith(f"warning: {newest} is damaged")
    assert complaint.splitlines()[0].endswith("falling back to the checkpoint before")
    _, _, complaint = tfi2i("evaluate", "--run", tmp_path / "run", "--data", tmp_path / "none")
    assert complaint.startswith(f"warning: {newest} is damaged")


def test_translate_keeps_names_and_sizes(trained, tmp_path, tfi2i):
    photos = tmp_path / "photos"
    photos.mkdir()
    Image.new("RGB", (70, 41), "teal").save(photos / "holiday.jpg")
    Image.new("L", (33, 90)).save(photos / "grey.png")
    code, said, _ = tfi2i("translate", photos, "--run", trained, "--out", tmp_path / "out")
    assert code == 0 and "2 files" in said
    shapes = {p.name: read_image(p).shape for p in (tmp_path / "out").iterdir()}
    assert shapes == {"holiday.jpg": (41, 70, 3), "grey.png": (90, 33, 3)}
    # The training images are 40 px, loaded at 36.
    assert "translated at 36/40 of their size, as in training" in said
    at_scale = read_image(tmp_path / "out" / "grey.png")
    arguments = ("translate", photos, "--run", trained, "--out", tmp_path / "out")
    code, _, complaint = tfi2i(*arguments, "--scale", 1)
    assert code == 2 and "2 files are there already" in complaint and "--overwrite" in complaint
    code, said, _ = tfi2i(*arguments, "--scale", 1, "--overwrite")
    assert code == 0 and "of their size" not in said
    assert (read_image(tmp_path / "out" / "grey.png") != at_scale).any()
    code, _, complaint = tfi2i(*arguments, "--overwrite", "--scale", "half")
    assert code == 2 and "scale='half'" in complaint


def test_translate_knows_its_directions_and_tiles(trained, paired_folder, tmp_path, tfi2i):
    arguments = ("translate", paired_folder / "A" / "test", "--run", trained, "--out", tmp_path)
    code, _, complaint = tfi2i(*arguments, "--direction", "b2a")
    assert code == 2 and "a2b" in complaint
    code, _, complaint = tfi2i(*arguments, "--tile", 33)
    assert code == 2 and "tile=33" in complaint
    code, _, _ = tfi2i(*arguments, "--tile", 32)
    assert code == 0 and len(everything_below(tmp_path)) == 4


def test_evaluate_shows_and_writes_figures(trained, tmp_path, tfi2i):
    file = tmp_path / "figures" / "new.json"
    code, said, _ = tfi2i("evaluate", "--run", trained, "--json", file)
    assert code == 0
    assert "a2b, 4 images" in said and "baseline: mean colour" in said and "SSIM" in said
    figures = json.loads(file.read_text())
    run = json.loads((trained / "run.json").read_text())
    assert figures["run"].items() >= run.items() and run["command"]
    assert figures["run"]["last_log"]["iteration"] == 6
    assert figures["images_a"] == 4 and figures["split"] == "test" and figures["size"] == 32
    # b is the negative of a, so that the copied input is far off.
    assert figures["copy_input"]["l1"] > figures["mean_colour"]["l1"] > 0
    assert 0 < figures["translated"]["l1"] < 2 and "b2a" not in figures


def test_evaluate_writes_over_figures_and_over_nothing_else(trained, tmp_path, tfi2i):
    file = tmp_path / "mine.json"
    arguments = ("evaluate", "--run", trained, "--extractor", "none", "--json", file)
    for mine in ('{"a": 1}', "[1]", "no json"):
        file.write_text(mine)
        code, said, complaint = tfi2i(*arguments)
        assert code == 2 and "mine.json is there already" in complaint and not said
        assert file.read_text() == mine
    file.unlink()
    for _ in range(2):
        assert tfi2i(*arguments)[0] == 0
    assert json.loads(file.read_text())["split"] == "test"


def test_evaluate_without_features(trained, tmp_path, tfi2i):
    file = tmp_path / "figures.json"
    code, said, _ = tfi2i("evaluate", "--run", trained, "--extractor", "none", "--json", file)
    assert code == 0 and "L1" in said and "no KID: not asked for" in said
    figures = json.loads(file.read_text())
    assert "features" not in figures and "kid" not in figures["translated"]


def test_evaluate_says_where_its_scale_is_far_from_that_of_training(trained, tmp_path, tfi2i):
    shutil.copytree(trained, tmp_path / "run")
    recipe = tmp_path / "run" / "recipe.yaml"
    arguments = ("evaluate", "--run", tmp_path / "run", "--extractor", "none")
    assert "times as large" not in tfi2i(*arguments)[2]
    recipe.write_text(recipe.read_text().replace("load_size: 36", "load_size: 64"))
    code, _, complaint = tfi2i(*arguments)
    assert code == 0 and "things are 0.5 times as large here as they were in training" in complaint


def test_evaluate_on_other_images_and_splits(trained, tmp_path, paired_folder, tfi2i):
    code, said, _ = tfi2i("evaluate", "--run", trained, "--data", paired_folder, "--split", "train")
    assert code == 0 and "6 images" in said
    code, _, complaint = tfi2i("evaluate", "--run", trained, "--split", "validation")
    assert code == 2 and "no 'validation' images" in complaint


def test_export_writes_files_that_agree(trained, tmp_path, tfi2i):
    code, said, _ = tfi2i("export", trained, "--out", tmp_path, "--formats", "saved_model, litert")
    assert code == 0 and "pix2pix-a2b-float32.tflite" in said
    assert "TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1" in said and "docker compose up, in" in said
    assert (tmp_path / "saved_model" / "pix2pix-a2b" / "1" / "saved_model.pb").exists()
    assert "serving_bytes" in (tmp_path / "saved_model" / "pix2pix-a2b" / "README.md").read_text()
    assert {"compose.yaml", "parity.json"} < {path.name for path in tmp_path.iterdir()}
    assert (tmp_path / "pix2pix-a2b-float32.tflite").stat().st_size
    assert not list(tmp_path.glob("*float16*"))
    report = json.loads((tmp_path / "parity.json").read_text())["pix2pix-a2b"]
    assert report["images"] == 4
    for entry in report["artefacts"]:
        assert entry["max_abs"] <= (entry["allowed_max_abs"] or 2)
        assert entry["psnr_db"] >= (entry["required_psnr_db"] or 0)


def test_a_run_is_resumed_from_another_working_directory(
    tmp_path, paired_folder, monkeypatch, tfi2i
):
    monkeypatch.chdir(paired_folder.parent)
    run = tmp_path / "run"
    arguments = ("train", "pix2pix", "--run", run, *TINY, "train.epochs=1")
    code, _, _ = tfi2i(*arguments, "--data", paired_folder.name)
    assert code == 0
    monkeypatch.chdir(tmp_path)
    code, said, _ = tfi2i("train", "--resume", run)
    assert code == 0 and "from iteration 3" in said


@pytest.mark.parametrize("level", [None, "3"])
def test_tensorflow_keeps_quiet_and_starts_without_what_no_command_uses(paired_folder, level):
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    if level is not None:
        environment["TF_CPP_MIN_LOG_LEVEL"] = level
    program = (
        "import atexit, sys\n"
        "from tfi2i.cli import main\n"
        "unused = ('matplotlib', 'pandas', 'sklearn')\n"
        "atexit.register(lambda: print([name for name in unused if name in sys.modules]))\n"
        "main()\n"
    )
    command = [sys.executable, "-c", program, "train", "pix2pix", "--data", str(paired_folder)]
    command += ["--dry-run", *TINY]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("\n[]\n"), done.stdout


def test_a_run_goes_on_where_its_images_were_moved_to(trained, paired_folder, tmp_path, tfi2i):
    run, moved = tmp_path / "run", tmp_path / "moved"
    shutil.copytree(trained, run)
    (run / "checkpoints" / "step-000000006.npz").unlink()
    shutil.copytree(paired_folder, moved)
    code, said, _ = tfi2i("train", "--resume", run, "--data", moved, "--dry-run")
    assert code == 0 and "goes on" in said and str(moved) in said
    assert str(moved) not in (run / "recipe.yaml").read_text()
    code, said, _ = tfi2i("train", "--resume", run, "--data", moved)
    assert code == 0 and "from iteration 3" in said and "changed since" not in said
    assert f"source: {moved}" in (run / "recipe.yaml").read_text()
    # The new place is the run's now.
    code, said, complaint = tfi2i("train", "--resume", run)
    assert code == 0 and "from iteration 6" in said and "changed since" not in said + complaint


def test_other_images_do_not_go_on_with_a_run(trained, paired_folder, tmp_path, tfi2i):
    run, other = tmp_path / "run", tmp_path / "other"
    shutil.copytree(trained, run)
    shutil.copytree(paired_folder, other)
    for name in ("A", "B"):
        shutil.copy(other / name / "train" / "000.png", other / name / "train" / "new.png")
    before = (run / "recipe.yaml").read_bytes()
    for dry in ((), ("--dry-run",)):
        code, _, complaint = tfi2i("train", "--resume", run, "--data", other, *dry)
        assert code == 2 and "on other images" in complaint
    assert (run / "recipe.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["data.crop_size=24", "data.load_size=24"], "multiples of 16"),
        (["data.crop_size=16", "data.load_size=16", "model.receptive_field=70"], "too small"),
        (["model.input_channels=1"], "domain a have 3 channel"),
        (["data.kind=images"], "trains on paired images"),
        (["data.batch_size=0"], "data.batch_size must be a whole number from 1"),
        (["train.sample_every=0"], "train.sample_every must be a whole number from 1"),
        (["train.epochs=null"], "train.epochs must be a whole number"),
        (["train.ema_decay=2"], "from 0 to below 1"),
        (["train.steps_per_execution=1000000000"], "from 1 to 10,000"),
    ],
)
def test_a_dry_run_tells_what_a_run_would_and_neither_leaves_anything(
    changes, words, paired_folder, tmp_path, tfi2i
):
    command = ("train", "pix2pix", "--data", paired_folder, "--run", tmp_path / "run", *TINY)
    told = [tfi2i(*command, "model.depth=4", *changes, *dry) for dry in ((), ("--dry-run",))]
    for code, _, complaint in told:
        assert code == 2 and words in complaint and complaint.count("\n") == 1
    assert told[0][2] == told[1][2]
    assert not everything_below(tmp_path)


def test_a_start_without_training_does_not_bind_its_folder(paired_folder, tmp_path, tfi2i):
    run = tmp_path / "run"
    command = ("train", "pix2pix", "--data", paired_folder, "--run", run, *TINY, "train.epochs=1")
    assert tfi2i(*command)[0] == 0
    for path in (run / "checkpoints").iterdir():
        path.unlink()
    (run / "notes.txt").write_text("mine")
    code, said, complaint = tfi2i(*command, "model.l1_weight=10", "--skip-bad")
    assert code == 0, complaint
    assert "resumed" not in said and "l1_weight: 10.0" in (run / "recipe.yaml").read_text()
    assert (run / "notes.txt").read_text() == "mine"


def test_a_strength_needs_a_style(trained, paired_folder, tmp_path, tfi2i):
    code, _, complaint = tfi2i(
        "translate", paired_folder / "A" / "test", "--run", trained, "--out", tmp_path / "out",
        "--strength", "0.5",
    )  # fmt: skip
    assert code == 2 and "--strength" in complaint and "--style" in complaint
    assert not everything_below(tmp_path)
