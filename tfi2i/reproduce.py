"""`tfi2i reproduce`: a variant's small recipe beside the controls its paper argues against.

`zoo/<group>/<variant>/reproduce.yaml` names the recipe, the claim and the arms; an arm is a list of
overrides of the recipe. Every arm is trained with every seed in a process of its own, measured on
test images, and written down in `results.json`, from which the variant's card is made.
"""

import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tfi2i.cards import update_card
from tfi2i.errors import RecipeError, TrainingError
from tfi2i.results import results_head, rounded, summary
from tfi2i.training.run_folder import RunFolder
from tfi2i.zoo.catalogue import Variant, find_variant


@dataclass(frozen=True)
class Plan:
    """A variant's `reproduce.yaml`.

    Attributes:
        recipe: Name of the recipe that all arms share.
        arms: Name of an arm to its overrides; the first is the variant as it is meant.
        claim: What the paper, or the article, leads one to expect of the arms, in a sentence.
        preset: The name under which the first arm's generator ships, or None.
        measures: Names of measures in `tfi2i.metrics.measures`, taken beside those of `evaluate`.
    """

    recipe: str
    arms: dict[str, list[str]]
    claim: str
    preset: str | None = None
    measures: tuple[str, ...] = ()


def load_plan(variant: Variant) -> Plan:
    """Reads the plan of a variant.

    Raises:
        RecipeError: If the variant has none.
    """
    path = variant.folder / "reproduce.yaml"
    if not path.exists():
        raise RecipeError(f"{variant.name} has no reproduce.yaml: nothing says what to measure")
    return Plan(**yaml.safe_load(path.read_text(encoding="utf-8")))


def reproduce(
    variant_name: str,
    *,
    seeds: Sequence[int],
    out: Path,
    arms: Sequence[str] | None = None,
    jobs: int = 1,
) -> dict[str, Any]:
    """Trains and measures all arms of a variant, and writes its `results.json`.

    Runs that are finished in `out` are not repeated, so that a stopped call goes on.

    Args:
        variant_name: Of the zoo.
        seeds: One run for each, in each arm.
        out: Where the run folders go.
        arms: Names of arms to run now; the others keep the results they have. None runs all.
        jobs: Processes side by side; each gets its share of the processor's threads.

    Returns:
        The contents of `results.json`.

    Raises:
        RecipeError: If the variant has no plan or no arm of a name.
        TrainingError: If a run fails; its own message is in its log.
    """
    variant = find_variant(variant_name)
    plan = load_plan(variant)
    unknown = set(arms or ()) - set(plan.arms)
    if unknown:
        raise RecipeError(f"{variant.name} has no arm {sorted(unknown)}; it has {list(plan.arms)}")
    runs = [(arm, seed) for arm in arms or plan.arms for seed in seeds]
    with ThreadPoolExecutor(jobs) as pool:
        measured = list(pool.map(lambda run: _run(variant, plan, *run, out=out, jobs=jobs), runs))

    results = results_head(variant, plan.recipe, plan.claim, plan.arms)
    for arm, overrides in plan.arms.items():
        found = [record for record in measured if record["arm"] == arm]
        if found:
            results["arms"][arm] = {"overrides": overrides, **summary(found)}
    results["arms"] = {arm: results["arms"][arm] for arm in plan.arms if arm in results["arms"]}
    path = variant.folder / "results.json"
    path.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if plan.preset and not arms:
        ship_preset(variant, plan, run_folder_of(out, variant, next(iter(plan.arms)), seeds[0]))
    update_card(variant)
    return results


def ship_preset(variant: Variant, plan: Plan, run: RunFolder) -> Path:
    """Saves the generators of a run, as float16, with the figures of exactly these weights.

    Returns:
        The preset's folder, beside the variant's recipes.
    """
    from tfi2i.data import open_source
    from tfi2i.evaluation import evaluate_model
    from tfi2i.metrics.measures import find_measure
    from tfi2i.training import TranslationGAN, save_model
    from tfi2i.zoo.catalogue import load

    assert plan.preset is not None
    data = dict(run.recipe().data)
    folder = variant.folder / "weights" / plan.preset
    facts = {"data": data, "data_licence": run.facts()["data_licence"], "recipe": plan.recipe}
    trained = load(run.path)
    assert isinstance(trained, TranslationGAN)
    generators = list(trained.translators.values())
    save_model(trained, folder, networks=generators, dtype="float16", **facts)

    shipped = load(folder)
    assert isinstance(shipped, TranslationGAN)
    source = open_source(
        data["source"],
        kind=shipped.batch_kind,
        load_size=data["crop_size"],
        channels=data["channels"],
    )
    figures: dict[str, float | None] = {}
    if source.kind != "images":
        evaluation = evaluate_model(shipped, source, size=data["crop_size"])
        figures.update(evaluation["translated"])
    for measure in plan.measures:
        figures.update(find_measure(measure)(shipped, source, data["crop_size"]))
    figures = {key: rounded(value) for key, value in figures.items()}
    save_model(trained, folder, networks=generators, dtype="float16", **facts, figures=figures)
    return folder


def run_folder_of(out: Path, variant: Variant, arm: str, seed: int) -> RunFolder:
    """Where the run of one arm and seed is."""
    slug = re.sub(r"\W+", "-", arm).strip("-").lower()
    return RunFolder(out / variant.name / f"{slug}-seed{seed}")


def _run(
    variant: Variant, plan: Plan, arm: str, seed: int, *, out: Path, jobs: int
) -> dict[str, Any]:
    folder = run_folder_of(out, variant, arm, seed)
    record_path = folder.path / "record.json"
    if record_path.exists():
        return {**json.loads(record_path.read_text(encoding="utf-8")), **_cost(folder)}
    print(f"{variant.name}: {arm}, seed {seed} ...", flush=True)
    overrides = [*plan.arms[arm], f"train.seed={seed}"]
    memory = _tfi2i(
        "train", variant.name, "--recipe", plan.recipe, "--run", str(folder.path), *overrides,
        log=folder.path, jobs=jobs,
    )  # fmt: skip
    figures_path = folder.path / "evaluation.json"
    _tfi2i(
        "evaluate",
        "--run",
        str(folder.path),
        "--json",
        str(figures_path),
        *(word for measure in plan.measures for word in ("--measure", measure)),
        log=folder.path,
        jobs=jobs,
    )
    record = {
        "arm": arm,
        "seed": seed,
        "evaluation": json.loads(figures_path.read_text(encoding="utf-8")),
        "peak_memory_mib": round(memory),
        **_cost(folder),
    }
    record_path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return record


def _tfi2i(*arguments: str, log: Path, jobs: int) -> float:
    """Runs one command in a process of its own; returns its peak memory in MiB."""
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    environment = {
        **os.environ, "TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads
    }  # fmt: skip
    log.mkdir(parents=True, exist_ok=True)
    log_path = log / f"{arguments[0]}.out"
    with open(log_path, "ab") as file:
        command = [sys.executable, "-m", "tfi2i", *arguments]
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise TrainingError(f"`tfi2i {' '.join(arguments)}` failed; see {log_path}")
    return usage.ru_maxrss / 1024


def _cost(folder: RunFolder) -> dict[str, float]:
    """Iterations, median images per second, and the seconds that all iterations take at that pace.

    The median, because a run that shares the machine or is resumed would count that time too.
    """
    lines = folder.metrics()
    rate = statistics.median(line["images_per_second"] for line in lines)
    iterations = int(lines[-1]["iteration"])
    images = iterations * folder.recipe().data["batch_size"]
    return {
        "iterations": iterations,
        "seconds": round(images / rate),
        "images_per_second": round(rate, 1),
    }
