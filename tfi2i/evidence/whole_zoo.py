"""One page of all variants with their results, from the files that `reproduce` wrote."""

from pathlib import Path
from typing import Any

from tfi2i.evidence.cards import headline, results_table
from tfi2i.report.zoo_page import MeasuredPlan, ZooEntry, write_zoo_page
from tfi2i.zoo.catalogue import Variant, variants


def write_zoo(path: Path) -> Path:
    """Writes one page of all variants with their results; it needs no other file.

    Returns:
        The path.
    """
    return write_zoo_page(path, [_entry(variant) for variant in variants()])


def _entry(variant: Variant) -> ZooEntry:
    results = [variant.results(plan) for plan in variant.plans]
    return ZooEntry(
        name=variant.name,
        title=variant.title,
        group=variant.group,
        headline=headline(variant.results()),
        presets=variant.presets,
        plans=[_measured(variant, one) for one in results if one is not None],
    )


def _measured(variant: Variant, results: dict[str, Any]) -> MeasuredPlan:
    picture = results.get("picture")
    pictures = [(picture["file"], f"From left to right: {picture['columns']}.")] if picture else []
    pictures += [(walk["file"], walk["shows"]) for walk in results.get("walks", ())]
    return MeasuredPlan(
        claim=results["claim"],
        table=results_table(results),
        command=results["command"],
        pictures=[(variant.folder / file, shows) for file, shows in pictures],
    )
