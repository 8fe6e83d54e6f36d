"""What Keras' `fit` adds to a step: the race and its section."""

from typing import Any

from benchmarks.contestants import ours, run, times
from benchmarks.markdown import table
from benchmarks.table import machine_in_words

THROUGH, WITHOUT = "through fit", "without fit"


def fit_adds(peers: str, scale: float) -> dict[str, Any]:
    """Networks that take hardly any time, through `fit` and without: the difference is its own."""
    results = {}
    for variant in ("pix2pix", "cyclegan"):
        work = ("train_tfi2i", variant, "--size", "32", "--tiny")
        contestants = [ours(THROUGH, *work), ours(WITHOUT, *work, "--bare")]
        results[variant] = run(contestants, times(6, scale), 40)
    return results


def fit_adds_section(results: dict[str, Any]) -> str:
    """The section of docs/speed.md; `results` are all that were measured."""
    rows = []
    for variant, outcomes in results["fit_adds"].items():
        through, without = (1000 * outcomes[how]["median_s"] for how in (THROUGH, WITHOUT))
        steps = {
            work: 1000 * min(own["median_s"] for name, own in raced.items() if "tfi2i" in name)
            for work, raced in results["training"].items()
            if work.startswith(variant)
        }
        shares = (f"{work} px {(through - without) / step:.1%}" for work, step in steps.items())
        rows.append([variant, f"{through:.2f}", f"{without:.2f}", ", ".join(shares)])
    return (
        "A step takes hardly any time at 32 px, with networks that have one channel where the "
        "published ones have 64. The time that `fit` adds to it (callbacks, logs, the iterator) is "
        "`fit`'s own, and is the same for any network. Measured on "
        f"{machine_in_words(results, 'fit_adds')}. The shares are shares of the steps above in "
        "the faster precision.\n\n"
        + table(["ms a step", THROUGH, WITHOUT, "the difference as a share of"], rows)
    )
