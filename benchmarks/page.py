"""Makes docs/speed.md and docs/growth.svg from `results.json`: the races and all else.

Run: python -m benchmarks.page docs
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.fit_adds import fit_adds_section
from benchmarks.growth_plot import growth_plot
from benchmarks.levers_tried import LEVERS_TRIED
from benchmarks.markdown import table
from benchmarks.on_a_gpu import on_a_gpu
from benchmarks.on_amx import on_amx
from benchmarks.onednn import onednn_section
from benchmarks.page_generation import generation_section
from benchmarks.page_shares import shares_section
from benchmarks.table import REFERENCES, in_words, machine_in_words, races_section

RESULTS = Path(__file__).parent / "results.json"
RESULTS_AMX = Path(__file__).parent / "results_amx.json"


def page(results: dict[str, Any], amx: dict[str, Any] | None = None) -> str:
    """The whole page, Markdown; parts that were not measured are left out.

    Args:
        results: The contents of `results.json`.
        amx: The races of `results_amx.json`.
    """
    machine = machine_in_words(results, next(iter(results["machines"])))
    parts = [
        "# Speed",
        "`python -m benchmarks.page docs` makes this page from `benchmarks/results.json`, which "
        f"`make bench` writes: {machine}. Times are medians. "
        "Read the ratios, because machines differ.",
    ]
    if "training" in results:
        parts += ["## Beside other libraries", races_section(results)]
    for title, key, write in _SECTIONS:
        if key in results:
            parts += [f"## {title}", write(results[key])]
            if key in results["machines"] and machine_in_words(results, key) != machine:
                parts += [f"Measured on {machine_in_words(results, key)}."]
    if {"generation", "shares"} <= set(results):
        parts += ["## Generators beside PyTorch", generation_section(results)]
    if {"fit_adds", "training"} <= set(results):
        parts += ["## What fit adds", fit_adds_section(results)]
    if amx:
        parts += ["## On a processor with AMX", on_amx(amx)]
    if {"shares", "levers", "gpu"} <= set(results):
        parts += ["## On a GPU of 80 GB", on_a_gpu(results)]
    parts += ["## Levers that were tried and left", LEVERS_TRIED]
    return "\n\n".join(parts) + "\n"


def _levers(levers: dict[str, Any]) -> str:
    names = list(dict.fromkeys(name for outcomes in levers.values() for name in outcomes))
    head = [f"{work} px, ms" for work in levers]
    rows = []
    for name in names:
        cells = []
        for outcomes in levers.values():
            whole = outcomes[names[0]]["median_s"]
            cells.append(_against(outcomes.get(name), whole))
        rows.append([name, *cells])
    return (
        "One training step with every lever, and the same step without one of them. In brackets: "
        "how many times as long it takes.\n\n" + table(["training step", *head], rows)
    )


def _memory(works: dict[str, Any]) -> str:
    rows = []
    for name in next(iter(works.values())):
        outcomes = [outcomes[name] for outcomes in works.values()]
        rows.append([name, *(f"{_own_memory(outcome):,}" for outcome in outcomes)])
    weights = [next(iter(outcomes.values()))["weights"] for outcomes in works.values()]
    # Four float32 numbers a weight.
    least = [f"{round(16 * count / 2**20):,}" for count in weights]
    rows.append(["weights, gradients and Adam's moments alone", *least])
    return (
        "Peak MiB of a process that trains, less what it had once its libraries were imported "
        "(importing TensorFlow takes several hundred, most of it the library's own file). The last "
        "row is what each of them has to keep in float32 while gradients live.\n\n"
        + table(["training step", *(f"{work} px" for work in works)], rows)
    )


def _own_memory(outcome: dict[str, Any]) -> int:
    return outcome["peak_mib"] - outcome["libraries_mib"]


def _single_layers(layers: dict[str, Any]) -> str:
    rows = []
    for ours, plain in zip(list(layers)[::2], list(layers)[1::2], strict=True):
        base = layers[plain]["median_s"]
        rows += [
            [name, f"{1000 * layers[name]['median_s']:.1f} ({layers[name]['median_s'] / base:.2f})"]
            for name in (ours, plain)
        ]
    return (
        "Forwards and backwards in bfloat16, with one image: the last convolution of a ResNet "
        "generator and a norm, at 256 px with 64 channels, and a U-Net's transposed convolution "
        "from 8 px with 1,024 channels to 16 px with 512. In brackets: how many times as long as "
        "the plain form.\n\n" + table(["layer", "ms"], rows)
    )


def _siamese(works: dict[str, Any]) -> str:
    names = list(next(iter(works.values())))
    rows = [
        [
            name,
            *(
                _against(outcomes[name], outcomes[names[-1]]["median_s"])
                for outcomes in works.values()
            ),
        ]
        for name in names
    ]
    return table(["training step, ms", *works], rows)


def _replicas(works: dict[str, Any]) -> str:
    rows = [
        [
            name,
            *(
                _against(outcomes[name], outcomes["one," + name.partition(",")[2]]["median_s"])
                for outcomes in works.values()
            ),
            *(f"{outcomes[name]['peak_mib']:,}" for outcomes in works.values()),
        ]
        for name in next(iter(works.values()))
    ]
    head = [f"{work} px, ms" for work in works] + [f"{work} px, MiB" for work in works]
    return (
        "A step with two images on one device, on two logical devices of one process, and on two "
        "workers on loopback, all on the same two cores. The part above 1 is the price of the "
        "exchange, which more machines would have to win back.\n\n"
        + table(["replicas", *head], rows)
    )


def _growth(growth: dict[str, Any]) -> str:
    rows = [
        [name, f"{outcome['median_s']:.2f}", f"{outcome['peak_mib']:,}"]
        for name, outcome in sorted(growth.items(), key=lambda item: _work(item[0]))
    ]
    lead = (
        "Filled points are single images; hollow points are batches of 4 and 16 smaller images. "
        f"These are the largest of these images that train in 16 GB: {_largest(growth)}."
    )
    return f"![Step time and memory by pixels](growth.svg)\n\n{lead}\n\n" + table(
        ["bfloat16", "step, s", "peak MiB"], rows
    )


def _work(name: str) -> tuple[str, int, int]:
    """`<variant> <side> px, batch <n>` as variant, n and side."""
    variant, side, _, _, batch = name.split()
    return variant, int(batch), int(side)


def _largest(growth: dict[str, Any]) -> str:
    sides: dict[str, int] = {}
    for name, outcome in growth.items():
        variant, _, side = _work(name)
        if outcome["peak_mib"] * 2**20 <= 16e9:
            sides[variant] = max(side, sides.get(variant, 0))
    return ", ".join(f"{variant} {side} px" for variant, side in sides.items())


def _first_steps(variants: dict[str, Any]) -> str:
    rows = [
        [name, f"{f['size']}", f"{f['batch']}", f"{f['build_s']:.1f}", f"{f['first_step_s']:.1f}"]
        for name, f in variants.items()
    ]
    return "At the published size, with the smallest batch.\n\n" + table(
        ["variant", "px", "batch", "build, s", "trace and first step, s"], rows
    )


def _repeats(parts: dict[str, Any]) -> str:
    rows = []
    for part, works in parts.items():
        for work, contestants in works.items():
            for name, ratios in contestants.items():
                if name != REFERENCES[part]:
                    spread = max(ratios) / min(ratios) - 1
                    shown = " / ".join(f"{ratio:.2f}" for ratio in ratios)
                    rows.append([f"{in_words(work)}: {name}", shown, f"{spread:.0%}"])
    lead = (
        "How many times faster than the first row of the tables above: several races, one after "
        "the other, each with processes of its own."
    )
    return f"{lead}\n\n" + table(["", "each race", "spread"], rows)


def _trained(presets: dict[str, Any]) -> str:
    kinds = list(dict.fromkeys(kind for found in presets.values() for kind in found))
    kinds = [kind for kind in kinds if kind != "refused"]
    rows = [
        [f"`{preset}`", *(_decibels(found, kind) for kind in kinds)]
        for preset, found in presets.items()
    ]
    refused = [
        f"- `{preset}`: {found['refused'].removeprefix('error: ')}"
        for preset, found in presets.items()
        if "refused" in found
    ]
    lead = (
        "PSNR in dB between what `tfi2i export` writes and Keras in float32 (peak 2, on the scale "
        "from -1 to 1), on the presets' own test images. These have no figures, for the reason "
        "that the export gave:"
    )
    listed = "\n".join(refused) if refused else "- none"
    return f"{lead}\n\n{listed}\n\n" + table(["preset", *kinds], rows)


def _decibels(found: dict[str, Any], kind: str) -> str:
    if kind not in found:
        return ""
    return "equal" if found[kind] is None else f"{found[kind]:.1f}"


def _startup(commands: dict[str, float]) -> str:
    return table(["", "s"], [[f"`{name}`", f"{s:.2f}"] for name, s in commands.items()])


def _pipeline(result: dict[str, Any]) -> str:
    rows = [
        [
            *(str(row[key]) for key in ("jpeg", "load", "crop", "batch")),
            *(f"{row[key]:,}" for key in ("from_jpeg", "from_memory")),
        ]
        for row in result["images_per_second"]
    ]
    head = ["JPEG, px", "load", "crop", "batch", "from JPEG, images/s", "from memory, images/s"]
    return table(head, rows)


def _against(outcome: dict[str, Any] | None, base: float) -> str:
    if outcome is None:
        return ""
    seconds = outcome["median_s"]
    return f"{1000 * seconds:,.0f} ({seconds / base:.2f})"


_SECTIONS = [
    ("What each lever brings", "levers", _levers),
    ("What levers bring to generators from latents", "game_levers", _levers),
    ("What oneDNN's kernels bring", "onednn", onednn_section),
    ("The same races again", "repeats", _repeats),
    ("Memory", "training", _memory),
    ("Layers of our own", "single_layers", _single_layers),
    ("The Siamese translator", "siamese", _siamese),
    ("Growth", "growth", _growth),
    ("Replicas", "replicas", _replicas),
    ("Where the time goes", "shares", shares_section),
    ("Precision on trained weights", "trained", _trained),
    ("The first step", "first_steps", _first_steps),
    ("Start-up", "startup", _startup),
    ("The input pipeline", "pipeline", _pipeline),
]


def write(folder: Path) -> None:
    """Writes the page and its plot."""
    results, amx = (json.loads(path.read_text("utf-8")) for path in (RESULTS, RESULTS_AMX))
    if "growth" in results:
        (folder / "growth.svg").write_text(growth_plot(results["growth"]) + "\n", encoding="utf-8")
    (folder / "speed.md").write_text(page(results, amx), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
