"""LiteRT files of eight bits: uint8 pixels in and out, convolutions in int8.

Convolutions, their transposes and products of matrices take and give int8, with a scale for each
output channel of their weights, and the least and largest values that calibration met for what goes
in and comes out. What lies between them stays in float32: normalisation by an image's own moments,
activations, additions, and what joins maps. docs/phones.md has what was measured of other ways.
"""

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import Any

import numpy as np
import tensorflow as tf

from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.errors import ExportError, MissingExtraError
from tfi2i.export.plain import SIGNATURE
from tfi2i.export.runtime import parsed_litert
from tfi2i.machine import available_cores

# Images that the ranges of numbers are found on: docs/phones.md has what fewer and more do.
CALIBRATION_IMAGES = 32
_IN_INT8 = ("CONV_2D", "CONV_2D_TRANSPOSE", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "BATCH_MATMUL")


def check_eight_bits(name: str, *ranges: ValueRange) -> None:
    """Refuses pixels that uint8 cannot hold.

    Args:
        name: Of the generator.
        *ranges: Of the pixels that go in and that come out.

    Raises:
        ExportError: One is not of 8 bits.
    """
    for pixels in ranges:
        if pixels != EIGHT_BITS:
            raise ExportError(
                f"files of uint8 hold pixels of 0..255, and those of {name!r} are "
                f"{pixels.words()}; --formats litert keeps them."
            )


def of_pixels(signatures: Mapping[str, Any]) -> dict[str, Any]:
    """Signatures of [-1, 1] as the same with pixels: floats in 0..255, not rounded.

    Args:
        signatures: From `plain_translator` or `plain_drawing`. What they take beside images, or in
            their place, stays as it is.
    """
    computed = signatures[SIGNATURE]
    taken = {one.name: one for one in tf.nest.flatten(computed.structured_input_signature)}

    def serving(**given: tf.Tensor) -> dict[str, tf.Tensor]:
        floats = {
            name: one / 127.5 - 1.0 if name == "images" else one for name, one in given.items()
        }
        return {"images": (computed(**floats)["images"] + 1.0) * 127.5}

    return {SIGNATURE: tf.function(serving, autograph=False).get_concrete_function(**taken)}


def quantised(model: bytes, examples: Sequence[Mapping[str, np.ndarray]]) -> bytes:
    """A float32 file of `of_pixels` as one of eight bits.

    Args:
        model: The file.
        examples: Inputs by name, from which the least and the largest value of every map are found.

    Raises:
        MissingExtraError: ai-edge-quantizer is not installed.
    """
    try:
        from ai_edge_quantizer import quantizer
        from ai_edge_quantizer.calibrator import Calibrator
        from ai_edge_quantizer.utils.qsv_utils import min_max_update
    except ImportError:
        raise MissingExtraError("A file of uint8", "ai-edge-quantizer", "phones") from None
    ends = _pixel_tensors(model)
    recipe = _recipe(takes_pixels=len(ends) > 1)
    # Its other choice, the default, averages over images: brighter ones than usual are cut off.
    with _silence():
        calibrator = Calibrator(
            model, num_threads=available_cores(), qsv_update_func=min_max_update
        )
        calibrator.calibrate({SIGNATURE: list(examples)}, recipe)
        ranges = calibrator.get_model_qsvs()
        low, high = (np.full((1, 1, 1, 1), value, np.float32) for value in (0, 255))
        for name in ends:  # A step of one level: what clients give and get are pixels.
            ranges[name] = {**ranges[name], "min": low, "max": high}
        made = quantizer.Quantizer(bytearray(model), recipe.get_quantization_recipe())
        return bytes(made.quantize(ranges, enable_progress_report=False).quantized_model)


@contextmanager
def _silence() -> Iterator[None]:
    """Without the quantizer's own progress bar, and a warning of the memory that it takes."""
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore", UserWarning)
        yield


def _recipe(*, takes_pixels: bool) -> Any:
    """Which operators compute in which numbers."""
    from ai_edge_quantizer.qtyping import (
        ComputePrecision,
        OpQuantizationConfig,
        TensorDataType,
        TensorQuantizationConfig,
        TFLOperationName,
    )
    from ai_edge_quantizer.recipe_manager import RecipeManager

    recipe = RecipeManager()
    for name in _IN_INT8:
        recipe.add_static_config(
            ".*", TFLOperationName(name), activation_num_bits=8, weight_num_bits=8
        )
    pixels = OpQuantizationConfig(
        activation_tensor_config=TensorQuantizationConfig(
            num_bits=8, symmetric=False, dtype=TensorDataType.UINT
        ),
        weight_tensor_config=TensorQuantizationConfig(num_bits=8),
        compute_precision=ComputePrecision.INTEGER,
    )
    for name in ("INPUT", "OUTPUT") if takes_pixels else ("OUTPUT",):
        recipe.add_quantization_config(".*", TFLOperationName(name), pixels)
    return recipe


def _pixel_tensors(model: bytes) -> list[str]:
    """Names of the tensors of pixels: what comes out, and the image that goes in, if one does."""
    signature = parsed_litert(model).signatureDefs[0]
    graph = parsed_litert(model).subgraphs[signature.subgraphIndex]
    maps = [*signature.outputs, *signature.inputs]
    return [graph.tensors[one.tensorIndex].name.decode() for one in maps if one.name == b"images"]
