"""What an export says of itself: facts in JSON, for programs and people that know no tfi2i."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.errors import ExportError

if TYPE_CHECKING:  # It imports TensorFlow, which clients may not have.
    from tfi2i.export.condition import Condition

METADATA_FILE = Path("assets.extra") / "tfi2i.json"
_MEANING = (
    "dtype: of the pixels in images and files; low: the value that is black, or least; high: the "
    "value that is white, or most. Values beyond the two are taken for the nearer one."
)


def read_metadata(version: str | Path) -> dict[str, Any]:
    """Returns what `export_saved_model` noted beside a model: keys "model" and "export".

    Raises:
        ExportError: the folder holds no SavedModel of tfi2i.
    """
    path = Path(version) / METADATA_FILE
    if not path.is_file():
        raise ExportError(
            f"{version} has no {METADATA_FILE}: not a SavedModel of tfi2i. "
            "Give the numbered version folder that the export wrote."
        )
    return json.loads(path.read_text(encoding="utf-8"))


def write_metadata(version: Path, document: str) -> None:
    """Puts the text of `metadata_text` where `read_metadata` looks."""
    (version / METADATA_FILE).parent.mkdir()
    (version / METADATA_FILE).write_text(document, encoding="utf-8")


def metadata_text(model: Mapping[str, Any], export: Mapping[str, Any]) -> str:
    """The document as text.

    Args:
        model: what the exporter says of the model.
        export: facts about the export.

    Raises:
        ExportError: the first cannot be written as JSON.
    """
    try:
        return json.dumps({"model": model, "export": export}, indent=2, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ExportError(f"The metadata cannot be written as JSON: {error}") from error


def ranges_facts(takes: ValueRange, gives: ValueRange) -> dict[str, Any]:
    """The value ranges of both sides, for a reader of JSON."""
    return {"input": _facts(takes), "output": _facts(gives), "meaning": _MEANING}


def ranges_of_facts(facts: Mapping[str, Any]) -> tuple[ValueRange, ValueRange]:
    """What `ranges_facts` noted: the ranges of what goes in and of what comes out."""
    return ValueRange.from_facts(facts["input"]), ValueRange.from_facts(facts["output"])


def signature_words(
    names: Sequence[str],
    takes: ValueRange,
    gives: ValueRange,
    condition: "Condition | None" = None,
) -> dict[str, str]:
    """Each signature of a SavedModel, in a sentence.

    Args:
        names: those that it has.
        takes: range of the pixels that go in.
        gives: range of the pixels that come out.
        condition: what some or all signatures take beside images.
    """
    plain = takes == gives == EIGHT_BITS
    scale = f"{_ends(takes)} -> {_ends(gives)}"
    as_floats = f"images float32 (B, H, W, C) -> images float32, {scale}, not rounded"
    words = {
        "serving_default": as_floats
        if plain
        else f"images {takes.dtype} (B, H, W, C) -> images {gives.dtype}, {scale}",
        "serving_uint8": f"images uint8 (B, H, W, C) -> images uint8, {scale}",
        "serving_float32": f"{as_floats}: for TF Serving's REST interface, whose JSON takes no "
        "uint16",
        "serving_bytes": f"encoded (B,), {_files(takes)} -> png_bytes (B,), {_files(gives, True)}",
    }
    if condition is None:
        return {name: words[name] for name in names}
    ending = f"_{condition.kind}"
    # Where an image alone has an answer too, that of both ends in what stands beside the image.
    always = not any(name.endswith(ending) for name in names)
    found = {}
    for name in names:
        plain = name.removesuffix(ending)
        sentence = words["serving_default" if plain == "serving" else plain]
        if always or plain != name:
            taken, made = sentence.split(" -> ", 1)
            sentence = f"{taken} and {_beside(condition, plain)} -> {made}"
        found[name] = sentence
    return found


def drawing_words(names: Sequence[str], facts: Mapping[str, Any]) -> dict[str, str]:
    """Each signature of a SavedModel that draws, in a sentence.

    Args:
        names: those that it has.
        facts: what the export says of latents, condition and pixels.
    """
    _, gives = ranges_of_facts(facts["value_ranges"])
    latents = (
        f"latents float32 (B, {facts['latent_length']}) from the {facts['latent_prior']} prior"
    )
    beside = ""
    if facts.get("condition") == "labels":
        numbers = ", ".join(f"{number} {name}" for number, name in enumerate(facts["classes"]))
        beside = f" and labels int64 (B,): {numbers}"
    elif facts.get("condition") == "captions":
        length = facts["caption_length"]
        beside = f" and captions float32 (B, {length}), embeddings of {facts['text_encoder']}"
    seeds = f"seeds int64 (B,){beside}"
    dtype = "float32" if gives.dtype == "uint8" else gives.dtype
    images = f"images {dtype} (B, H, W, C), {_ends(gives)}"
    words = {
        "serving_default": f"{latents}{beside} -> {images}",
        "serving_seeds": f"{seeds} -> {images}, of latents that the graph draws",
        "serving_png": f"{seeds} -> png_bytes (B,), {_files(gives, True)}",
    }
    return {name: words[name] for name in names}


def _beside(condition: "Condition", signature: str) -> str:
    """The second input in a signature's sentence."""
    if condition.kind == "style" and signature == "serving_bytes":
        return "style (B,), PNG or JPEG"
    return condition.words()


def _files(pixels: ValueRange, made: bool = False) -> str:
    """The kinds of files that the graph reads or writes."""
    if pixels.dtype == "uint16":
        return f"PNG of 16 bits with values {_ends(pixels)}"
    return "PNG" if made else "PNG or JPEG"


def _ends(pixels: ValueRange) -> str:
    return f"{pixels.low:g}..{pixels.high:g}"


def _facts(pixels: ValueRange) -> dict[str, Any]:
    """Whole numbers without a decimal point."""
    ends = {
        name: int(end) if end == round(end) else end
        for name, end in (("low", pixels.low), ("high", pixels.high))
    }
    return {"dtype": pixels.dtype, **ends}
