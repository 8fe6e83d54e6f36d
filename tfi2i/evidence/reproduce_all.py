"""Every variant of the zoo measured, one after another."""

from collections.abc import Sequence
from pathlib import Path

from tfi2i.errors import Tfi2iError, TrainingError
from tfi2i.evidence.reproduce import reproduce
from tfi2i.evidence.whole_zoo import write_zoo
from tfi2i.zoo.catalogue import variants


def reproduce_all(*, seeds: Sequence[int], out: Path, jobs: int = 1) -> Path:
    """Measures every variant by its main plan, and writes the page of the zoo.

    What is finished in `out` is not repeated, so a stopped call goes on. A variant that fails does
    not stop the others.

    Args:
        seeds: Each arm has one run for each of these.
        out: Where the run folders and the page go.
        jobs: Runs side by side.

    Returns:
        The page.

    Raises:
        TrainingError: Some variants failed; it names each with its reason, after all others are
            measured and the page is written.
    """
    failed: dict[str, Tfi2iError] = {}
    planned = [variant for variant in variants() if variant.plans]
    for number, variant in enumerate(planned, start=1):
        print(f"[{number}/{len(planned)}] {variant.name}", flush=True)
        try:
            reproduce(variant.name, seeds=seeds, out=out, jobs=jobs)
        except Tfi2iError as error:
            print(f"{variant.name} failed: {error}", flush=True)
            failed[variant.name] = error
    page = write_zoo(out / "zoo.html")
    if failed:
        reasons = "; ".join(f"{name}: {error}" for name, error in failed.items())
        raise TrainingError(f"{len(failed)} of {len(planned)} variants failed: {reasons}")
    return page
