"""The files that an export can consist of."""

from collections.abc import Sequence
from typing import Literal

LiteRTPrecision = Literal["float32", "float16", "int8", "uint8"]
LITERT_PRECISIONS: dict[str, LiteRTPrecision] = {
    "litert": "float32",
    "litert_float16": "float16",
    "litert_int8": "int8",
    "litert_uint8": "uint8",
}
# Those that take and give floats in [-1, 1].
OF_FLOATS: dict[str, LiteRTPrecision] = {
    name: one for name, one in LITERT_PRECISIONS.items() if one != "uint8"
}
# What a server loads, what converters load, and what phones load.
FORMATS = ("saved_model", "plain", *LITERT_PRECISIONS)
# Those with images of one size.
OF_FIXED_SIZE = ("plain", *LITERT_PRECISIONS)
# A page for browsers: not a file but a folder, in which these are.
WEB = "web"


def page_precisions(formats: Sequence[str]) -> list[LiteRTPrecision]:
    """Those of the LiteRT formats that are asked for beside a page, or float16: it offers them.

    The first is the one that it loads by itself: half the bytes, and the same pictures. Pages give
    files floats.
    """
    asked: list[LiteRTPrecision] = [
        precision for name, precision in OF_FLOATS.items() if name in formats
    ]
    asked.sort(key=lambda precision: precision != "float16")
    return asked or ["float16"]
