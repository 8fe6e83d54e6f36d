"""The tables of the races with other libraries, for docs/speed.md."""

from typing import Any

REFERENCES = {
    "training": "PyTorch float32",
    "latency": "Keras model.export float32",
    "generation": "PyTorch float32",
    "sampling": "PyTorch float32",
    "gpu": "PyTorch float32",
}
TITLES = {"unet": "U-Net-256", "resnet": "ResNet-9", "dcgan": "DCGAN 64 px"}


def races_section(results: dict[str, Any]) -> str:
    """What was raced, on which machine, and what makes the difference."""
    lines = [
        f"Median seconds on {machine_in_words(results, 'training')}. All contestants are in memory "
        "and take turns. In brackets: how many times faster than the first row. A step goes "
        "through `fit`, with batches of 1 where no other is named.",
        *races(results),
        "",
        _WHAT_MAKES_THE_DIFFERENCE,
    ]
    return "\n".join(lines)


_WHAT_MAKES_THE_DIFFERENCE = """\
These make the difference: bfloat16 where the machine computes in it (`train.precision=auto`, and
`tfi2i export --precision auto`, which checks that the images stay the same), oneDNN's kernels on
every x86 processor, Adam in one kernel a variable, the fused kernel for normalisation, the last
convolution by blocks, convolutions of small maps as products of matrices, one forward pass for both
players, and on a GPU XLA too (`train.xla=true`)."""


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
