"""What `results.json` says of a variant: means and spreads over seeds, cost, machine, commit."""

import statistics
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfi2i.training.run_folder import describe_machine
from tfi2i.zoo.catalogue import Variant

# Figures of `tfi2i.metrics.evaluate` that results.json keeps.
FIGURES = ("l1", "psnr", "ssim", "kid", "fid")


def results_head(
    variant: Variant, recipe: str, claim: str, arms: Mapping[str, list[str]]
) -> dict[str, Any]:
    """The head of results.json, with the arms that were measured before and are still planned."""
    earlier = (variant.results() or {}).get("arms", {})
    machine = describe_machine()
    return {
        "variant": variant.name,
        "recipe": recipe,
        "claim": claim,
        "command": f"tfi2i reproduce {variant.name}",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "commit": _commit(),
        "processor": machine["processor"],
        "cores": machine["cores"],
        "versions": machine["versions"],
        "arms": {
            arm: earlier[arm]
            for arm, overrides in arms.items()
            if arm in earlier and earlier[arm]["overrides"] == overrides
        },
    }


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and spread (standard deviation) over seeds of every figure, baselines and costs."""
    figures = {}
    found = [
        {**record["evaluation"]["translated"], **record["evaluation"].get("measures", {})}
        for record in records
    ]
    for figure in (*FIGURES, *records[0]["evaluation"].get("measures", {})):
        values = [one.get(figure) for one in found]
        known = [value for value in values if value is not None]
        if known:
            figures[figure] = {
                "mean": round(statistics.mean(known), 4),
                "spread": round(statistics.stdev(known), 4) if len(known) > 1 else None,
                "each": [round(value, 4) for value in known],
            }
    first = records[0]["evaluation"]
    return {
        "seeds": [record["seed"] for record in records],
        "figures": figures,
        "baselines": {
            name: {k: rounded(v) for k, v in first[name].items()}
            for name in ("copy_input", "mean_colour")
            if first.get(name)
        },
        "features": first.get("features"),
        "test_images": first["images_a"],
        "iterations": records[0]["iterations"],
        "seconds": round(statistics.mean(r["seconds"] for r in records)),
        "images_per_second": round(statistics.mean(r["images_per_second"] for r in records), 1),
        "peak_memory_mib": round(statistics.mean(r["peak_memory_mib"] for r in records)),
    }


def rounded(value: float | None) -> float | None:
    """A figure as results.json keeps it; None, where there is none, stays."""
    return None if value is None else round(value, 4)


def _commit() -> str | None:
    """The commit of the working copy this package is installed from, if it is one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
