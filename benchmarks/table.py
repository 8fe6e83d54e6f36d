"""Makes the README's section on speed of `results.json`, so that its figures are measured ones.

Run: python -m benchmarks.table README.md
"""

import json
import sys
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"
REFERENCES = {
    "training": "PyTorch float32",
    "latency": "Keras model.export float32",
    "generation": "PyTorch float32",
    "sampling": "PyTorch float32",
    "gpu": "PyTorch float32",
}
TITLES = {"unet": "U-Net-256", "resnet": "ResNet-9", "dcgan": "DCGAN 64 px"}


def section(results: dict[str, Any]) -> str:
    """The section between its markers, markers included."""
    lines = [
        BEGIN,
        f"Median seconds on {machine_in_words(results, 'training')}. All contestants are in memory "
        "and take turns. In brackets: how many times faster than the first row. A step goes "
        "through `fit`, with batches of 1 where no other is named.",
        *races(results),
    ]
    return "\n".join([*lines, END])


def races(results: dict[str, Any]) -> list[str]:
    """Lines with a table for each race that was run, and the rates of a large matrix product."""
    lines = []
    if "training" in results:
        lines += ["", *_table("training step", results["training"], REFERENCES["training"])]
    if "latency" in results:
        lines += ["", *_table("one image of 256 px", results["latency"], REFERENCES["latency"])]
    if "generation" in results:
        name = "training step of a generator"
        lines += ["", *_table(name, results["generation"], REFERENCES["generation"])]
    if "sampling" in results:
        lines += ["", *_table("1,000 images", results["sampling"], REFERENCES["sampling"])]
    if "gpu" in results:
        card = ", ".join(results["machines"]["gpu"]["gpus"])
        lines += ["", *_table(f"training step on one {card}", results["gpu"], REFERENCES["gpu"])]
    if "roofline" in results:
        rates = ", ".join(f"{n} {o['gflops']}" for n, o in results["roofline"].items())
        lines += ["", f"A large matrix product reaches, in GFLOP/s: {rates}."]
    return lines


def machine_in_words(results: dict[str, Any], part: str) -> str:
    """Processor, cores and TensorFlow that a part was measured with."""
    machine = results["machines"][part]
    cores = f"{machine['cores']} core{'s' if machine['cores'] > 1 else ''}"
    return f"{machine['processor']}, {cores}, TensorFlow {machine['versions']['tensorflow']}"


def _table(what: str, works: dict[str, Any], reference: str) -> list[str]:
    names = [reference, *(n for n in next(iter(works.values())) if n != reference)]
    columns = [in_words(work) for work in works]
    lines = [f"| {what} | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    for name in names:
        cells = [_cell(outcomes, name, reference) for outcomes in works.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def in_words(work: str) -> str:
    """A work as a reader knows it, with its side in pixels."""
    return TITLES.get(work, work if "px" in work else f"{work} px")


def _cell(outcomes: dict[str, Any], name: str, reference: str) -> str:
    if name not in outcomes:
        return ""
    seconds, base = (outcomes[key]["median_s"] for key in (name, reference))
    digits = 2 if base >= 1 else 3 if base >= 0.1 else 4
    ratio = "" if name == reference else f" ({base / seconds:.2f})"
    return f"{seconds:.{digits}f}{ratio}"


def update(readme: Path, results: dict[str, Any]) -> None:
    """Replaces the section in the README."""
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN, 1)
    readme.write_text(before + section(results) + rest.split(END, 1)[1], encoding="utf-8")


if __name__ == "__main__":
    update(Path(sys.argv[1]), json.loads((Path(__file__).parent / "results.json").read_text()))
