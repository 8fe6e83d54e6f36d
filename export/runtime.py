"""The LiteRT runtime, from its own package or from TensorFlow, and what a .tflite file holds."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from tfi2i.errors import ExportError, MissingExtraError
from tfi2i.machine import available_cores


@dataclass(frozen=True)
class LiteRTContents:
    """What a .tflite file holds.

    Attributes:
        operators: names of the builtin operators, sorted.
        custom_operators: names of the others: custom ones and TensorFlow's own ("Flex").
        highest_rank: the highest rank of any tensor.
        precision: "uint8" where images are pixels; else of the weights: "int8", "float16", or
            "float32".
    """

    operators: tuple[str, ...]
    custom_operators: tuple[str, ...]
    highest_rank: int
    precision: str


def _runtime() -> tuple[Callable[..., Any], ModuleType]:
    """Returns the Interpreter class and the module of the file format's schema."""
    try:
        from ai_edge_litert import schema_py_generated as schema
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        try:  # TensorFlow still brings a copy, and has announced that it will drop it.
            from tensorflow.lite.python import schema_py_generated as schema
            from tensorflow.lite.python.interpreter import Interpreter
        except ImportError:
            raise MissingExtraError("Running a LiteRT file", "ai-edge-litert", "litert") from None
    return Interpreter, schema


def litert_schema() -> ModuleType:
    """The module of the file format's schema."""
    return _runtime()[1]


def parsed_litert(model: bytes) -> Any:
    """A .tflite file as objects of its schema."""
    schema = litert_schema()
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(model))


def inspect_litert(model: bytes) -> LiteRTContents:
    """Reads the operators, tensor ranks and precision of a .tflite file."""
    schema, parsed = litert_schema(), parsed_litert(model)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items()}
    builtin, custom = set(), set()
    for operator in parsed.operatorCodes:
        # Files of old converters keep the number in the deprecated byte, new ones in both.
        code = max(operator.builtinCode, operator.deprecatedBuiltinCode)
        if operator.customCode:
            custom.add(operator.customCode.decode())
        else:
            builtin.add(names[code])
    tensors = [tensor for subgraph in parsed.subgraphs for tensor in subgraph.tensors]
    ranks = [0 if tensor.shape is None else len(tensor.shape) for tensor in tensors]
    types = {tensor.type for tensor in tensors}
    of_kind = schema.TensorType
    kinds = (("uint8", of_kind.UINT8), ("int8", of_kind.INT8), ("float16", of_kind.FLOAT16))
    precision = next((name for name, code in kinds if code in types), "float32")
    return LiteRTContents(tuple(sorted(builtin)), tuple(sorted(custom)), max(ranks), precision)


class LiteRTRunner:
    """Runs a .tflite generator on all cores, one image at a time.

    Raises:
        ExportError: the bytes are no LiteRT file.
    """

    def __init__(self, model: bytes):
        interpreter_class, _ = _runtime()
        try:
            self._interpreter = interpreter_class(
                model_content=model, num_threads=available_cores()
            )
        except ValueError as error:
            raise ExportError(f"Not a LiteRT file: {error}") from error
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape (1, H, W, C) of the images that the file takes."""
        return tuple(int(side) for side in self._input["shape"])

    @property
    def makes_pixels(self) -> bool:
        """Whether its images are uint8 pixels, in the place of floats in [-1, 1]."""
        return self._output["dtype"] is np.uint8

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Translates float32 (1, H, W, C) in [-1, 1], or uint8 pixels, to the same of C_out."""
        self._interpreter.set_tensor(self._input["index"], image)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output["index"])

    def named(self, **inputs: np.ndarray) -> np.ndarray:
        """The images of inputs that the file's signature names."""
        run = self._interpreter.get_signature_runner("serving_default")
        return run(**inputs)["images"]
