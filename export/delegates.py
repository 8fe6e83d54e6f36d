"""Which operators of a LiteRT file a phone's accelerators would leave to the main processor.

A delegate takes the operators that it knows and leaves the others; every change between the two
costs a copy. What is said here follows from lists alone: nothing was run on a phone. TensorFlow's
own analyser is no help: in 2.21 it finds every operator compatible with the GPU, TOPK_V2 too.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from tfi2i.export.litert_metadata import read_litert_metadata
from tfi2i.export.runtime import litert_schema, parsed_litert

# What each list was taken from, by name of the delegate.
SOURCES = {
    "gpu": "tensorflow/lite/tools/versioning/gpu_compatibility.cc, TensorFlow commit 03a5e4e1",
    "nnapi": "tensorflow/lite/delegates/nnapi/nnapi_delegate.cc, TensorFlow commit 002e5f47, for "
    "Android 11 or later; Android 15 deprecates NNAPI",
    "edge_tpu": "https://coral.ai/docs/edgetpu/models-intro: models of 8 bits throughout, compiled "
    "up to the first operator that is not",
}
_GPU = frozenset(
    """
    ABS ADD AVERAGE_POOL_2D BATCH_MATMUL CEIL CONCATENATION CONV_2D COS CUMSUM DENSIFY
    DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL
    EXP FLOOR FLOOR_DIV FLOOR_MOD FULLY_CONNECTED GATHER GELU GREATER GREATER_EQUAL HARD_SWISH
    LEAKY_RELU LESS LESS_EQUAL LOG LOGICAL_AND LOGISTIC LSTM MAXIMUM MAX_POOL_2D MEAN MINIMUM
    MIRROR_PAD MUL NEG NOT_EQUAL PACK PAD PADV2 POW PRELU QUANTIZE REDUCE_MAX REDUCE_MIN REDUCE_PROD
    RELU RELU6 RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR RSQRT SELECT SELECT_V2
    SIGN SIN SLICE SOFTMAX SPACE_TO_DEPTH SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE STRIDED_SLICE
    SUB SUM TANH TILE TRANSPOSE TRANSPOSE_CONV
    """.split()
)
# Where an image's batch and the classes of a generator are joined, whole numbers come in.
_GPU_OF_FLOATS_OR_BYTES = ("FLOAT32", "INT8", "UINT8")
_NNAPI = frozenset(
    """
    ADD AVERAGE_POOL_2D CAST CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EQUAL
    EXPAND_DIMS FULLY_CONNECTED GATHER GREATER GREATER_EQUAL HARD_SWISH LEAKY_RELU LESS LESS_EQUAL
    LOGISTIC MAXIMUM MAX_POOL_2D MEAN MINIMUM MUL NOT_EQUAL PACK PAD PADV2 PRELU QUANTIZE REDUCE_MAX
    REDUCE_MIN RELU RELU6 RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR SELECT SLICE
    SOFTMAX SPACE_TO_DEPTH SPLIT SQUEEZE STRIDED_SLICE SUB TANH TILE TRANSPOSE TRANSPOSE_CONV
    """.split()
)
_NNAPI_IN_FLOATS = frozenset("ABS DIV ELU EXP LOG LOG_SOFTMAX NEG POW RSQRT SIN SQRT SUM".split())


def left_to_processor(model: bytes) -> dict[str, dict[str, int]]:
    """Counts, for each delegate of `SOURCES`, the operators that it would not take.

    Args:
        model: A .tflite file.

    Returns:
        Delegate to name of an operator to how many there are; empty where it takes all of them.
    """
    operators = _operators(model)
    left: dict[str, Counter[str]] = {name: Counter() for name in SOURCES}
    on_edge_tpu = True
    for name, kind in operators:
        if name not in _GPU or kind not in _GPU_OF_FLOATS_OR_BYTES:
            left["gpu"][name] += 1
        if name not in _NNAPI and not (name in _NNAPI_IN_FLOATS and kind == "FLOAT32"):
            left["nnapi"][name] += 1
        on_edge_tpu &= kind in ("INT8", "UINT8") and name != "DEQUANTIZE"
        if not on_edge_tpu:
            left["edge_tpu"][name] += 1
    return {name: dict(sorted(counts.items())) for name, counts in left.items()}


def phone_facts(path: Path) -> dict[str, Any]:
    """What a report says of a .tflite file for phones: its metadata, and what delegates leave."""
    left = left_to_processor(path.read_bytes())
    return {
        "metadata": read_litert_metadata(path),
        "left_to_processor": {
            name: {"operators": operators, "source": SOURCES[name]}
            for name, operators in left.items()
        },
    }


def _operators(model: bytes) -> list[tuple[str, str]]:
    """Each operator's name, and the type of the numbers that it computes from."""
    parsed, schema = parsed_litert(model), litert_schema()
    names, types = (
        {code: name for name, code in vars(of).items()}
        for of in (schema.BuiltinOperator, schema.TensorType)
    )

    def is_constant(tensor: Any) -> bool:
        buffer = parsed.buffers[tensor.buffer]
        return buffer.data is not None or buffer.size > 0

    found = []
    for graph in parsed.subgraphs:
        for operator in graph.operators:
            code = parsed.operatorCodes[operator.opcodeIndex]
            given = [graph.tensors[index] for index in operator.inputs if index >= 0]
            computed = [one for one in given if not is_constant(one)] or given
            name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
            found.append((name, types[computed[0].type]))
    return found
