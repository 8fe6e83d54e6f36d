"""Measures the zoo beside what its users would take instead; `make bench` runs it.

Run: python -m benchmarks.run [--peers PYTHON] [--only training,latency,...] [--rounds N]
Writes benchmarks/results.json; `python -m benchmarks.table` makes the README's table of it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.race import Contestant, race
from benchmarks.roofline import FLOPS

RESULTS = Path(__file__).parent / "results.json"
OURS = "tfi2i bfloat16"
BFLOAT16 = ("--precision", "mixed_bfloat16")
# Variant, side in pixels, rounds and steps in a round: enough for a median, few enough to wait for.
TRAINING = [
    ("pix2pix", 256, 4, 5),
    ("pix2pix", 64, 4, 10),
    ("cyclegan", 256, 2, 2),
    ("cyclegan", 128, 3, 3),
    ("cyclegan", 64, 3, 6),
]
GROWTH = [(size, 1) for size in (64, 128, 256, 512)] + [(128, batch) for batch in (4, 16)]


def ours(name: str, module: str, *arguments: str, **environment: str) -> Contestant:
    """A contestant that runs in this environment."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    return Contestant(name, command, {"TF_CPP_MIN_LOG_LEVEL": "2", **environment})


def theirs(python: str, name: str, module: str, *arguments: str) -> Contestant:
    """A contestant of the peers' environment."""
    return Contestant(
        name, [str(Path(python).absolute()), "-m", f"benchmarks.peers.{module}", *arguments]
    )


def training(peers: str, scale: float, works: list[str] | None = None) -> dict[str, Any]:
    """Steps of pix2pix and CycleGAN through `fit`, beside PyTorch and plain Keras."""
    results = {}
    for variant, size, rounds, steps in TRAINING:
        if works and f"{variant} {size}" not in works:
            continue
        work = (variant, "--size", str(size))
        contestants = [
            ours(OURS, "train_tfi2i", *work, *BFLOAT16),
            ours("tfi2i float32", "train_tfi2i", *work),
            ours("plain Keras float32", "peers.train_keras", *work),
            theirs(peers, "PyTorch float32", "train_torch", *work),
            theirs(peers, "PyTorch bfloat16, channels last", "train_torch", *work, "--bfloat16"),
            theirs(
                peers,
                "PyTorch bfloat16, compiled",
                "train_torch",
                *work,
                "--bfloat16",
                "--compiled",
            ),
        ]
        results[f"{variant} {size}"] = run(contestants, max(1, round(rounds * scale)), steps)
    return results


def levers(peers: str, scale: float) -> dict[str, Any]:
    """What each lever gives: the whole, and the whole without it."""
    results = {}
    for variant, size, steps in (("pix2pix", 256, 5), ("cyclegan", 128, 3)):
        work = (variant, "--size", str(size))
        contestants = [
            ours(OURS, "train_tfi2i", *work, *BFLOAT16),
            ours("without the fused Adam", "train_tfi2i", *work, *BFLOAT16, "--keras-adam"),
            ours("in float32", "train_tfi2i", *work),
            ours("without fit", "train_tfi2i", *work, *BFLOAT16, "--bare"),
            ours(
                "one operator at a time", "train_tfi2i", *work, *BFLOAT16,
                TF_NUM_INTEROP_THREADS="1",
            ),
        ]  # fmt: skip
        results[f"{variant} {size}"] = run(contestants, max(1, round(4 * scale)), steps)
    return results


def latency(peers: str, scale: float) -> dict[str, Any]:
    """One image of 256 pixels through the exported generators, beside the other runtimes."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "benchmarks.exported_files", folder],
            check=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        for network in ("unet", "resnet"):
            place = Path(folder) / network
            files = {
                "tfi2i SavedModel bfloat16": place / "bfloat16" / "1",
                "tfi2i SavedModel float32": place / "float32" / "1",
                "Keras model.export float32": place / "keras",
                "LiteRT float32": place / "float32.tflite",
                "LiteRT int8": place / "int8.tflite",
            }
            contestants = [ours(n, "translate_tfi2i", str(f)) for n, f in files.items()]
            contestants += [
                theirs(peers, "PyTorch float32", "translate_torch", network),
                theirs(
                    peers, "PyTorch bfloat16, compiled", "translate_torch", network,
                    "--bfloat16", "--compiled",
                ),
            ]  # fmt: skip
            contestants += [
                theirs(
                    peers, f"OpenVINO {name}", "translate_openvino", str(place / "keras"),
                    "--precision", precision,
                )
                for name, precision in (("float32", "f32"), ("bfloat16", "bf16"))
            ]  # fmt: skip
            results[network] = run(contestants, max(1, round(4 * scale)), 5)
    return results


def roofline(peers: str, scale: float) -> dict[str, Any]:
    """GFLOP/s of a large matrix product."""
    kinds = ("float32", "bfloat16")
    contestants = [ours(f"TensorFlow {k}", "roofline", "tensorflow", k) for k in kinds]
    contestants += [
        Contestant(
            f"PyTorch {k}", [str(Path(peers).absolute()), "-m", "benchmarks.roofline", "torch", k]
        )
        for k in kinds
    ]
    results = run(contestants, max(1, round(4 * scale)), 5)
    for outcome in results.values():
        outcome["gflops"] = round(FLOPS / outcome["median_s"] / 1e9)
    return results


def growth(peers: str, scale: float) -> dict[str, Any]:
    """Step time and memory by image size and batch, each alone in the machine."""
    results: dict[str, Any] = {}
    for variant in ("pix2pix", "cyclegan"):
        for size, batch in GROWTH:
            work = (variant, "--size", str(size), "--batch", str(batch), *BFLOAT16)
            name = f"{variant} {size} px, batch {batch}"
            results |= run([ours(name, "train_tfi2i", *work)], 1, 3)
    return results


def startup(peers: str, scale: float) -> dict[str, Any]:
    """Seconds until help, and until the package is imported."""
    commands = {
        "tfi2i --help": ("-m", "tfi2i", "--help"),
        "import tfi2i": ("-c", "import tfi2i"),
    }
    return {name: _seconds(*command) for name, command in commands.items()}


def run(contestants: list[Contestant], rounds: int, units: int) -> dict[str, Any]:
    """Races and summarises."""
    outcomes = race(contestants, rounds=rounds, units=units)
    return {name: outcome.summary() for name, outcome in outcomes.items()}


def _seconds(*command: str) -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return round(sorted(times)[2], 2)


PARTS = {part.__name__: part for part in (roofline, training, levers, latency, growth, startup)}


def main() -> None:
    """Measures the parts that are asked for; the others keep the figures they have."""
    from tfi2i.training.run_folder import describe_machine

    parser = argparse.ArgumentParser(
        description="The zoo beside what its users would take instead."
    )
    parser.add_argument("--peers", default=sys.executable, help="Python that has torch, openvino")
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=float, default=1.0, help="more or fewer than by default")
    parser.add_argument("--works", help="of training, such as: pix2pix 256,cyclegan 64")
    parser.add_argument("--json", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    unknown = set(wanted) - set(PARTS)
    if unknown:
        parser.error(f"--only knows {', '.join(PARTS)}; not {', '.join(sorted(unknown))}")
    results = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
    machine = describe_machine()
    results["machine"] = {key: machine[key] for key in ("processor", "cores", "versions")}
    for name in wanted:
        print(f"==> {name}", file=sys.stderr, flush=True)
        options = {}
        if name == "training" and arguments.works:
            options["works"] = arguments.works.split(",")
        measured = PARTS[name](arguments.peers, arguments.rounds, **options)
        results[name] = {**results.get(name, {}), **measured}
        results[name + "_date"] = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
        arguments.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
