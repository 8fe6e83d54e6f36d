"""What `results.json` says about a variant: means and spreads over seeds, cost, machine, commit."""

import statistics
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tfi2i.errors import RecipeError
from tfi2i.metrics.made import figures_made
from tfi2i.zoo.catalogue import MAIN_PLAN, Variant

# Figures of `tfi2i.metrics.evaluate` and of `evaluate_samples` that results.json keeps.
FIGURES = (
    "l1",
    "psnr",
    "ssim",
    "kid",
    "fid",
    "colour",
    "precision",
    "recall",
    "density",
    "coverage",
    "nearest",
    "classes_covered",
    "class_divergence",
    "reconstruction_l1",
    "reconstruction_psnr",
    "reconstruction_ssim",
    "nearest_accuracy",
    "linear_accuracy",
    "class_accuracy",
    "unsupervised_accuracy",
)


def results_head(
    variant: Variant,
    plan: str,
    recipe: str,
    claim: str,
    arms: Mapping[str, list[str]],
    *,
    settings: Mapping[str, Mapping[str, Any]],
    machine: Mapping[str, Any],
) -> dict[str, Any]:
    """The head of results.json, with earlier measurements and pictures that the plan still has.

    Args:
        variant: The variant whose results they are.
        plan: Its name.
        recipe: Name of the recipe that the arms share.
        claim: Claim of the plan.
        arms: Name of an arm to its overrides.
        settings: The resolved recipes by variant (`tfi2i.evidence.plans.plan_settings`); arms
            measured with others are left out.
        machine: `tfi2i.machine.describe_machine` where the arms are trained, or the facts of a run,
            which also say on how many threads.
    """
    before = variant.results(plan) or {}
    if changed_settings(before.get("settings", {}), settings):
        before = {}
    earlier = before.get("arms", {})
    option = "" if plan == MAIN_PLAN else f" --plan {plan}"
    return {
        "variant": variant.name,
        "recipe": recipe,
        "settings": settings,
        "claim": claim,
        "command": f"tfi2i reproduce {variant.name}{option}",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "commit": _commit(),
        "processor": machine["processor"],
        "cores": machine["cores"],
        "threads": machine.get("threads"),
        "gpus": machine["gpus"],
        "versions": machine["versions"],
        "arms": {
            arm: earlier[arm]
            for arm, overrides in arms.items()
            if arm in earlier and earlier[arm]["overrides"] == overrides
        },
        # Drawn when all arms are measured together; a call for some of them keeps them.
        **{
            key: before[key]
            for key in ("scatter", "scatter_axes", "picture", "walks")
            if key in before
        },
    }


def changed_settings(
    measured: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """What differs between the recipes that figures were measured with and those of today.

    A key that did not exist when they were measured makes no difference by itself: its effect shows
    in the first losses (`tfi2i.evidence.first_losses`).

    Returns:
        Such as: `cyclegan model.cycle_weight: 10.0 -> 5.0`; empty where the figures hold.
    """
    return [
        f"{variant} {key}: {value!r} -> {now.get(variant, {}).get(key)!r}"
        for variant, recipe in measured.items()
        for key, value in recipe.items()
        if key not in now.get(variant, {}) or now[variant][key] != value
    ]


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and spread (standard deviation) over seeds of every figure, baselines and costs."""
    figures = {}
    first = records[0]["evaluation"]
    each = [_measured(r["evaluation"], "figures") for r in records]
    for figure in (*FIGURES, *(name for name in each[0] if name not in FIGURES)):
        values = [
            {**figures_made(r["evaluation"]), **own}.get(figure)
            for r, own in zip(records, each, strict=True)
        ]
        known = [value for value in values if value is not None]
        if known:
            figures[figure] = _over_seeds(known)
    baselines = {
        name: {**first.get(name, {}), **_measured(first, name)}
        for name in ("copy_input", "mean_colour", "real_images", "pixels")
    }
    return {
        "seeds": [record["seed"] for record in records],
        "figures": figures,
        "baselines": {
            name: {k: rounded(v) for k, v in values.items()}
            for name, values in baselines.items()
            if values
        },
        "features": first.get("features"),
        "notes": [m["note"] for m in first.get("measures", {}).values() if m["note"]],
        "test_images": first["images_a"],
        "iterations": records[0]["iterations"],
        "seconds": round(statistics.mean(r["seconds"] for r in records)),
        "images_per_second": round(statistics.mean(r["images_per_second"] for r in records), 1),
        "peak_memory_mib": round(statistics.mean(r["peak_memory_mib"] for r in records)),
    }


def check_addable(measured: Mapping[str, Any], arms: Iterable[str], seeds: Sequence[int]) -> None:
    """Raises an error, before any training, where these seeds cannot be joined to the results.

    Args:
        measured: The arms of results.json.
        arms: Names of those to train.
        seeds: Seeds to train them with.

    Raises:
        RecipeError: An arm has no results, or already has results with one of the seeds.
    """
    for arm in arms:
        if arm not in measured:
            raise RecipeError(
                f"{arm!r} has no results with the present recipe to add to: leave --add out"
            )
        twice = sorted(set(seeds) & set(measured[arm]["seeds"]))
        if twice:
            raise RecipeError(
                f"{arm!r} is measured with seeds {twice}: add others, or leave --add out to "
                "measure it anew"
            )


def joined(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Two summaries of one arm, measured with different seeds, as one.

    Args:
        earlier: What `summary` gave, perhaps with `overrides`.
        later: The same for further seeds; its baselines and features are left out.
    """
    counts = (len(earlier["seeds"]), len(later["seeds"]))
    # The memory of runs that were evaluated elsewhere is not known.
    known = earlier["peak_memory_mib"] is not None
    costs = {
        name: statistics.fmean((earlier[name], later[name]), counts)
        for name in ("seconds", "images_per_second", *(["peak_memory_mib"] if known else []))
    }
    return {
        **earlier,
        "seeds": [*earlier["seeds"], *later["seeds"]],
        "figures": {
            name: _over_seeds([*figure["each"], *later["figures"].get(name, {"each": []})["each"]])
            for name, figure in earlier["figures"].items()
        },
        "seconds": round(costs["seconds"]),
        "images_per_second": round(costs["images_per_second"], 1),
        "peak_memory_mib": round(costs["peak_memory_mib"]) if known else None,
    }


def _over_seeds(values: list[float]) -> dict[str, Any]:
    """Mean, spread and the values themselves."""
    return {
        "mean": round(statistics.mean(values), 4),
        "spread": round(statistics.stdev(values), 4) if len(values) > 1 else None,
        "each": [round(value, 4) for value in values],
    }


def _measured(evaluation: dict[str, Any], kind: str) -> dict[str, float | None]:
    """One field of all measures (see `tfi2i.evidence.measures.Measured`) together."""
    found: dict[str, float | None] = {}
    for measured in evaluation.get("measures", {}).values():
        found |= measured.get(kind, {})
    return found


def rounded(value: float | None) -> float | None:
    """A figure as results.json keeps it; None, where there is none, stays."""
    return None if value is None else round(value, 4)


def _commit() -> str | None:
    """The commit of the working copy from which this package is installed, if there is one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
