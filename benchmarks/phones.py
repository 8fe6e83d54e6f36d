"""Files for phones beside Keras, and other ways to compute in eight bits.

Run: python -m benchmarks.phones [PRESET ...] [--page docs/phones.md]

It exports every LiteRT format of each preset, calibrated on its training images and compared on its
test images, and converts translators in ways that did not become formats. Presets that are named
are measured anew. Milliseconds are of this machine's processor.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.markdown import table
from tfi2i.cli.chosen import Chosen, choose_model
from tfi2i.cli.export_images import (
    calibration_images,
    real_images,
    target_images,
)
from tfi2i.export import integer
from tfi2i.export.agreement import agreement, keras_outputs
from tfi2i.export.drawing_shipping import ship_drawing
from tfi2i.export.formats import LITERT_PRECISIONS
from tfi2i.export.generator import InferenceGenerator, inference_generator
from tfi2i.export.litert import convert, outputs_of
from tfi2i.export.plain import SIGNATURE, plain_translator
from tfi2i.export.runtime import LiteRTRunner
from tfi2i.export.shipping import Wanted, ship
from tfi2i.zoo.generation._base import generator_of

RESULTS = Path(__file__).parent / "results_phones.json"
# Preset to one direction; None for all of them.
PRESETS = {
    "pix2pix-relief2elevation-64": None,
    "cyclegan-relief2elevation-64": None,
    "stargan-earth-64": "to_bmng",
    "dcgan-digits-32": None,
    "siamese-relief2elevation-64": "a2b",
    "bicyclegan-elevation2satellite-64": None,
}
CALIBRATIONS = (8, 64)
BEGIN, END = "<!-- {}: begin -->", "<!-- {}: end -->"


def main() -> None:
    """Measures, and writes after each preset."""
    parser = argparse.ArgumentParser(description="Files for phones beside Keras.")
    parser.add_argument("presets", nargs="*", help="those to measure; by default all")
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, help="put the figures into this page")
    arguments = parser.parse_args()
    # Read when TensorFlow computes for the first time.
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    found = json.loads(arguments.json.read_text()) if arguments.json.exists() else {}
    for preset in arguments.presets or PRESETS:
        print(f"    {preset}", file=sys.stderr, flush=True)
        found[preset] = measured(preset)
        found = {name: found[name] for name in PRESETS if name in found}
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if arguments.page:
        page = arguments.page.read_text(encoding="utf-8")
        arguments.page.write_text(with_tables(page, found), encoding="utf-8")


def measured(preset: str) -> dict[str, Any]:
    """Direction -> figures of the formats, of Keras on the task, and of other ways."""
    chosen = choose_model(None, preset)
    wanted = Wanted([*LITERT_PRECISIONS], chosen.size, {"variant": chosen.facts["variant"]},
                    required_psnr_db=1)  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        if "sample" in chosen.model.views:
            reports = ship_drawing(generator_of(chosen.model), Path(folder), wanted)
            return {name: _figures(report) for name, report in reports.items()}
        directions = [PRESETS[preset] or one for one in chosen.translator().translators][:2]
        directions = list(dict.fromkeys(directions))
        images = {one: real_images(chosen, None, one, chosen.size) for one in directions}
        calibration = calibration_images(chosen, None, directions, chosen.size)
        targets = target_images(chosen, directions, chosen.size)
        wanted = Wanted(wanted.formats, wanted.size, wanted.metadata, required_psnr_db=1,
                        calibration=calibration, targets=targets)  # fmt: skip
        reports = ship(chosen.translator(), Path(folder), images, wanted)
    found = {}
    for name, report in reports.items():
        found[name] = _figures(report) | {"ways": _ways(chosen, name, images[name])}
    return found


def _figures(report: dict[str, Any]) -> dict[str, Any]:
    kept = ("max_abs", "psnr_db", "size_bytes", "latency_ms", "task")
    return {
        "task": report["keras"].get("task"),
        "formats": {
            entry["precision"]: {name: entry[name] for name in kept if name in entry}
            | {
                "left_to_processor": {
                    name: one["operators"] for name, one in entry["left_to_processor"].items()
                }
            }
            for entry in report["artefacts"]
        },
    }


def _ways(chosen: Chosen, direction: str, images: np.ndarray) -> dict[str, Any]:
    """Way -> how near to Keras, how large and how fast."""
    generator = inference_generator(chosen.translator().translators[direction])
    size = images.shape[1:3]
    many = real_images(chosen, None, direction, chosen.size, ("train", "test"), CALIBRATIONS[-1])
    expected = keras_outputs(generator, images)

    def figures(make: Callable[[], bytes]) -> dict[str, Any] | str:
        try:
            model = make()
            runner = LiteRTRunner(model)
            made = outputs_of(runner, generator, images)
        except (RuntimeError, ValueError) as error:
            return str(error).splitlines()[0]
        found = agreement(expected, made)
        milliseconds = _processor_ms(lambda: outputs_of(runner, generator, images[:1]))
        return {
            "psnr_db": found.psnr_db, "max_abs": found.max_abs, "size_bytes": len(model),
            "latency_ms": milliseconds,
        }  # fmt: skip

    def calibrated(count: int) -> np.ndarray:
        return many[np.linspace(0, len(many) - 1, min(count, len(many))).astype(int)]

    examples = calibrated(integer.CALIBRATION_IMAGES)
    found: dict[str, Any] = {
        "int8 throughout, TensorFlow's converter": figures(
            lambda: _by_converter(generator, size, examples, tf.lite.OpsSet.TFLITE_BUILTINS_INT8)
        ),
        "int8 throughout, ai-edge-quantizer": figures(
            lambda: _throughout(generator, size, examples)
        ),
        "int16 maps, int8 weights, TensorFlow's converter": figures(
            lambda: _by_converter(
                generator, size, examples,
                tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
            )
        ),
    }  # fmt: skip
    for count in CALIBRATIONS:
        some = calibrated(count)
        found[f"litert_uint8, {count} images"] = figures(
            lambda some=some: convert(generator, size, "uint8", some)
        )
    return found


def _processor_ms(call: Callable[[], object]) -> float:
    """Least milliseconds of the processor over 20 calls: a busy machine does not count."""
    times = []
    for _ in range(20):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times) * 1e3


def _by_converter(
    generator: InferenceGenerator, size: tuple[int, int], images: np.ndarray, operators: Any
) -> bytes:
    """By TensorFlow's own calibration, with floats at both ends."""
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(tf.Module(), folder, signatures=plain_translator(generator, size))
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [operators]
        converter.representative_dataset = lambda: (
            {"images": generator.takes.to_float(image[None])} for image in images
        )
        return converter.convert()


def _throughout(generator: InferenceGenerator, size: tuple[int, int], images: np.ndarray) -> bytes:
    """All operators that the quantizer knows in int8, with floats at both ends."""
    from ai_edge_quantizer import quantizer
    from ai_edge_quantizer.qtyping import TFLOperationName
    from ai_edge_quantizer.recipe_manager import RecipeManager

    recipe = RecipeManager()
    every = TFLOperationName.ALL_SUPPORTED
    recipe.add_static_config(".*", every, activation_num_bits=8, weight_num_bits=8)
    for end in (TFLOperationName.INPUT, TFLOperationName.OUTPUT):
        recipe.add_quantization_config(".*", end, algorithm_key="no_quantize")
    model = bytearray(convert(generator, size, "float32"))
    made = quantizer.Quantizer(model, recipe.get_quantization_recipe())
    examples = [{"images": generator.takes.to_float(image[None])} for image in images]
    ranges = made.calibrate({SIGNATURE: examples}, num_threads=1)
    return bytes(made.quantize(ranges, enable_progress_report=False).quantized_model)


def with_tables(page: str, found: dict[str, Any]) -> str:
    """A page in Markdown with each table between its two marks."""
    for name, text in tables(found).items():
        before, _, rest = page.partition(BEGIN.format(name))
        _, _, after = rest.partition(END.format(name))
        page = f"{before}{BEGIN.format(name)}\n{text}\n{END.format(name)}{after}"
    return page


def tables(found: dict[str, Any]) -> dict[str, str]:
    """Tables of docs/phones.md by name."""
    formats, ways, left, task = [], [], [], []
    for preset, of_preset in found.items():
        for direction, figures in of_preset.items():
            name = f"`{preset}` {direction}"
            of = figures["formats"]
            cells = [f"{of[one]['psnr_db']:.1f}" for one in LITERT_PRECISIONS.values()]
            formats.append([name, *cells, *(f"{of[one]['size_bytes'] / 1e6:.2f}" for one in of)])
            if "ways" in figures:
                ways.append([name, *(_decibels(one) for one in figures["ways"].values())])
                names = [*figures["ways"]]
            for precision in ("float32", "uint8"):
                counts = of[precision]["left_to_processor"]
                left.append([f"{name}, {precision}", *(_counts(one) for one in counts.values())])
            if figures["task"]:
                both = (figures["task"], *(one["task"] for one in of.values()))
                task.append([name, *(f"{one['l1']:.4f} / {one['psnr']:.2f}" for one in both)])
    precisions = [*LITERT_PRECISIONS.values()]
    return {
        "formats": table(["dB, then MB", *precisions, *precisions], formats),
        "ways": table(["dB (levels; ms)", *names], ways),
        "left": table(["", "GPU", "NNAPI", "Edge TPU"], left),
        "task": table(["l1 / psnr", "Keras", *precisions], task),
    }


def _decibels(way: dict[str, Any] | str) -> str:
    """And the largest difference in levels of 256, and milliseconds an image."""
    if isinstance(way, str):
        return "not possible"
    return f"{way['psnr_db']:.1f} ({way['max_abs'] * 127.5:.0f}; {way['latency_ms']:.1f})"


def _counts(operators: dict[str, int]) -> str:
    if len(operators) > 2:
        return f"{sum(operators.values())} operators"
    return ", ".join(f"{count} {name}" for name, count in operators.items()) or "none"


if __name__ == "__main__":
    main()
