"""What a served model's first answer costs, and whether putting requests together helps.

Run: python -m benchmarks.serving [--json benchmarks/results_serving.json] [--page docs/serving.md]

Every figure comes from a process of its own, in which tests/small_server.py loads the version.
Costs are seconds of the processor, all cores together: they hold on a machine that does other
things too. Requests are put together by TensorFlow's batch scheduler, the one that TF Serving's
`--enable_batching` uses.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.markdown import table
from benchmarks.worker import peak_mib
from tfi2i.inference.presets import preset_folder
from tfi2i.machine import available_cores
from tfi2i.zoo.catalogue import load
from tfi2i.zoo.generation._base import GenerationGAN, generator_of
from tfi2i.zoo.generation.dcgan import DCGAN

RESULTS = Path(__file__).with_name("results_serving.json")
# Presets, and a network of a paper's size: its weights make no difference to its cost.
PRESETS = ("cyclegan-relief2elevation-64", "dcgan-digits-32")
LARGE = "dcgan, 64 px, the paper's networks"
SIZE = 256  # Of pictures, in pixels.
CLIENTS, REQUESTS = 50, 100
TOGETHER = (1, 8, 32)  # The most in one batch; 1 puts none together.
WAIT_MICROS = 1000
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> None:
    """Measures, or writes what was measured into a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--page", type=Path, help="put the table of the figures into this page")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        version, what, number = arguments.one
        measure = {"first": first_answer, "together": put_together}[what]
        print(json.dumps(measure(Path(version), int(number))))
        return
    if arguments.page:
        put_into(arguments.page, json.loads(RESULTS.read_text()))
        return
    text = json.dumps(measured(), indent=2) + "\n"
    print(text)
    if arguments.json:
        arguments.json.write_text(text)


def measured() -> dict[str, Any]:
    """All figures."""
    found: dict[str, Any] = {"cores": available_cores(), "tensorflow": tf.__version__, "models": {}}
    with tempfile.TemporaryDirectory() as folder:
        for name, version in exported(Path(folder)).items():
            first = {w: _process(version, "first", n) for n, w in enumerate(("cold", "warm"))}
            together = {str(most): _process(version, "together", most) for most in TOGETHER}
            found["models"][name] = {"first": first, "together": together}
    return found


def exported(folder: Path) -> dict[str, Path]:
    """Name to a version's folder."""
    from tfi2i.export.drawing import Drawing
    from tfi2i.export.drawing_saved_model import write_saved_model
    from tfi2i.export.saved_model import export_saved_model

    found = {}
    models = {name: load(preset_folder(name)) for name in PRESETS}
    models[LARGE] = DCGAN(crop_size=64)
    for number, (name, model) in enumerate(models.items()):
        place = folder / f"model-{number}"
        if not isinstance(model, GenerationGAN):
            sizes = ((64, 64), (SIZE, SIZE))
            found[name] = export_saved_model(model.translator(), place, metadata={}, warm_up=sizes)
            continue
        place.mkdir()
        drawer, found[name] = generator_of(model), place / "1"
        drawing = Drawing.of(
            drawer.generator, prior="normal", gives=model.value_ranges["a"], fused=True
        )
        write_saved_model(drawing, found[name], {})
    return found


def _process(version: Path, what: str, number: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.serving", "--one", str(version), what, str(number)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def _loaded(version: Path, **options: Any) -> Any:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from small_server import Version

    return Version(version, **options)


def _request(version: Path) -> tuple[str, dict[str, tf.Tensor]]:
    """A signature, and what it is asked."""
    facts = json.loads((version / "assets.extra" / "tfi2i.json").read_text())["export"]
    if "latent_length" in facts:
        return "serving_png", {"seeds": tf.constant([3], tf.int64)}
    pixels = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    return "serving_bytes", {"encoded": tf.io.encode_png(pixels)[tf.newaxis]}


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def first_answer(version: Path, warm: int) -> dict[str, float]:
    """Seconds of the first answer, and the median of the next ones."""
    served, (signature, inputs) = _loaded(version, warm_up=bool(warm)), _request(version)
    times = [_seconds(lambda: served.run(signature, inputs)) for _ in range(12)]
    return {"first_s": times[0], "median_s": median(times[1:])}


def put_together(version: Path, most: int) -> dict[str, float]:
    """Seconds of a request, where many clients ask at once."""
    wrap = _batching(most) if most > 1 else None
    served, (signature, inputs) = _loaded(version, wrap=wrap), _request(version)
    served.run(signature, inputs)
    with ThreadPoolExecutor(CLIENTS) as pool:

        def ask(_: int) -> None:
            served.run(signature, inputs)

        def everyone() -> None:
            list(pool.map(ask, range(REQUESTS)))

        everyone()
        spent = _seconds(everyone)
    return {"request_s": spent / REQUESTS, "peak_mib": peak_mib()}


def _batching(most: int) -> Callable[[Path, Any], Any]:
    """What puts the requests of a signature together."""

    def wrap(_: Path, signature: Any) -> Any:
        taken = signature.structured_input_signature[1]

        @tf.nondifferentiable_batch_function(
            num_batch_threads=available_cores(),
            max_batch_size=most,
            batch_timeout_micros=WAIT_MICROS,
            max_enqueued_batches=CLIENTS,
        )
        def batched(*inputs: tf.Tensor) -> list[tf.Tensor]:
            return [*signature(**dict(zip(taken, inputs, strict=True))).values()]

        def asked(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
            outputs = batched(*(inputs[name] for name in taken))
            return dict(zip(signature.structured_outputs, outputs, strict=True))

        return tf.function(asked).get_concrete_function(**taken)

    return wrap


def put_into(page: Path, results: dict[str, Any]) -> None:
    """Writes the table between the marks of a page."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{tables(results)}\n{END}{after}", encoding="utf-8")


def tables(results: dict[str, Any]) -> str:
    """The figures as Markdown."""
    first, together = [], []
    for name, figures in results["models"].items():
        one = figures["first"]
        times = [one[how][what] for how in ("cold", "warm") for what in ("first_s", "median_s")]
        ratios = [one[how]["first_s"] / one[how]["median_s"] for how in ("cold", "warm")]
        first.append([name, *(f"{1e3 * t:.1f}" for t in times), *(f"{r:.1f}" for r in ratios)])
        costs = [figures["together"][str(most)] for most in TOGETHER]
        cells = [f"{1e3 * c['request_s']:.1f} ({c['peak_mib']:.0f})" for c in costs]
        together.append([name, *cells])
    head = ["ms of the processor", "cold: first", "median", "warm: first", "median"]
    head += ["cold: times", "warm: times"]
    most = [f"up to {number}" for number in TOGETHER[1:]]
    alone = table(["ms a request (peak MiB)", "alone", *most], together)
    return (
        f"{table(head, first)}\n\n{alone}\n\n"
        f"{results['cores']} cores, TensorFlow {results['tensorflow']}; pictures are PNGs of "
        f"{SIZE} px; {CLIENTS} clients ask at once."
    )


if __name__ == "__main__":
    main()
