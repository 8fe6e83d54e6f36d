"""The comparison from end to end at a tiny size, and what it refuses before it trains."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from tfi2i.data import image_size, open_source
from tfi2i.errors import DataError, RecipeError, RunError
from tfi2i.evidence import trial
from tfi2i.evidence.compare import Budget, _enter, _test_images, _width, compare
from tfi2i.recipe import load_recipe
from tfi2i.zoo.catalogue import find_variant

NAMES = ("discogan", "dualgan:small")


@pytest.fixture(scope="module", autouse=True)
def _commands_are_forks(forking):
    """How `run_command` itself starts a process is tested in test_reproduce.py."""

    def run_command(*arguments: str, log: Path, jobs: int) -> float:
        process = forking.start("-m", "tfi2i", *arguments)
        said = process.communicate()
        assert process.wait() == 0, said
        assert jobs == 1 and process.peak_memory > 0
        return process.peak_memory / 2**10

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "run_command", run_command)
        yield


@pytest.fixture(scope="module")
def compared(unpaired_folder, tmp_path_factory):
    """Two variants on 6 + 5 pictures, three epochs; folder, budget and results."""
    out = tmp_path_factory.mktemp("compared")
    folder = tmp_path_factory.mktemp("pictures") / "many"
    for split in unpaired_folder.iterdir():
        (folder / split.name).mkdir(parents=True)
        # As many as the largest batch of the small recipes.
        for copy in range(4):
            for path in split.iterdir():
                (folder / split.name / f"{copy}-{path.name}").write_bytes(path.read_bytes())
    budget = Budget(str(folder), size=32, epochs=3)
    return out, budget, compare(NAMES, budget, seeds=[0], out=out, jobs=1)


def test_one_table_of_all(compared):
    out, _, results = compared
    assert json.loads((out / "compare.json").read_text()) == results
    assert tuple(results["variants"]) == NAMES
    seen = [one["images_seen"] for one in results["variants"].values()]
    assert seen == [3 * 16, 3 * 24]  # 24 images: one batch of 16, or three of 8
    for name, one in results["variants"].items():
        assert one["figures"]["kid"]["mean"] is not None and "l1" not in one["figures"]
        assert one["seconds"] >= 0 and one["peak_memory_mib"] > 100
        assert 0 < one["parameters"]["generator"] < one["parameters"]["all"]
        assert (out / f"{name.replace(':', '-')}-seed0" / "recipe.yaml").exists()


def test_one_page_with_pictures_side_by_side(compared):
    out, _, _ = compared
    text = (out / "index.html").read_text("utf-8")
    pictures = re.findall(r'src="(data:image/png;base64,[^"]+)"', text)
    assert len(pictures) == 6 * 3  # input and two variants; unpaired images have no truth
    for words in ("KID", "peak memory", *NAMES, "baseline: the input itself"):
        assert words in text, words
    assert "http" not in text.replace("http-equiv", "")


def test_the_same_as_markdown_with_one_picture(compared):
    out, _, results = compared
    text = (out / "README.md").read_text("utf-8")
    for name, one in results["variants"].items():
        assert f"| {name} | {one['figures']['kid']['mean']:.3f} |" in text
    assert "![Images of each](pictures.jpg)" in text
    # Eight times as large.
    assert image_size(out / "pictures.jpg") == (6 * 32 * 8, 3 * 32 * 8)


def test_finished_runs_are_not_repeated(compared, capsys):
    out, budget, results = compared
    again = compare(NAMES, budget, seeds=[0], out=out)
    assert again["variants"] == results["variants"]
    assert "..." not in capsys.readouterr().out
    with pytest.raises(RunError, match=r"another budget .*train\.epochs: 3 -> 4"):
        compare(NAMES, Budget(budget.data, size=32, epochs=4), seeds=[0], out=out)


@pytest.mark.parametrize("name", ["cyclegan", "dualgan", "travelgan", "siamese_translator"])
def test_generators_of_one_size(unpaired_folder, name):
    variant = find_variant(name).load_class()
    recipe = load_recipe(find_variant(name).recipe_path("small")).resolve(variant)
    source = open_source(str(unpaired_folder))
    sizes = {}
    for wanted in (60_000, 90_000):
        width = _width(variant, recipe, source, wanted)
        model = variant(**{**recipe.model_config(variant), "filters": width})
        sizes[wanted] = model.translator().count_params()
        assert wanted / 1.3 < sizes[wanted] < wanted * 1.3
    assert sizes[60_000] < sizes[90_000]


def test_a_budget_of_another_size_is_another_budget(compared):
    out, budget, _ = compared
    wider = dataclasses.replace(budget, generator_size=100_000)
    with pytest.raises(RunError, match=r"another budget .*model\.filters"):
        compare(NAMES, wider, seeds=[0], out=out)


def test_pages_of_others_are_not_written_over(compared, tmp_path):
    _, budget, _ = compared
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(RunError, match=r"README\.md is there already and no comparison wrote it"):
        compare(NAMES, budget, seeds=[0], out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_a_folder_in_the_place_of_a_page_is_named_before_any_training(compared, tmp_path):
    _, budget, _ = compared
    (tmp_path / "index.html").mkdir()
    (tmp_path / "file").write_text("mine")
    for out, words in ((tmp_path, "index.html is a folder"), (tmp_path / "file/sub", "is a file")):
        with pytest.raises(RunError, match=words):
            compare(NAMES, budget, seeds=[0], out=out)


def test_what_is_refused_before_any_training(unpaired_folder, tmp_path):
    budget = Budget(str(unpaired_folder), size=32, epochs=1)
    with pytest.raises(RecipeError, match="named once"):
        compare(["discogan", "discogan"], budget, seeds=[0], out=tmp_path)
    with pytest.raises(RecipeError, match="no variant"):
        compare(["discogun"], budget, seeds=[0], out=tmp_path)
    with pytest.raises(RecipeError, match="'huge'"):
        compare(["discogan:huge"], budget, seeds=[0], out=tmp_path)
    with pytest.raises(DataError, match="less than one batch of 16"):
        compare(["discogan"], budget, seeds=[0], out=tmp_path)
    with pytest.raises(DataError, match="paired"):
        compare(["pix2pix"], budget, seeds=[0], out=tmp_path)
    assert not list(tmp_path.iterdir())


def test_generators_from_noise_are_compared_with_each_other(images_folder, tmp_path):
    folder = tmp_path / "many"
    for split in images_folder.iterdir():
        (folder / split.name).mkdir(parents=True)
        for copy in range(11 if split.name == "train" else 3):  # as many as a batch of dcgan has
            for path in split.iterdir():
                (folder / split.name / f"{copy}-{path.name}").write_bytes(path.read_bytes())
    budget = Budget(str(folder), size=16, epochs=1)
    results = compare(["dcgan", "lsgan"], budget, seeds=[0], out=tmp_path / "out")
    for one in results["variants"].values():
        assert one["figures"]["recall"]["mean"] >= 0 and one["images_seen"] == 64
    page, text = ((tmp_path / "out" / name).read_text() for name in ("index.html", "README.md"))
    assert "tfi2i sample --run" in page and "tfi2i translate" not in page
    assert "| training images |" in text and "From top to bottom: real, dcgan, lsgan." in text
    # Eight times as large.
    assert image_size(tmp_path / "out" / "pictures.jpg") == (3 * 16 * 8, 6 * 16 * 8)
    # Colour stays colour, though the small recipes are for grey digits.
    recipe = load_recipe(tmp_path / "out" / "dcgan-seed0" / "recipe.yaml")
    assert recipe.data["channels"] == 3 and recipe.data["flip"] is True


def test_generators_of_classes_stand_beside_real_images(tmp_path):
    budget = Budget("digits:handwritten", size=32, epochs=1).settled()
    for name in ("acgan", "dcgan"):
        entry = _enter(name, budget, [0], tmp_path)
        assert [*_test_images(entry.source, 32, drawn=True)] == ["real"]


def test_defaults_fit_the_images():
    found = {
        data: (one.channels, one.flip)
        for data in ("digits:printed", "digits:handwritten-printed", "music:piano-organ", "photos")
        for one in [Budget(data, size=32, epochs=1).settled()]
    }
    assert found == {
        "digits:printed": (1, False),
        "digits:handwritten-printed": (3, False),
        "music:piano-organ": (1, True),
        "photos": (3, True),
    }
    asked = Budget("photos", size=32, epochs=1, flip=False, channels=1)
    assert asked.settled() == asked


@pytest.mark.parametrize(
    ("name", "lengths"),
    [
        # The small recipe has 30 epochs: six and 393 iterations for each size that grows.
        ("progressive_gan", {"stage_epochs": 2, "fade_iterations": 131}),
        ("dcgan", {}),
    ],
)
def test_parts_of_a_training_have_their_share_of_the_budget(name, lengths, tmp_path):
    budget = Budget("digits:handwritten", size=32, epochs=10).settled()
    entry = _enter(name, budget, [0], tmp_path)
    words = [one for one in entry.overrides[0] if one.startswith("model.")]
    assert words == [f"model.{key}={value}" for key, value in lengths.items()]


def test_translators_are_not_compared_with_generators(tmp_path):
    budget = Budget("earth:bmng", size=32, epochs=1)
    with pytest.raises(RecipeError, match="cyclegan translates images and dcgan draws images from"):
        compare(["cyclegan", "dcgan"], budget, seeds=[0], out=tmp_path)
    with pytest.raises(RecipeError, match="gatys makes one picture"):
        compare(["gatys", "cyclegan"], budget, seeds=[0], out=tmp_path)
