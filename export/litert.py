"""LiteRT (.tflite) files for phones: builtin operators only, checked against Keras by running."""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError

from tfi2i.data.decode.values import EIGHT_BITS, ValueRanges
from tfi2i.errors import ExportError
from tfi2i.export.agreement import (
    REQUIRED_PSNR_DB,
    checked_agreement,
    keras_outputs,
    random_images,
    tolerance_of,
)
from tfi2i.export.formats import LiteRTPrecision
from tfi2i.export.generator import InferenceGenerator, inference_generator
from tfi2i.export.integer import check_eight_bits, of_pixels, quantised
from tfi2i.export.litert_metadata import image_facts, with_metadata
from tfi2i.export.metadata import ranges_facts
from tfi2i.export.plain import check_fixed_size, plain_translator
from tfi2i.export.runtime import LiteRTRunner, inspect_litert
from tfi2i.whole_files import make_folder, replacing

# GPU delegates take nothing above.
MAX_RANK = 4
_SIZE_RULE = "images of this size alone: resize others before, or cut them into tiles"


def export_litert(
    generator: keras.Model,
    path: str | Path,
    *,
    image_size: tuple[int, int],
    precision: LiteRTPrecision = "float32",
    images: np.ndarray | None = None,
    calibration: np.ndarray | None = None,
    required_psnr_db: float = REQUIRED_PSNR_DB,
    value_ranges: ValueRanges = (EIGHT_BITS, EIGHT_BITS),
    metadata: Mapping[str, Any] | None = None,
) -> Path:
    """Writes a .tflite file that takes and gives float32 (1, H, W, C) in [-1, 1].

    A file of "uint8" takes and gives pixels instead, uint8 (1, H, W, C). The size is fixed, because
    delegates for phones want it so. The file is run before it gets its name: a wrong file is never
    left behind. It says of itself what its images are (`tfi2i.export.litert_metadata`).

    Args:
        generator: functional model, see `tfi2i.export.generator.inference_generator`.
        path: the file; its folder is made, an existing file is replaced.
        image_size: (height, width) in pixels. Where it is no multiple of the generator's
            size_multiple, the file itself mirrors what is missing below and to the right, and cuts
            it off again, as `translate` does.
        precision: of the stored weights. "float16" halves the file, the arithmetic stays float32
            on CPUs. "int8" quarters it and computes convolutions in 8 bits, with the scale of the
            activations found anew for every image (dynamic range). "uint8" computes them in 8 bits
            with scales that are fixed, as processors of neural networks want it: see
            `tfi2i.export.integer`.
        images: pixels (N, height, width, C) of the first value range to compare with Keras on;
            random noise when None.
        calibration: more such images, on which "uint8" finds its scales, and which it should not
            be compared on; those to compare on when None.
        required_psnr_db: least agreement of a file of int8 with Keras; see
            `tfi2i.export.agreement.tolerance_of` for "uint8".
        value_ranges: of the pixels that clients make floats of, and of those that they make of the
            file's floats.
        metadata: JSON-able facts about the model, which the file holds beside those of the export;
            `tfi2i.export.litert_metadata.read_litert_metadata` reads them.

    Returns:
        The path.

    Raises:
        ExportError: the size is too small for the generator; an operator is not builtin; a tensor
            has more than 4 axes; the file's output is not finite or further from Keras than
            `tfi2i.export.agreement.tolerance_of` allows; or the file cannot be written.
        MissingExtraError: no LiteRT runtime is installed, or for "uint8" no ai-edge-quantizer.
    """
    path = Path(path)
    inference = inference_generator(generator, value_ranges=value_ranges)
    check_fixed_size(inference, image_size)
    if images is None:
        images = random_images(inference, image_size)
    model = convert(
        inference, image_size, precision, images if calibration is None else calibration
    )
    facts = {
        **image_facts(precision, image_size, inference.output_channels, inference.gives),
        "size_rule": _SIZE_RULE,
        "value_ranges": ranges_facts(inference.takes, inference.gives),
        "channels": {"input": inference.input_channels, "output": inference.output_channels},
    }
    model = with_metadata(model, metadata or {}, facts)
    contents = inspect_litert(model)
    if contents.custom_operators:
        raise ExportError(not_builtin(generator, contents.custom_operators))
    if contents.highest_rank > MAX_RANK:
        raise ExportError(
            f"{generator.name!r} converts to tensors with {contents.highest_rank} axes; GPU "
            f"delegates take {MAX_RANK}. Its layers must stay (B, H, W, C): use "
            "tfi2i.layers.InstanceNormalization in place of GroupNormalization."
        )
    runner = LiteRTRunner(model)
    results = outputs_of(runner, inference, images)
    references = keras_outputs(inference, images)
    tolerance = tolerance_of("litert", precision, required_psnr_db)
    checked_agreement(path.name, references, results, tolerance)
    make_folder(path.parent, ExportError)
    with replacing(path, ExportError) as partial:
        partial.write_bytes(model)
    return path


def convert(
    generator: InferenceGenerator,
    image_size: tuple[int, int],
    precision: str,
    calibration: np.ndarray | None = None,
) -> bytes:
    """Converts, without looking at the result, to the bytes of a .tflite file.

    It goes by way of a SavedModel with a static signature and constant weights. The two other ways
    are wrong without a word: `from_concrete_functions`, and a SavedModel with variables, both gave
    files that return NaN.

    Args:
        generator: In float32.
        image_size: Height and width.
        precision: See `export_litert`.
        calibration: Pixels (N, H, W, C) for "uint8".
    """
    signatures = plain_translator(generator, image_size)
    if precision != "uint8":
        return converted(generator.model, signatures, precision)
    assert calibration is not None
    check_eight_bits(generator.model.name, generator.takes, generator.gives)
    examples = [{"images": image[None].astype(np.float32)} for image in calibration]
    return quantised(converted(generator.model, of_pixels(signatures), "float32"), examples)


def converted(model: keras.Model, signatures: dict[str, Any], precision: str) -> bytes:
    """Converts functions with static shapes and constant weights to a .tflite file.

    Args:
        model: What they compute, for messages.
        signatures: As `tf.saved_model.save` takes them.
        precision: "float32", "float16" or "int8", of the stored weights.

    Raises:
        ExportError: LiteRT has an operator not built in.
    """
    with tempfile.TemporaryDirectory(prefix="tfi2i-litert-") as folder:
        tf.saved_model.save(tf.Module(), folder, signatures=signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if precision != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == "float16":
            converter.target_spec.supported_types = [tf.float16]
        try:
            return converter.convert()
        except ConverterError as error:
            # The operators stand in the message as tf.Name(tensor<...>...) or 'tf.Name' op.
            names = sorted(set(re.findall(r"\btf\.([A-Z]\w*)", str(error))))
            if not names:
                raise ExportError(f"LiteRT cannot convert the generator: {error}") from error
            raise ExportError(not_builtin(model, (*names,))) from error


def outputs_of(
    runner: LiteRTRunner, generator: InferenceGenerator, images: np.ndarray
) -> list[np.ndarray]:
    """What a file makes of pixels (N, H, W, C), as float32 (1, H, W, C_out) in [-1, 1] each."""
    if runner.makes_pixels:
        return [generator.gives.to_float(runner(image[None])) for image in images]
    return [runner(generator.takes.to_float(image[None])) for image in images]


def not_builtin(generator: keras.Model, names: tuple[str, ...]) -> str:
    """What is said of operators that a phone would not have."""
    return (
        f"{generator.name!r} needs operators that LiteRT does not have built in: "
        f"{', '.join(names)}. Phones would need extra libraries for it; replace the layers that "
        "use them."
    )
