"""A LiteRT file that graphics processors in browsers take: transposed convolutions by themselves.

The converter makes the ReLU after a transposed convolution a part of it, which is a newer operator
than the WebGPU code of LiteRT.js knows (version 4, of 3). Such a model would go by the main
processor alone.
"""

import copy
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

_KNOWN_VERSION = 3
_ACTIVATIONS = {
    schema.ActivationFunctionType.RELU: schema.BuiltinOperator.RELU,
    schema.ActivationFunctionType.RELU6: schema.BuiltinOperator.RELU6,
}


def unfused(content: bytes) -> bytes:
    """The file with activations as operators behind transposed convolutions; the same numbers."""
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    found = [
        code
        for code in model.operatorCodes
        if code.builtinCode == schema.BuiltinOperator.TRANSPOSE_CONV
        and code.version > _KNOWN_VERSION
    ]
    if not found:
        return content
    for code in found:
        code.version = _KNOWN_VERSION
    for graph in model.subgraphs:
        operators = []
        for operator in graph.operators:
            operators.append(operator)
            if model.operatorCodes[operator.opcodeIndex] in found:
                operators += _taken_out(operator, model, graph)
        graph.operators = operators
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _taken_out(operator: Any, model: Any, graph: Any) -> list[Any]:
    """The activation of a convolution as an operator behind it; none where there is none."""
    options = operator.builtinOptions
    kind = _ACTIVATIONS.get(options.fusedActivationFunction)
    if kind is None:
        return []
    options.fusedActivationFunction = schema.ActivationFunctionType.NONE
    behind = schema.OperatorT()
    behind.opcodeIndex = _code_of(kind, model)
    behind.outputs = operator.outputs
    between = copy.copy(graph.tensors[operator.outputs[0]])
    between.name = between.name + b"/convolved"
    graph.tensors.append(between)
    operator.outputs = np.array([len(graph.tensors) - 1], np.int32)
    behind.inputs = operator.outputs
    return [behind]


def _code_of(kind: int, model: Any) -> int:
    """Where the model lists an operator, which is added if it is not there."""
    for place, code in enumerate(model.operatorCodes):
        if code.builtinCode == kind:
            return place
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = kind
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1
