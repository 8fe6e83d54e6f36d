"""What a comparison says in words and numbers, for its page and for its Markdown."""

from collections.abc import Sequence
from typing import Any

from tfi2i.image_sizes import size_in_words

_FIGURES = {
    "kid": "KID",
    "colour": "colour distance",
    "l1": "L1",
    "ssim": "SSIM",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
    "classes_covered": "classes",
    "class_accuracy": "class accuracy",
    "unsupervised_accuracy": "unsupervised accuracy",
    "nearest": "nearest copy",
}
_BASELINES = {"copy_input": "baseline: the input itself", "real_images": "training images"}


def comparison_table(variants: dict[str, Any]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Headings and rows, a row for each variant and for each baseline.

    Args:
        variants: Name to its part of `compare.json`.
    """
    known = [key for key in _FIGURES if any(key in one["figures"] for one in variants.values())]
    head = (
        "", *(_FIGURES[key] for key in known), "images seen", "seconds", "peak memory, MiB",
        "generator's parameters", "all parameters", "seeds",
    )  # fmt: skip
    rows: list[Sequence[str]] = [
        (
            name,
            *(_with_spread(one["figures"].get(key)) for key in known),
            f"{one['images_seen']:,}",
            f"{one['seconds']:,}",
            f"{one['peak_memory_mib']:,}",
            f"{one['parameters']['generator']:,}",
            f"{one['parameters']['all']:,}",
            str(len(one["seeds"])),
        )
        for name, one in variants.items()
    ]
    baselines = next(iter(variants.values()))["baselines"]
    for baseline, name in _BASELINES.items():
        if baseline in baselines:
            cells = (_number(baselines[baseline].get(key)) for key in known)
            rows.append((name, *cells, "", "", "", "", "", ""))
    return head, rows


def comparison_lead(results: dict[str, Any]) -> str:
    """What was compared, on which machine."""
    budget, cores = results["budget"], results["cores"]
    width = budget.get("generator_size")
    sized = f", with a generator of about {width:,} parameters" if width else ""
    return (
        f"{results['data'].removeprefix('found ')}. Each variant trains its small recipe, or the "
        f"one that it is named with{sized}, for {budget['epochs']} epochs at "
        f"{size_in_words(budget['size'])} px. "
        f"{cores} {'core' if cores == 1 else 'cores'} of {results['processor']}, TensorFlow "
        f"{results['versions']['tensorflow']}."
    )


def comparison_note(variants: dict[str, Any]) -> str:
    """How the figures are to be read."""
    first = next(iter(variants.values()))
    text = (
        f"{first['test_images']} test images. KID, colour distance and L1 are better when smaller, "
        "the others when larger. Seconds are those of training at the median pace."
    )
    if first["features"]:
        text += f" KID with {first['features']['extractor']}."
    return text


def _with_spread(figure: dict[str, Any] | None) -> str:
    if figure is None:
        return "-"
    spread = "" if figure["spread"] is None else f" ± {_number(figure['spread'])}"
    return _number(figure["mean"]) + spread


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
