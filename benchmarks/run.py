"""Measures the zoo beside what its users would take instead; `make bench` runs it.

Run: python -m benchmarks.run [--peers PYTHON] [--only training,latency,...] [--rounds N]
Writes benchmarks/results.json, of which `python -m benchmarks.page` makes docs/speed.md.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.parts import PARTS
from benchmarks.table import REFERENCES

RESULTS = Path(__file__).parent / "results.json"


def main() -> None:
    """Measures the parts that are asked for; the others keep the figures they have."""
    from tfi2i.machine import describe_machine

    parser = argparse.ArgumentParser(
        description="The zoo beside what its users would take instead."
    )
    parser.add_argument("--peers", default=sys.executable, help="Python that has torch, openvino")
    usual = ",".join(name for name in PARTS if name != "gpu")
    parts = f"of {', '.join(PARTS)}; by default all but gpu, which needs one"
    parser.add_argument("--only", default=usual, help=parts)
    parser.add_argument("--rounds", type=float, default=1.0, help="more or fewer than by default")
    parser.add_argument("--times", type=int, default=1, help="repeat the races, to see the spread")
    parser.add_argument(
        "--works",
        help="of training, growth or onednn: pix2pix 256,cyclegan 64; of gpu, by batch: pix2pix 16",
    )
    parser.add_argument("--json", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    unknown = set(wanted) - set(PARTS)
    if unknown:
        parser.error(f"--only knows {', '.join(PARTS)}; not {', '.join(sorted(unknown))}")
    results = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
    machine = describe_machine()
    machine = {key: machine[key] for key in ("processor", "cores", "gpus", "versions")}
    for name in wanted:
        options = {}
        if name in ("training", "growth", "onednn", "gpu") and arguments.works:
            options["works"] = arguments.works.split(",")
        for turn in range(arguments.times):
            print(f"==> {name}, {turn + 1} of {arguments.times}", file=sys.stderr, flush=True)
            measured = PARTS[name](arguments.peers, arguments.rounds, **options)
            results[name] = {**results.get(name, {}), **measured}
            if arguments.times > 1 and name in REFERENCES:
                keep_ratios(results, name, measured, first=turn == 0)
            results.setdefault("machines", {})[name] = machine
            results[name + "_date"] = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
            arguments.json.write_text(json.dumps(results, indent=1) + "\n")


def keep_ratios(
    results: dict[str, Any], part: str, measured: dict[str, Any], *, first: bool
) -> None:
    """Adds the ratios of one race to `repeats`, where a first race replaces what was there."""
    kept = results.setdefault("repeats", {}).setdefault(part, {})
    for work, outcomes in measured.items():
        base = outcomes[REFERENCES[part]]["median_s"]
        ratios = {name: round(base / one["median_s"], 3) for name, one in outcomes.items()}
        before = {} if first else kept.get(work, {})
        kept[work] = {name: [*before.get(name, []), ratio] for name, ratio in ratios.items()}


if __name__ == "__main__":
    main()
