"""The measured part of a variant's card, made from its results.json and from nothing else."""

import sys
from pathlib import Path
from typing import Any

from tfi2i.whole_files import write_text
from tfi2i.zoo.catalogue import MAIN_PLAN, Variant, variants

ZOO_BEGIN, ZOO_END = "<!-- zoo: begin -->", "<!-- zoo: end -->"
HEADINGS = {
    "l1": ("L1", "{:.3f}"),
    "psnr": ("PSNR, dB", "{:.1f}"),
    "ssim": ("SSIM", "{:.3f}"),
    "kid": ("KID", "{:.3f}"),
    "fid": ("FID", "{:.0f}"),
    "colour": ("colour distance", "{:.3f}"),
    "accuracy": ("accuracy", "{:.1%}"),
    "distance_correlation": ("distance correlation", "{:.2f}"),
    "rank_correlation": ("rank correlation", "{:.2f}"),
    "sampled_kid": ("sampled KID", "{:.3f}"),
    "encoded_l1": ("L1 with the encoded latent", "{:.3f}"),
    "class_iou": ("class IoU", "{:.3f}"),
    "precision": ("precision", "{:.2f}"),
    "recall": ("recall", "{:.2f}"),
    "density": ("density", "{:.2f}"),
    "coverage": ("coverage", "{:.2f}"),
    "nearest": ("nearest copy", "{:.2f}"),
    "classes_covered": ("classes", "{:.1f}"),
    "class_divergence": ("class KL", "{:.3f}"),
    "reconstruction_l1": ("reconstruction L1", "{:.3f}"),
    "reconstruction_psnr": ("reconstruction PSNR, dB", "{:.1f}"),
    "reconstruction_ssim": ("reconstruction SSIM", "{:.3f}"),
    "nearest_accuracy": ("1-NN accuracy of latents", "{:.1%}"),
    "unsupervised_accuracy": ("unsupervised accuracy", "{:.1%}"),
    "linear_accuracy": ("linear accuracy of latents", "{:.1%}"),
    "retrieval": ("retrieval", "{:.1%}"),
    "known_retrieval": ("of known captions", "{:.1%}"),
    "sketch_retrieval": ("Stage I: retrieval", "{:.1%}"),
    "sketch_kid": ("Stage I: KID", "{:.3f}"),
}
BASELINES = {
    "copy_input": "baseline: the input itself",
    "mean_colour": "baseline: mean training colour",
    "real_images": "real images",
    "pixels": "baseline: pixels",
}


def results_section(variant: Variant, plan: str = MAIN_PLAN) -> str:
    """What a card shows of one plan, between its markers, markers included."""
    results = variant.results(plan)
    body = "Not measured yet." if results is None else _table_and_notes(results)
    begin, end = _markers(plan)
    return f"{begin}\n{body}\n{end}"


def update_card(variant: Variant) -> None:
    """Replaces the sections of all plans in the variant's README.md."""
    for plan in variant.plans:
        section = results_section(variant, plan)
        replace_section(variant.folder / "README.md", *_markers(plan), section)


def _markers(plan: str) -> tuple[str, str]:
    name = "results" if plan == MAIN_PLAN else plan
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def zoo_section() -> str:
    """The table of all variants for docs/zoo.md, markers included."""
    lines = [
        _row(["variant", "group", "measured (small recipe)", "the input itself", "cost", "preset"])
    ]
    lines.append(_row(["---"] * 6))
    for variant in variants():
        results = variant.results()
        link = f"[{variant.name}](../zoo/{variant.group}/{variant.name}/README.md)"
        presets = ", ".join(f"`{preset}`" for preset in variant.presets)
        measured = [headline(results), _baseline(results), _cost(results)]
        lines.append(_row([link, variant.group, *measured, presets]))
    return "\n".join([ZOO_BEGIN, *lines, ZOO_END])


def update_all(page: Path) -> None:
    """Makes every card and the page's table of all variants anew."""
    for variant in variants():
        update_card(variant)
    replace_section(page, ZOO_BEGIN, ZOO_END, zoo_section())


def replace_section(path: Path, begin: str, end: str, section: str) -> None:
    """Replaces what stands between two markers of a file, the markers included."""
    before, rest = path.read_text(encoding="utf-8").split(begin, 1)
    write_text(path, before + section + rest.split(end, 1)[1])


def _baseline(results: dict[str, Any] | None) -> str:
    """The figures of `headline` for the untouched input, where there are any."""
    if results is None:
        return ""
    arm = next(iter(results["arms"].values()))
    untouched = arm["baselines"].get("copy_input", {})
    known = [key for key in _headline_keys(arm) if untouched.get(key) is not None]
    return ", ".join(f"{_heading(key)[0]} {_plain(key, untouched[key])}" for key in known)


def _cost(results: dict[str, Any] | None) -> str:
    if results is None:
        return ""
    arm = next(iter(results["arms"].values()))
    memory = arm["peak_memory_mib"]
    return f"{arm['seconds']} s" + ("" if memory is None else f", {memory} MiB")


def results_table(results: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Headings and rows of what was measured: the arms, then what costs nothing in their place."""
    arms = results["arms"]
    first = next(iter(arms.values()))
    keys = list(first["figures"])
    headings = ["", *(_heading(key)[0] for key in keys), "seeds", "seconds", "images/s", "MiB"]
    rows: list[list[Any]] = []
    for name, arm in arms.items():
        # Of runs that were evaluated elsewhere no memory is known.
        memory = "" if arm["peak_memory_mib"] is None else arm["peak_memory_mib"]
        cost = [arm["seconds"], arm["images_per_second"], memory]
        figures = [_with_spread(key, arm["figures"].get(key)) for key in keys]
        rows.append([name, *figures, len(arm["seeds"]), *cost])
    for key, name in BASELINES.items():
        if key in first["baselines"]:
            values = [_plain(k, first["baselines"][key].get(k)) for k in keys]
            rows.append([name, *values, "", "", "", ""])
    return headings, rows


def _table_and_notes(results: dict[str, Any]) -> str:
    arms = results["arms"]
    first = next(iter(arms.values()))
    headings, rows = results_table(results)
    lines = [_row(headings), _row(["---"] * len(headings)), *map(_row, rows)]
    overrides = [
        f"- {name}: `{' '.join(arm['overrides'])}`"
        for name, arm in arms.items()
        if arm["overrides"]
    ]
    scatter = results.get("scatter")
    horizontal, vertical = results.get("scatter_axes", ("before", "after"))
    shows = (
        "Distances before and after the translation"
        if horizontal == "before"
        else f"{vertical} against {horizontal}"
    )
    plot = ["", f"![{shows}]({scatter})"] if scatter else []
    picture = results.get("picture")
    drawn = _are_samples(first)
    what = "Samples" if drawn else "The same test images in every column"
    shown = ["", *_picture(picture, what)] if picture else []
    for walk in results.get("walks", ()):
        shown += ["", f"![Samples]({walk['file']})", "", walk["shows"]]
    changes = ["", "Arms and their changes:", *overrides] if overrides else []
    notes = ["", *_notes(results, first), *plot, *changes]
    return "\n".join([*lines, *shown, *notes])


def _are_samples(arm: dict[str, Any]) -> bool:
    """Whether the figures are of images from noise: only these are compared with copies."""
    return "nearest" in arm["figures"]


def _picture(picture: dict[str, str], what: str) -> list[str]:
    return [
        f"![{what}]({picture['file']})",
        "",
        f"From left to right, for the first seed: {picture['columns']}.",
    ]


def _notes(results: dict[str, Any], arm: dict[str, Any]) -> list[str]:
    features = arm["features"]
    versions = results["versions"]
    command = f"{results['command']} --seeds {','.join(map(str, arm['seeds']))}"
    gpus = "".join(f"{gpu}, " for gpu in results.get("gpus", ()))
    # Results of before threads were noted have none.
    threads = results.get("threads") or results["cores"]
    cores = cores_in_words(results["cores"])
    if threads < results["cores"]:
        cores += f", {threads} of them a run"
    images = f"{arm['test_images']} held-out images, " if arm["test_images"] else ""
    notes = [
        f"Expected: {results['claim']}",
        "",
        f"{images}{arm['iterations']} iterations of recipe `{results['recipe']}`. Figures are "
        f"means ± standard deviations over seeds{_scale(arm)}. Seconds are those of "
        "training at the median pace, MiB those of peak memory. "
        f"Command: `{command}` on {gpus}{results['processor']}, {cores}, "
        f"TensorFlow {versions['tensorflow']}, Keras {versions['keras']}, {results['date']}, "
        f"commit {results['commit']}.",
    ]
    if features:
        notes.append(
            f"FID and KID compare features of {features['extractor']}. FID is biased upwards with "
            "so few images: compare KID."
        )
    return [*notes, *arm.get("notes", ())]


def _scale(arm: dict[str, Any]) -> str:
    """How the figures are to be read, beside what their names say."""
    if _are_samples(arm):
        return (
            "; a nearest copy of 1 is as far from the training images as held-out ones are, of 0 "
            "one of them"
        )
    return "; L1 is in the [-1, 1] scale"


def cores_in_words(count: int) -> str:
    """1 core, 2 cores."""
    return "1 core" if count == 1 else f"{count} cores"


def _with_spread(key: str, figure: dict[str, Any] | None) -> str:
    if figure is None:
        return ""
    text = _plain(key, figure["mean"])
    if figure["spread"] is None:
        return text
    return f"{text} ± {_plain(key, figure['spread'])}"


def _plain(key: str, value: float | None) -> str:
    return "" if value is None else _heading(key)[1].format(value)


def _heading(key: str) -> tuple[str, str]:
    """Name and format of a figure; an extra measure's key is its name."""
    return HEADINGS.get(key, (key.replace("_", " "), "{:.3f}"))


def _row(cells: list[Any]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def headline(results: dict[str, Any] | None) -> str:
    """The first arm of results.json, the variant as it is meant, in one line."""
    if results is None:
        return "not measured"
    arm = next(iter(results["arms"].values()))
    seeds = len(arm["seeds"])
    return f"{figures_in_words(arm)} ({seeds} {'seed' if seeds == 1 else 'seeds'})"


def figures_in_words(arm: dict[str, Any]) -> str:
    """L1, KID and accuracies of one arm, or its first two measures; mean ± deviation over seeds."""
    figures = arm["figures"]
    keys = _headline_keys(arm)
    return ", ".join(f"{_heading(key)[0]} {_with_spread(key, figures[key])}" for key in keys)


def _headline_keys(arm: dict[str, Any]) -> list[str]:
    figures = arm["figures"]
    told = ["l1", "kid", "accuracy"]
    if _are_samples(arm):
        told += ["class_accuracy", "unsupervised_accuracy"]
    return [key for key in told if key in figures] or list(figures)[:2]


if __name__ == "__main__":
    update_all(Path(sys.argv[1]))
