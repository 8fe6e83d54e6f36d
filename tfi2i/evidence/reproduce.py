"""`tfi2i reproduce`: a variant's small recipe beside the controls its paper argues against.

`zoo/<group>/<variant>/reproduce.yaml` (or another plan beside it) names the recipe, the claim and
the arms. An arm is a list of overrides of the recipe; `variant=NAME` among them takes another
variant's recipe of that name. Every arm is trained with every seed in a process of its own,
measured on test images, and written down in `results.json`, from which the variant's card is made.
"""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tfi2i.errors import RecipeError
from tfi2i.evidence.cards import update_card
from tfi2i.evidence.first_losses import arm_losses
from tfi2i.evidence.plans import Plan, arm_variant, load_plan, plan_settings
from tfi2i.evidence.results import check_addable, joined, results_head, rounded, summary
from tfi2i.evidence.trial import measured_run
from tfi2i.machine import describe_machine
from tfi2i.metrics.made import figures_made
from tfi2i.report.scatter import scatter_panels
from tfi2i.training.run.folder import RunFolder
from tfi2i.whole_files import write_json, write_text
from tfi2i.zoo.catalogue import MAIN_PLAN, Variant, find_variant


def reproduce(
    variant_name: str,
    *,
    seeds: Sequence[int],
    out: Path,
    plan_name: str = MAIN_PLAN,
    arms: Sequence[str] | None = None,
    jobs: int = 1,
    add: bool = False,
) -> dict[str, Any]:
    """Trains and measures all arms of a plan, and writes `results.json` (or `results_<plan>.json`).

    Runs that are finished in `out` are not repeated: a stopped call goes on.

    Args:
        variant_name: Name of a variant of the zoo.
        seeds: Each arm has one run for each of these.
        out: Where the run folders go.
        plan_name: A file beside the variant's model, without `.yaml`.
        arms: Names of arms to run now; the others keep the results they have. None runs all.
        jobs: Processes side by side; each gets its share of the processor's threads.
        add: Join these seeds to those that the results have, and keep their picture and preset,
            rather than measure the arms anew.

    Returns:
        The contents of the file.

    Raises:
        RecipeError: The variant has no such plan or arm, or a seed to add is already measured.
        TrainingError: If a run fails; its own message is in its log.
    """
    variant = find_variant(variant_name)
    plan = load_plan(variant, plan_name)
    unknown = set(arms or ()) - set(plan.arms)
    if unknown:
        raise RecipeError(f"{variant.name} has no arm {sorted(unknown)}; it has {list(plan.arms)}")
    if add:
        check_addable(_head(variant, plan, describe_machine())["arms"], arms or plan.arms, seeds)
    runs = [(arm, seed) for arm in arms or plan.arms for seed in seeds]
    with ThreadPoolExecutor(jobs) as pool:
        measured = list(pool.map(lambda run: _run(variant, plan, *run, out=out, jobs=jobs), runs))

    # Runs may have been trained elsewhere, on a GPU. Earlier results are read only now, because
    # another call may have written other arms in the meantime.
    results = _head(variant, plan, run_folder_of(out, variant, plan, *runs[0]).facts())
    for arm, overrides in plan.arms.items():
        found = [record for record in measured if record["arm"] == arm]
        if found:
            new = {
                "overrides": overrides,
                **summary(found),
                "first_losses": arm_losses(variant, plan, arm),
            }
            results["arms"][arm] = joined(results["arms"][arm], new) if add else new
    results["arms"] = {arm: results["arms"][arm] for arm in plan.arms if arm in results["arms"]}
    whole = not arms and not add
    if whole:
        results |= _write_scatter(variant, plan, measured)
        results["picture"] = _write_picture(variant, plan, seeds[0], out)
        results |= _write_walks(variant, plan, seeds[0], out)
    write_json(variant.results_path(plan.name), results)
    if plan.preset and whole:
        ship_preset(
            variant, plan, run_folder_of(out, variant, plan, next(iter(plan.arms)), seeds[0])
        )
    update_card(variant)
    return results


def ship_preset(variant: Variant, plan: Plan, run: RunFolder) -> Path:
    """Saves the generators of a run, as float16, with the figures of exactly these weights.

    Returns:
        The preset's folder, beside the variant's recipes.
    """
    from tfi2i.evidence.card_picture import source_of_run
    from tfi2i.evidence.evaluate import evaluate_model
    from tfi2i.evidence.measures import Subject, take_measures
    from tfi2i.training import save_model
    from tfi2i.zoo.catalogue import load

    assert plan.preset is not None
    data = dict(run.recipe().data)
    folder = variant.folder / "weights" / plan.preset
    facts = {"data": data, "data_licence": run.facts()["data_licence"], "recipe": plan.recipe}
    trained = load(run.path)
    generators = trained.shipped_networks
    save_model(trained, folder, networks=generators, dtype="float16", **facts)

    shipped = load(folder)
    source = source_of_run(run, shipped)
    figures: dict[str, float | None] = {}
    if source.kind != "images" or shipped.measures_one_domain:
        evaluation = evaluate_model(shipped, source, size=data["crop_size"])
        figures.update(figures_made(evaluation))
    subject = Subject(shipped, source, data["crop_size"], run.path.parent)
    for measured in take_measures(plan.measures, subject).values():
        figures.update(measured["figures"])
    figures = {key: rounded(value) for key, value in figures.items()}
    save_model(trained, folder, networks=generators, dtype="float16", **facts, figures=figures)
    return folder


def _head(variant: Variant, plan: Plan, machine: Mapping[str, Any]) -> dict[str, Any]:
    return results_head(
        variant,
        plan.name,
        plan.recipe,
        plan.claim,
        plan.arms,
        settings=plan_settings(variant, plan),
        machine=machine,
    )


def _write_scatter(variant: Variant, plan: Plan, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Plots the points that a measure gave, of each arm's first seed: the file's name, the axes."""
    panels: dict[str, list[list[float]]] = {}
    axes = ["before", "after"]
    for record in records:
        for measured in record["evaluation"].get("measures", {}).values():
            if measured["points"]:
                panels.setdefault(record["arm"], measured["points"])
                axes = measured.get("axes", axes)
    if not panels:
        return {"scatter": None}
    name = "distances.svg" if plan.name == MAIN_PLAN else f"points_{plan.name}.svg"
    picture = scatter_panels(panels, horizontal=axes[0], vertical=axes[1])
    write_text(variant.folder / name, picture + "\n")
    return {"scatter": name, "scatter_axes": axes}


def _write_picture(variant: Variant, plan: Plan, seed: int, out: Path) -> dict[str, str]:
    """Writes what the arms make of the same test images; the file's name and its columns."""
    from tfi2i.evidence.card_picture import write_card_picture

    name = "pictures.jpg" if plan.name == MAIN_PLAN else f"pictures_{plan.name}.jpg"
    runs = {arm: run_folder_of(out, variant, plan, arm, seed) for arm in plan.arms}
    return {"file": name, "columns": write_card_picture(variant.folder / name, runs)}


def _write_walks(variant: Variant, plan: Plan, seed: int, out: Path) -> dict[str, Any]:
    """Writes what a generator of latents draws on its ways, by the first arm's run."""
    from tfi2i.evidence.card_walks import write_card_walks
    from tfi2i.zoo.catalogue import load

    run = run_folder_of(out, variant, plan, next(iter(plan.arms)), seed)
    walks = write_card_walks(variant.folder, plan.name, load(run.path))
    return {"walks": walks} if walks else {}


def run_folder_of(out: Path, variant: Variant, plan: Plan, arm: str, seed: int) -> RunFolder:
    """Where the run of one arm and seed is."""
    slug = re.sub(r"\W+", "-", arm).strip("-").lower()
    folder = variant.name if plan.name == MAIN_PLAN else f"{variant.name}-{plan.name}"
    return RunFolder(out / folder / f"{slug}-seed{seed}")


def _run(
    variant: Variant, plan: Plan, arm: str, seed: int, *, out: Path, jobs: int
) -> dict[str, Any]:
    trained, overrides = arm_variant(variant.name, plan.arms[arm])
    record = measured_run(
        run_folder_of(out, variant, plan, arm, seed),
        [trained, "--recipe", plan.recipe, *overrides, f"train.seed={seed}"],
        label=f"{variant.name}: {arm}, seed {seed}",
        measures=plan.measures,
        jobs=jobs,
    )
    return {"arm": arm, "seed": seed, **record}
