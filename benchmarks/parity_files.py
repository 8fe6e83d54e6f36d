"""What exported files answer beside Keras: SavedModels by signature, and LiteRT files."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.web import difference
from tfi2i.data import to_float, to_uint8
from tfi2i.data.decode.writing import encode_png
from tfi2i.export.beside_keras import size_of
from tfi2i.export.drawing_saved_model import PRIORS
from tfi2i.export.formats import LITERT_PRECISIONS
from tfi2i.export.plain import SIGNATURE
from tfi2i.export.runtime import LiteRTRunner

RUNS = 5

Answer = Callable[[], np.ndarray]


@dataclass(frozen=True)
class Question:
    """What a view is asked.

    Attributes:
        name: What is beside the picture, in words; empty for nothing.
        network: It gives Keras' answer to the picture alone, or to a latent.
        given: What is beside the picture, as a server's client gives it for one.
    """

    name: str
    network: keras.Model
    given: Mapping[str, Any]

    def as_floats(self, beside: Mapping[str, Any] | None) -> list[float] | None:
        """The same as a page takes it; None where there is nothing, or the mean."""
        if "domain" in self.given and beside:
            return np.eye(beside["length"])[self.given["domain"]].tolist()
        return self.given["latents"].tolist() if "latents" in self.given else None


def answers_of_files(
    folder: Path,
    stem: str,
    picture: np.ndarray | None,
    questions: list[Question],
    expected: list[np.ndarray],
) -> dict[str, dict[str, Any]]:
    """File and signature -> largest difference in levels, dB, seconds of the processor and bytes.

    Args:
        folder: Of `tfi2i export`. Files of a fixed size have the picture's.
        stem: Variant and view, as files are named.
        picture: uint8 (H, W, C); None for a generator.
        questions: All that the view is asked.
        expected: Pixels of Keras for each.
    """
    found = {}
    served = folder / "saved_model" / stem / "1"
    if served.is_dir():
        signatures = tf.saved_model.load(str(served)).signatures
        for name, signature in signatures.items():
            asked = _of_signature(name, signature, picture, questions, expected)
            found[f"SavedModel {name}"] = _figures(asked, size_of(served))
    plain = folder / f"{stem}-plain"
    if plain.is_dir():
        run = tf.saved_model.load(str(plain)).signatures[SIGNATURE]

        def by_tensors(**inputs: np.ndarray) -> np.ndarray:
            return run(**{name: tf.constant(one) for name, one in inputs.items()})["images"].numpy()

        takes = set(run.structured_input_signature[1])
        asked = _of_arrays(by_tensors, takes, picture, questions, expected)
        found["SavedModel plain"] = _figures(asked, size_of(plain))
    for precision in LITERT_PRECISIONS.values():
        path = folder / f"{stem}-{precision}.tflite"
        if path.is_file():
            runner = LiteRTRunner(path.read_bytes())
            takes = {"images"} if picture is not None else {"latents"}
            of_pixels = precision == "uint8"
            asked = _of_arrays(runner.named, takes, picture, questions, expected, of_pixels)
            found[f"LiteRT {precision}"] = _figures(asked, path.stat().st_size)
    return found


def _of_signature(
    name: str,
    signature: Callable[..., Mapping[str, tf.Tensor]],
    picture: np.ndarray | None,
    questions: list[Question],
    expected: list[np.ndarray],
) -> list[tuple[Answer, np.ndarray]]:
    """The questions that a signature takes, with the answers that are expected."""
    takes = set(signature.structured_input_signature[1])
    asked = []
    for number, question in enumerate(questions):
        inputs, wanted = {**question.given}, expected[number]
        if picture is not None:
            inputs["encoded"] = encode_png(picture)
            dtype = np.uint8 if "uint8" in name else np.float32
            inputs["images"] = picture.astype(dtype)
            if takes - {"encoded", "images"} != set(question.given):
                continue
        elif "seeds" in takes:
            inputs["seeds"] = np.int64(number)
            latent = PRIORS["normal"]((len(question.given["latents"]),), [number, 0])
            made = question.network(latent[np.newaxis], training=False)
            wanted = to_uint8(np.asarray(made))[0]
        tensors = {key: tf.constant(inputs[key])[tf.newaxis] for key in takes}

        def answer(tensors: dict[str, tf.Tensor] = tensors) -> np.ndarray:
            (made,) = signature(**tensors).values()
            if made.dtype == tf.string:
                return tf.io.decode_png(made[0]).numpy()
            return np.rint(made[0].numpy()).astype(np.uint8)

        asked.append((answer, wanted))
    return asked


def _of_arrays(
    run: Callable[..., np.ndarray],
    takes: set[str],
    picture: np.ndarray | None,
    questions: list[Question],
    expected: list[np.ndarray],
    of_pixels: bool = False,
) -> list[tuple[Answer, np.ndarray]]:
    """The same of a file that takes and gives pixels, or floats in [-1, 1]."""
    asked = []
    for question, wanted in zip(questions, expected, strict=True):
        inputs = {name: np.asarray(one)[np.newaxis] for name, one in question.given.items()}
        if picture is not None:
            inputs["images"] = (picture if of_pixels else to_float(picture))[np.newaxis]
        if set(inputs) != takes:
            continue

        def answer(inputs: dict[str, np.ndarray] = inputs) -> np.ndarray:
            made = run(**inputs)[0]
            return made if of_pixels else to_uint8(made)

        asked.append((answer, wanted))
    return asked


def _figures(asked: list[tuple[Answer, np.ndarray]], size: int) -> dict[str, Any]:
    pairs = [(answer(), wanted) for answer, wanted in asked]
    first, seconds = asked[0][0], []
    for _ in range(RUNS):
        start = time.process_time()
        first()
        seconds.append(time.process_time() - start)
    return {**difference(pairs), "seconds": float(f"{min(seconds):.3g}"), "bytes": size}
