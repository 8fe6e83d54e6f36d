"""Plans of measurement: every arm can be trained, and what is measured reaches the card."""

import base64
import html
import json
import os
import re
import resource
import sys
from pathlib import Path

import pytest

from tfi2i.data import open_source
from tfi2i.errors import MissingExtraError, RecipeError, RunError, TrainingError
from tfi2i.evidence import reproduce_all
from tfi2i.evidence.cards import figures_in_words, results_section, results_table, update_card
from tfi2i.evidence.first_losses import arm_losses, changed_losses
from tfi2i.evidence.measures import MEASURES
from tfi2i.evidence.plans import arm_variant, load_plan, plan_settings
from tfi2i.evidence.results import changed_settings, check_addable, joined, results_head, summary
from tfi2i.evidence.stargan_beside_cyclegans import _pair_source
from tfi2i.evidence.trial import mebibytes, run_command
from tfi2i.evidence.whole_zoo import write_zoo
from tfi2i.machine import describe_machine
from tfi2i.recipe import Recipe, load_recipe
from tfi2i.zoo.catalogue import Variant, find_variant, variants

PLANS = [(variant.name, plan) for variant in variants() for plan in variant.plans]
MEASURED = [(name, plan) for name, plan in PLANS if find_variant(name).results(plan)]


@pytest.mark.parametrize(("name", "plan_name"), PLANS)
def test_every_arm_is_a_recipe(name, plan_name):
    plan = load_plan(find_variant(name), plan_name)
    assert set(plan.measures) <= set(MEASURES)
    resolved = []
    for overrides in plan.arms.values():
        trained, changes = arm_variant(name, overrides)
        variant = find_variant(trained)
        recipe = load_recipe(variant.recipe_path(plan.recipe)).with_overrides(changes)
        resolved.append(recipe.resolve(variant.load_class()))
    assert all(one != other for i, one in enumerate(resolved) for other in resolved[:i])


@pytest.mark.parametrize(("name", "plan_name"), MEASURED)
def test_figures_are_those_of_the_present_recipe(name, plan_name):
    variant = find_variant(name)
    plan = load_plan(variant, plan_name)
    results = variant.results(plan_name)
    assert results is not None
    changed = changed_settings(results["settings"], plan_settings(variant, plan))
    assert not changed, f"run: {results['command']}"
    for arm, measured in results["arms"].items():
        assert measured["overrides"] == plan.arms[arm]


@pytest.mark.parametrize("name", [variant.name for variant in variants() if variant.results()])
def test_the_code_still_computes_what_the_figures_were_measured_with(name):
    """The first arm of each variant; `python -m tfi2i.evidence.first_losses` compares every arm."""
    variant = find_variant(name)
    plan = load_plan(variant)
    results = variant.results()
    assert results is not None
    arm, measured = next(iter(results["arms"].items()))
    source = results["settings"][name]["data.source"]
    if source.startswith("datasets/") and not Path(source).exists():
        pytest.skip(f"its recipe says how {source} is made; it is not here")
    try:
        computed = arm_losses(variant, plan, arm)
    except MissingExtraError as error:  # the extra music, which pip cannot install by itself
        pytest.skip(str(error))
    changed = changed_losses(measured["first_losses"], computed)
    assert not changed, f"the figures rest on other code; measure anew: {results['command']}"


def test_what_asks_for_a_new_measurement():
    measured = {"cyclegan": {"model.cycle_weight": 10.0, "data.crop_size": 64}}
    now = {"cyclegan": {"model.cycle_weight": 5.0, "data.crop_size": 64, "model.new": 1}}
    assert changed_settings(measured, now) == ["cyclegan model.cycle_weight: 10.0 -> 5.0"]
    assert changed_settings(measured, {}) != [] and changed_settings(measured, measured) == []

    losses = [{"cycle_loss": 1.0, "adversarial_loss": 0.5}, {"cycle_loss": 0.9}]
    rounded = [{"cycle_loss": 1.0005, "adversarial_loss": 0.5}, {"cycle_loss": 0.9}]
    assert changed_losses(losses, rounded) == []
    other = [{"cycle_loss": 1.01, "adversarial_loss": 0.5}, {"cycle_loss": 0.9, "identity_loss": 0}]
    assert changed_losses(losses, other) == [
        "iteration 1 cycle_loss: 1.0 -> 1.01",
        "iteration 2 identity_loss: None -> 0",
    ]
    assert changed_losses(losses, losses[:1]) == ["iteration 2 cycle_loss: 0.9 -> None"]


def test_an_arm_may_be_another_variant():
    assert arm_variant("a", ["model.x=1"]) == ("a", ["model.x=1"])
    assert arm_variant("a", ["variant=b", "model.x=1"]) == ("b", ["model.x=1"])


def record(seed, diversity):
    return {
        "seed": seed,
        "evaluation": {
            "translated": {"l1": 0.25, "kid": 0.5},
            "copy_input": {"l1": 0.5},
            "measures": {
                "diversity": {
                    "figures": {"diversity": diversity},
                    "copy_input": {},
                    "real_images": {"diversity": 6.0},
                    "note": "",
                    "points": [],
                }
            },
            "images_a": 7,
        },
        "iterations": 10,
        "seconds": 1,
        "images_per_second": 2.0,
        "peak_memory_mib": 3,
    }


def test_measures_reach_the_card_beside_real_images(tmp_path):
    (tmp_path / "other.yaml").write_text("")
    (tmp_path / "reproduce.yaml").write_text("")
    card = tmp_path / "README.md"
    card.write_text(
        "<!-- results: begin --><!-- results: end -->\n<!-- other: begin --><!-- other: end -->\n"
    )
    variant = Variant("thing", "paired", tmp_path)
    assert variant.plans == ["reproduce", "other"]
    head = (variant, "other", "small", "Claim.", {"whole": []})
    # A run's own facts: it may have been trained elsewhere.
    machine = {**describe_machine(), "cores": 8, "threads": 1, "gpus": ["NVIDIA H100"]}
    results = results_head(*head, settings={"thing": {"model.x": 1}}, machine=machine)
    assert results["command"] == "tfi2i reproduce thing --plan other"
    arm = summary([record(0, 1.0), record(1, 2.0)])
    assert arm["figures"]["diversity"] == {"mean": 1.5, "spread": 0.7071, "each": [1.0, 2.0]}
    assert arm["baselines"]["real_images"] == {"diversity": 6.0}
    results["arms"]["whole"] = {"overrides": [], **arm}
    results["picture"] = {"file": "pictures_other.jpg", "columns": "input, whole"}
    variant.results_path("other").write_text(json.dumps(results))

    again = results_head(*head, settings={"thing": {"model.x": 1}}, machine=machine)
    assert again["arms"] == results["arms"] and again["picture"] == results["picture"]
    # Measured with another recipe.
    other = results_head(*head, settings={"thing": {"model.x": 2}}, machine=machine)
    assert other["arms"] == {} and "picture" not in other

    update_card(variant)
    text = card.read_text()
    assert "Not measured yet." in text and results_section(variant, "other") in text
    assert "| real images |  |  | 6.000 |" in text
    assert "1.500 ± 0.707" in text
    assert f"on NVIDIA H100, {machine['processor']}, 8 cores, 1 of them a run, " in text
    assert results_table(results)[1][0][-1] == 3
    results["arms"]["whole"]["peak_memory_mib"] = None
    assert results_table(results)[1][0][-1] == ""


def test_peak_memory_on_every_system(tmp_path, monkeypatch):
    assert mebibytes(3 * 2**20, "linux") == 3072 and mebibytes(3 * 2**20, "darwin") == 3
    # This very process: TensorFlow is in it.
    assert 100 < mebibytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, sys.platform) < 1e5
    monkeypatch.delattr(os, "wait4")
    with pytest.raises(RunError, match="this system does not tell"):
        run_command("list", log=tmp_path / "log")
    assert not (tmp_path / "log").exists()


def test_a_command_runs_in_a_process_of_its_own(tmp_path):
    assert 20 < run_command("list", log=tmp_path / "log") < 1e5
    assert "pix2pix" in (tmp_path / "log" / "list.out").read_text()
    with pytest.raises(TrainingError, match="`tfi2i list --nonsense` failed; see .*list.out"):
        run_command("list", "--nonsense", log=tmp_path / "log")


def test_output_without_a_place(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "list.out").mkdir()
    for log, words in ((tmp_path / "file/log", "is a file"), (tmp_path, "list.out is a folder")):
        with pytest.raises(RunError, match=words):
            run_command("list", log=log)


def test_seeds_are_added_to_those_measured_before():
    records = [record(0, 1.0), record(1, 2.0), record(2, 6.0)]
    records[2]["seconds"] = 4
    assert joined(summary(records[:2]), summary(records[2:])) == summary(records)
    unknown = {**summary(records[:2]), "peak_memory_mib": None}  # they were evaluated elsewhere
    assert joined(unknown, summary(records[2:])) == {**summary(records), "peak_memory_mib": None}

    measured = {"whole": summary(records[:2])}
    check_addable(measured, ["whole"], [2])
    with pytest.raises(RecipeError, match=r"'whole' is measured with seeds \[1\]"):
        check_addable(measured, ["whole"], [1, 2])
    with pytest.raises(RecipeError, match="'other' has no results with the present recipe"):
        check_addable(measured, ["whole", "other"], [2])


@pytest.mark.parametrize("plan", ["reproduce", "skin_tones", "icon_weights"])
def test_the_card_of_stargan_shows_the_cyclegans_that_were_measured(plan):
    stargan = find_variant("stargan")
    card = (stargan.folder / "README.md").read_text(encoding="utf-8")
    name = "cyclegans.json" if plan == "reproduce" else f"cyclegans_{plan}.json"
    found = json.loads((stargan.folder / name).read_text(encoding="utf-8"))
    results = stargan.results(plan)
    assert results is not None
    one = results["arms"]["StarGAN"]
    for figures, seconds in (
        (found["mean"], found["seconds"]),
        ({name: figure["mean"] for name, figure in one["figures"].items()}, one["seconds"]),
    ):
        cells = (
            f"{figures['l1']:.3f} | {figures['kid']:.3f} | {figures['accuracy']:.0%} | {seconds}"
        )
        assert cells.replace("%", " %") in card


def test_a_cyclegan_gets_two_of_the_domains_of_a_folder(labelled_folder, tmp_path):
    first, second = open_source(str(labelled_folder), kind="labelled").class_names
    recipe = Recipe("stargan", data={"source": str(labelled_folder)})
    for _ in range(2):  # as when a stopped call goes on
        pair = open_source(_pair_source(recipe, second, first, tmp_path / "pair"), kind="unpaired")
    for split in ("train", "test"):
        images, labels = pair.splits[split], (second, first)
        for domain, label in zip((images.a, images.b), labels, strict=True):
            there = sorted(path.name for path in (labelled_folder / split / label).iterdir())
            assert domain is not None
            assert [name.split("/")[-1] for name in domain.names] == there
    earth = Recipe("stargan", data={"source": "earth:bmng+etopo1+shadedrelief"})
    assert _pair_source(earth, "bmng", "etopo1", tmp_path) == "earth:bmng-etopo1"


@pytest.mark.parametrize(
    ("name", "recipe", "shown"),
    [
        ("pix2pix", "paper_256", ["l1", "kid"]),
        ("cyclegan", "paper_256", ["l1", "kid", "colour"]),
        ("siamese_translator", "full_256", ["l1", "kid", "colour"]),
    ],
)
def test_cards_show_what_runs_on_a_gpu_were_evaluated_to(name, recipe, shown):
    folder = find_variant(name).folder
    card = (folder / "README.md").read_text(encoding="utf-8")
    card = card[card.index("on a GPU\n") :]
    run = json.loads((folder / f"{recipe}_on_an_h100.json").read_text(encoding="utf-8"))
    last = run["run"]["last_log"]
    for figures in (run["translated"], run["copy_input"]):
        for figure in shown:
            assert f"{figures[figure]:.3f}" in card
    assert f"{last['iteration']:,} iterations" in card
    assert f"(pictures_{recipe}.jpg)" in card


def test_all_variants_are_measured_and_one_that_fails_stops_no_other(tmp_path, monkeypatch):
    """The page is written, and the error names who failed and why."""
    measured = []

    def one(name, *, seeds, out, jobs):
        measured.append((name, tuple(seeds), out, jobs))
        if name == "pix2pix":
            raise TrainingError("no images")

    monkeypatch.setattr(reproduce_all, "reproduce", one)
    with pytest.raises(TrainingError, match=r"^1 of \d+ variants failed: pix2pix: no images$"):
        reproduce_all.reproduce_all(seeds=[0, 3], out=tmp_path, jobs=2)
    planned = [variant.name for variant in variants() if variant.plans]
    assert [name for name, *_ in measured] == planned and "dcgan" in planned
    assert {call[1:] for call in measured} == {((0, 3), tmp_path, 2)}
    assert (tmp_path / "zoo.html").exists()


def test_the_page_of_the_zoo_has_every_figure_and_picture(tmp_path):
    page = write_zoo(tmp_path / "zoo.html").read_text(encoding="utf-8")
    for variant in variants():
        assert f'id="{variant.name}"' in page
        for plan in variant.plans:
            results = variant.results(plan)
            if results is None:
                continue
            assert results["command"] in page
            arm = next(iter(results["arms"].values()))
            assert html.escape(figures_in_words(arm).split(", ")[0].split(" ", 1)[1]) in page
            drawn = [results["picture"]] if results.get("picture") else []
            for one in (*drawn, *results.get("walks", ())):
                picture = (variant.folder / one["file"]).read_bytes()
                assert base64.b64encode(picture).decode("ascii") in page
    # It works from a file alone.
    assert not re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', page)
