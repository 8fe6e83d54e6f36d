"""The files that an export can consist of."""

from typing import Literal

LITERT_PRECISIONS: dict[str, Literal["float32", "float16", "int8"]] = {
    "litert": "float32",
    "litert_float16": "float16",
    "litert_int8": "int8",
}
FORMATS = ("saved_model", *LITERT_PRECISIONS)
