"""TF Serving's messages, as its .proto files publish them, without TensorFlow.

Only the fields that are used are declared: protobuf keeps the others as they are. Sources:
tensorflow_serving/apis/{predict,model,prediction_log,get_model_status}.proto and
tensorflow/core/framework/{tensor,tensor_shape,types}.proto.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tfi2i.errors import ExportError

Value = np.ndarray | Sequence[bytes]

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
    "int32": _FIELD.TYPE_INT32,
    "int64": _FIELD.TYPE_INT64,
    "float": _FIELD.TYPE_FLOAT,
}
# Message to its fields: name, number, type; a * marks what may stand there several times.
_MESSAGES: dict[str, list[tuple[str, int, str]]] = {
    "Dim": [("size", 1, "int64")],
    "Shape": [("dim", 2, "*Dim")],
    "Tensor": [
        ("dtype", 1, "int32"),
        ("shape", 2, "Shape"),
        ("content", 4, "bytes"),
        ("float_val", 5, "*float"),
        ("int_val", 7, "*int32"),
        ("string_val", 8, "*bytes"),
        ("int64_val", 10, "*int64"),
    ],
    # A map is a list of entries on the wire.
    "Entry": [("key", 1, "string"), ("value", 2, "Tensor")],
    "Version": [("value", 1, "int64")],
    "ModelSpec": [
        ("name", 1, "string"),
        ("version", 2, "Version"),
        ("signature_name", 3, "string"),
    ],
    "PredictRequest": [("model_spec", 1, "ModelSpec"), ("inputs", 2, "*Entry")],
    "PredictResponse": [("outputs", 1, "*Entry"), ("model_spec", 2, "ModelSpec")],
    "PredictLog": [("request", 1, "PredictRequest")],
    "PredictionLog": [("predict_log", 6, "PredictLog")],
    "StatusRequest": [("model_spec", 1, "ModelSpec")],
    "VersionStatus": [("version", 1, "int64"), ("state", 2, "int32")],
    "StatusResponse": [("versions", 1, "*VersionStatus")],
}
# ModelVersionStatus.State.
STATES = {0: "UNKNOWN", 10: "START", 20: "LOADING", 30: "AVAILABLE", 40: "UNLOADING", 50: "END"}
# DataType, and the field of a tensor that may hold the numbers in place of their bytes.
_STRING = 7
_NUMBERS = {
    "float32": (1, "float_val"),
    "int32": (3, "int_val"),
    "uint8": (4, "int_val"),
    "int64": (9, "int64_val"),
    "uint16": (17, "int_val"),
}
_DTYPES = {number: (dtype, field) for dtype, (number, field) in _NUMBERS.items()}


def _classes() -> dict[str, Any]:
    """The messages' classes, in a pool of their own: no clash with TensorFlow's, where it is."""
    package = "tfi2i.serving"
    file = descriptor_pb2.FileDescriptorProto(
        name="tfi2i/serving.proto", package=package, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            several, kind = kind.startswith("*"), kind.removeprefix("*")
            label = _FIELD.LABEL_REPEATED if several else _FIELD.LABEL_OPTIONAL
            added = message.field.add(name=field, number=number, label=label)
            if kind in _SCALARS:
                added.type = _SCALARS[kind]
            else:
                added.type, added.type_name = _FIELD.TYPE_MESSAGE, f".{package}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    find = pool.FindMessageTypeByName
    return {n: message_factory.GetMessageClass(find(f"{package}.{n}")) for n in _MESSAGES}


CLASSES = _classes()


def predict_request(
    model: str, signature: str, inputs: Mapping[str, Value | Any], version: int | None = None
) -> Any:
    """A PredictRequest.

    Args:
        model: Its name on the server.
        signature: Of the model.
        inputs: Name to an array, a list of bytes, or a tensor from `constant`.
        version: Of the model; None for the newest.

    Raises:
        ExportError: An array has a dtype that served models do not take.
    """
    request = CLASSES["PredictRequest"]()
    request.model_spec.name, request.model_spec.signature_name = model, signature
    if version is not None:
        request.model_spec.version.value = version
    for name, value in inputs.items():
        made = value if isinstance(value, CLASSES["Tensor"]) else tensor(value)
        request.inputs.add(key=name, value=made)
    return request


def tensor(value: Value) -> Any:
    """An array, or a list of bytes, as a tensor.

    Raises:
        ExportError: The array has a dtype that served models do not take.
    """
    if not isinstance(value, np.ndarray):
        made = CLASSES["Tensor"](dtype=_STRING, string_val=value)
        made.shape.dim.add(size=len(value))
        return made
    if value.dtype.name not in _NUMBERS:
        raise ExportError(
            f"served models take {', '.join(_NUMBERS)} and bytes, not {value.dtype}: convert it"
        )
    little = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
    made = CLASSES["Tensor"](dtype=_NUMBERS[value.dtype.name][0], content=little.tobytes())
    for side in value.shape:
        made.shape.dim.add(size=side)
    return made


def constant(shape: Sequence[int], dtype: str, value: float) -> Any:
    """A tensor of one number everywhere, which takes a few bytes: the last number is repeated."""
    number, field = _NUMBERS[dtype]
    made = CLASSES["Tensor"](dtype=number, **{field: [value]})
    for side in shape:
        made.shape.dim.add(size=side)
    return made


def value_of(made: Any) -> np.ndarray | list[bytes]:
    """The array of a tensor, or its bytes.

    Raises:
        ExportError: It has another dtype than what served models give.
    """
    if made.dtype == _STRING:
        return list(made.string_val)
    if made.dtype not in _DTYPES:
        raise ExportError(
            f"the server answers with a tensor of type {made.dtype}, which is unknown"
        )
    dtype, field = _DTYPES[made.dtype]
    shape = [dim.size for dim in made.shape.dim]
    if made.content:
        return np.frombuffer(made.content, np.dtype(dtype).newbyteorder("<")).reshape(shape)
    numbers = np.array(getattr(made, field), dtype)
    count = int(np.prod(shape, dtype=np.int64))
    missing = count - len(numbers)
    if missing and len(numbers):
        numbers = np.concatenate([numbers, np.full(missing, numbers[-1])])
    return (numbers if len(numbers) else np.zeros(count, dtype)).reshape(shape)
