"""The parts of the benchmarks: who races whom, at what."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.contestants import BFLOAT16, FROZEN, OURS, median_of, ours, run, theirs, times
from benchmarks.fit_adds import fit_adds
from benchmarks.generation import GAMES, game_levers, generation, sampling
from benchmarks.gpu import gpu
from benchmarks.layers import layers
from benchmarks.onednn import onednn
from benchmarks.race import Contestant
from benchmarks.roofline import FLOPS

# Variant, side in pixels, rounds and steps in a round: enough for a median, few enough to wait for.
TRAINING = [
    ("pix2pix", 256, 4, 5),
    ("pix2pix", 64, 4, 10),
    ("cyclegan", 256, 2, 2),
    ("cyclegan", 128, 3, 3),
    ("cyclegan", 64, 3, 6),
]
# Of the Siamese translator no peer has an implementation; it compares the images of a batch.
SIAMESE = [("siamese_translator", size, 2) for size in (256, 64)]
# Side and batch: larger images, up to what 16 GB hold, and batches with as many pixels.
GROWTH = {
    "pix2pix": [(64, 1), (128, 1), (256, 1), (512, 1), (1024, 1), (2048, 1), (128, 4), (128, 16)],
    "cyclegan": [(64, 1), (128, 1), (256, 1), (512, 1), (768, 1), (128, 4), (128, 16)],
}
LEVERS = (("pix2pix", 256, 5), ("cyclegan", 128, 3))


def training(peers: str, scale: float, works: list[str] | None = None) -> dict[str, Any]:
    """Steps of pix2pix and CycleGAN through `fit`, beside PyTorch and plain Keras."""
    results = {}
    for variant, size, rounds, steps in TRAINING:
        if works and f"{variant} {size}" not in works:
            continue
        work = (variant, "--size", str(size))
        torch = (peers, "train_torch", *work)
        contestants = [
            ours(OURS, "train_tfi2i", *work, *BFLOAT16),
            ours("tfi2i float32", "train_tfi2i", *work),
            ours("plain Keras float32", "peers.train_keras", *work),
            theirs("PyTorch float32", *torch),
            theirs("PyTorch bfloat16, channels last", *torch, "--bfloat16"),
            theirs("PyTorch bfloat16, compiled", *torch, "--bfloat16", "--compiled"),
        ]
        results[f"{variant} {size}"] = run(contestants, times(rounds, scale), steps)
    return results


def siamese(peers: str, scale: float) -> dict[str, Any]:
    """Steps of the Siamese translator through `fit`, in both precisions."""
    results = {}
    for variant, size, batch in SIAMESE:
        work = (variant, "--size", str(size), "--batch", str(batch))
        contestants = [
            ours(OURS, "train_tfi2i", *work, *BFLOAT16),
            ours("tfi2i float32", "train_tfi2i", *work),
        ]
        results[f"{size} px, batch {batch}"] = run(contestants, times(3, scale), 4)
    return results


def levers(peers: str, scale: float) -> dict[str, Any]:
    """What each lever gives: the whole, and the whole without it."""
    results = {}
    for variant, size, steps in LEVERS:
        work = (variant, "--size", str(size))
        variations = {
            OURS: BFLOAT16,
            "in float32": (),
            "without the fused Adam": (*BFLOAT16, "--keras-adam"),
            "without fit": (*BFLOAT16, "--bare"),
        }
        if variant == "pix2pix":
            variations["without fit, with XLA"] = (*BFLOAT16, "--bare", "--xla")
            variations["nearest upsampling"] = (*BFLOAT16, "--upsampling", "nearest")
            variations["small maps as convolutions"] = (*BFLOAT16, "--plain", "small")
        else:
            variations["without the convolution by blocks"] = (*BFLOAT16, "--plain", "last")
        contestants = [ours(name, "train_tfi2i", *work, *more) for name, more in variations.items()]
        one_at_a_time = {"TF_NUM_INTEROP_THREADS": "1"}
        name = "one operator at a time"
        contestants.append(ours(name, "train_tfi2i", *work, *BFLOAT16, **one_at_a_time))
        results[f"{variant} {size}"] = run(contestants, times(4, scale), steps)
    return results


def single_layers(peers: str, scale: float) -> dict[str, Any]:
    """Layers of which the zoo has its own form, beside the plain form."""
    names = {
        "last convolution, by blocks": "last-blocks",
        "last convolution, plain": "last-plain",
        "transposed convolution, as a product": "inner-product",
        "transposed convolution, plain": "inner-plain",
        "instance norm, fused": "norm-fused",
        "instance norm, plain arithmetic": "norm-plain",
    }
    contestants = [ours(name, "one_layer", layer) for name, layer in names.items()]
    return run(contestants, times(3, scale), 20)


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
            contestants = _translators(Path(folder) / network, network, peers)
            results[network] = run(contestants, times(4, scale), 5)
    return results


def _translators(place: Path, network: str, peers: str) -> list[Contestant]:
    files = {
        "tfi2i SavedModel bfloat16, no setting": place / "bfloat16" / "1",
        "Keras model.export float32": place / "keras",
        "LiteRT float32": place / "float32.tflite",
        "LiteRT int8": place / "int8.tflite",
    }
    saved = [
        ours(f"tfi2i SavedModel {kind}", "translate_tfi2i", str(place / kind / "1"), **FROZEN)
        for kind in ("bfloat16", "float32")
    ]
    torch = (peers, "translate_torch", network)
    vino = (peers, "translate_openvino", str(place / "keras"), "--precision")
    return [
        *saved,
        *(ours(name, "translate_tfi2i", str(path)) for name, path in files.items()),
        theirs("PyTorch float32", *torch),
        theirs("PyTorch bfloat16, compiled", *torch, "--bfloat16", "--compiled"),
        theirs("OpenVINO float32", *vino, "f32"),
        theirs("OpenVINO bfloat16", *vino, "bf16"),
    ]


def roofline(peers: str, scale: float) -> dict[str, Any]:
    """GFLOP/s of a large matrix product."""
    kinds = ("float32", "bfloat16")
    module, python = "benchmarks.roofline", str(Path(peers).absolute())
    contestants = [ours(f"TensorFlow {kind}", "roofline", "tensorflow", kind) for kind in kinds]
    contestants += [
        Contestant(f"PyTorch {kind}", [python, "-m", module, "torch", kind]) for kind in kinds
    ]
    results = run(contestants, times(4, scale), 5)
    for outcome in results.values():
        outcome["gflops"] = round(FLOPS / outcome["median_s"] / 1e9)
    return results


def growth(peers: str, scale: float, works: list[str] | None = None) -> dict[str, Any]:
    """Step time and memory by image size and batch, each alone in the machine."""
    results: dict[str, Any] = {}
    for variant, sizes in GROWTH.items():
        for size, batch in sizes:
            if works and f"{variant} {size}" not in works:
                continue
            work = (variant, "--size", str(size), "--batch", str(batch), *BFLOAT16)
            name = f"{variant} {size} px, batch {batch}"
            results |= run([ours(name, "train_tfi2i", *work)], 1, 3, warm_up=1)
    return results


def replicas(peers: str, scale: float) -> dict[str, Any]:
    """Two replicas on this machine beside one, with the same global batch."""
    results: dict[str, Any] = {}
    kinds = {"one": "one", "two devices": "devices", "two workers": "workers"}
    for variant, size in (("pix2pix", 256), ("cyclegan", 128)):
        outcomes = results[f"{variant} {size}"] = {}
        # One race for each precision: all six would not fit in memory.
        for precision, more in {"float32": (), "bfloat16": BFLOAT16}.items():
            work = ("train_tfi2i", variant, "--size", str(size), "--batch", "2", *more)
            outcomes |= run(
                [
                    ours(f"{name}, {precision}", *work, "--replicas", kind)
                    for name, kind in kinds.items()
                ],
                times(3, scale),
                3,
            )
    return results


def shares(peers: str, scale: float) -> dict[str, Any]:
    """Every kernel of a step and of a generator, beside the peak that `roofline` measured."""
    peak = roofline(peers, 0.5)
    best = {
        kind: max(outcome["gflops"] for name, outcome in peak.items() if name.endswith(kind))
        for kind in ("float32", "bfloat16")
    }
    results: dict[str, Any] = {"peak_gflops": best}
    for variant, size, _ in LEVERS:
        work = (variant, "--size", str(size), *BFLOAT16)
        found = layers("train_tfi2i", *work, peak_gflops=best["bfloat16"])
        results[f"{variant} {size} step"] = found
    for variant, batch, _, _ in GAMES:
        work = (variant, "--size", "64", "--batch", str(batch), *BFLOAT16)
        found = layers("train_tfi2i", *work, peak_gflops=best["bfloat16"])
        results[f"{variant} 64 px, batch {batch} step"] = found
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "benchmarks.exported_files", folder], check=True)
        for network in ("unet", "resnet"):
            path = str(Path(folder) / network / "bfloat16" / "1")
            found = layers("translate_tfi2i", path, peak_gflops=best["bfloat16"], **FROZEN)
            results[f"{network} 256 generator"] = found
    return results


def trained(peers: str, scale: float) -> dict[str, Any]:
    """How near the shipped presets' exports are to Keras, in PSNR on their own test images."""
    from tfi2i.zoo.catalogue import variants

    results = {}
    for preset in [preset for variant in variants() for preset in variant.presets]:
        print(f"    {preset}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tfi2i", "export", "--preset", preset, "--out", folder]
            command += ["--precision", "bfloat16", "--formats", "saved_model,litert_int8"]
            done = subprocess.run(command, capture_output=True, text=True)
            report = Path(folder) / "parity.json"
            if done.returncode:
                # An artefact too far from Keras is no artefact: that is the finding.
                results[preset] = {"refused": (done.stderr or done.stdout).strip().splitlines()[-1]}
                continue
            # Its first direction stands for a variant.
            first = next(iter(json.loads(report.read_text(encoding="utf-8")).values()))
            entries = first["artefacts"]
        found = {f"{one['kind']} {one['precision']}": one["psnr_db"] for one in entries}
        # None stands for equal images.
        results[preset] = {name: psnr and round(psnr, 2) for name, psnr in found.items()}
    return results


def first_steps(peers: str, scale: float) -> dict[str, Any]:
    """Seconds to build each variant at its published size, and to its first step's end."""
    from tfi2i.zoo.catalogue import variants

    results = {}
    for variant in variants():
        print(f"    {variant.name}", file=sys.stderr, flush=True)
        output = subprocess.run(
            [sys.executable, "-m", "benchmarks.first_step", variant.name],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        line = next(line for line in output.splitlines() if line.startswith("@@"))
        results[variant.name] = json.loads(line[2:])
    return results


def startup(peers: str, scale: float) -> dict[str, Any]:
    """Seconds until help, and until the package is imported."""
    commands = {
        "tfi2i --help": ("-m", "tfi2i", "--help"),
        "import tfi2i": ("-c", "import tfi2i"),
    }
    results = {}
    for name, command in commands.items():
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], check=True, capture_output=True)
            seconds.append(time.perf_counter() - start)
        results[name] = median_of(seconds)
    return results


def pipeline(peers: str, scale: float) -> dict[str, Any]:
    """Images per second of the input pipeline, from JPEG files and from memory."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
        command = ["-m", "benchmarks.input_pipeline", "--json", file.name]
        subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
        return json.load(file)


PARTS = {
    part.__name__: part
    for part in (
        *(roofline, training, siamese, levers, onednn, fit_adds, single_layers),
        *(latency, generation, game_levers, sampling),
        *(growth, replicas, shares, trained, first_steps, startup, pipeline, gpu),
    )
}
