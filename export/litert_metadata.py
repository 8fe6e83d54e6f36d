"""What a .tflite file says of itself: JSON in one of its own metadata buffers.

The format has room for named buffers (`Model.metadata` in LiteRT's schema.fbs), which runtimes pass
over. Ours is named `tfi2i.json` and holds what `assets.extra/tfi2i.json` holds in a SavedModel.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tfi2i.data.decode.values import ValueRange
from tfi2i.errors import ExportError
from tfi2i.export.metadata import metadata_text, ranges_facts
from tfi2i.export.runtime import litert_schema, parsed_litert

NAME = "tfi2i.json"
_IN_FLOATS = "float32: -1 is the low end of the value range and 1 the high end"
_IN_PIXELS = "uint8 pixels of the value range"
_LAYOUT = "NHWC: (1, height, width, channels), rows from the top; colours are red, green, blue"


def image_facts(
    precision: str, size: tuple[int, int], channels: int, gives: ValueRange
) -> dict[str, Any]:
    """What clients of any file have to know of the images that come out.

    Args:
        precision: Of the file.
        size: Height and width.
        channels: Of the images.
        gives: Their range.
    """
    return {
        "precision": precision,
        "image_size": [*size],
        "layout": _LAYOUT,
        "channels": {"output": channels},
        "images": _IN_PIXELS if precision == "uint8" else _IN_FLOATS,
        "value_ranges": ranges_facts(gives, gives),
    }


def with_metadata(model: bytes, about: Mapping[str, Any], facts: Mapping[str, Any]) -> bytes:
    """A file with its metadata.

    Args:
        model: The file.
        about: What the exporter says of the model.
        facts: About the export.

    Raises:
        ExportError: The first cannot be written as JSON.
    """
    import flatbuffers

    schema, parsed = litert_schema(), parsed_litert(model)
    for constant in parsed.buffers:
        if constant.size:  # The quantizer puts large ones behind the flatbuffer, which moves now.
            constant.data = np.frombuffer(model, np.uint8, constant.size, constant.offset)
            constant.offset = constant.size = 0
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(metadata_text(about, facts).encode(), np.uint8)
    entry.name, entry.buffer = NAME, len(parsed.buffers)
    parsed.buffers.append(buffer)
    parsed.metadata = [*(parsed.metadata or []), entry]
    builder = flatbuffers.Builder(len(model) + 4096)
    builder.Finish(parsed.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def read_litert_metadata(path: str | Path) -> dict[str, Any]:
    """Returns what an export noted in a .tflite file: keys "model" and "export".

    Raises:
        ExportError: It is no file of tfi2i.
    """
    parsed = parsed_litert(Path(path).read_bytes())
    for entry in parsed.metadata or []:
        if entry.name == NAME.encode():
            return json.loads(bytes(parsed.buffers[entry.buffer].data))
    raise ExportError(f"{path} has no metadata {NAME!r}: it was not exported by tfi2i")
