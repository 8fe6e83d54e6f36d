"""SavedModel for TF Serving: signatures for arrays of images, and for encoded images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import tensorflow as tf

from tfi2i.data.decode.values import EIGHT_BITS, ValueRanges
from tfi2i.export.encoded import FORMATS
from tfi2i.export.generator import InferenceGenerator
from tfi2i.export.growth import largest_image
from tfi2i.export.metadata import metadata_text, ranges_facts, signature_words, write_metadata
from tfi2i.export.opened import Opened, inference_generators
from tfi2i.export.partial import partial_folder
from tfi2i.export.serving.warmup import USUAL_SIZE, write_warmup
from tfi2i.export.signatures import signatures_of, translated_pixels


def export_saved_model(
    generator: keras.Model | Opened,
    folder: str | Path,
    *,
    metadata: dict[str, Any],
    precision: Literal["float32", "bfloat16"] = "float32",
    max_pixels: int | None = None,
    scale: float = 1.0,
    value_ranges: ValueRanges = (EIGHT_BITS, EIGHT_BITS),
    warm_up: Sequence[tuple[int, int]] = (USUAL_SIZE,),
) -> Path:
    """Writes a SavedModel as the next version below `folder`, as TF Serving expects it.

    Signatures; all pad by reflection to the generator's size_multiple and crop back, or resize to
    its one size and back, so any height and width of at least one pixel works:

    - `serving_default`: `images` float32 (B, H, W, C) in 0..255 -> `images` float32
      (B, H, W, C_out) in 0..255, not rounded. Where one of the value ranges is another than that of
      8 bits, both have the dtype of their range (uint8, uint16 or float32), whole numbers are
      rounded, and TensorFlow refuses tensors of another dtype.
    - `serving_uint8`, where both sides have 8 bits: the same as uint8, rounded; a quarter of the
      bytes on the way.
    - `serving_float32`, beside a side of uint16: the same as float32, not rounded, for TF Serving's
      REST interface, whose JSON takes no uint16.
    - `serving_bytes`: `encoded` string (B,), PNG or JPEG, sizes may differ -> `png_bytes`
      string (B,), one PNG each (TF Serving's REST interface sends names that end in `_bytes` as
      base64). Only for whole numbers with 1 or 3 channels on both sides; the metadata
      lists the signatures. In the graph EXIF orientation and colour profiles are
      ignored, and TIFF, WebP, GIF and BMP are refused: `tfi2i.export.client.prepare` makes a right
      PNG of any of them. Where the range is of uint16, PNGs have 16 bits. Headers are checked
      before decoding, and a refusal names the index of the image in the batch.

    Of an `Opened` generator all of them take one input more, for each image: `domain` int64 (B,),
    the number of the domain to translate to; `latents` float32 (B, L); or `style` float32
    (B, h, w, 3) in 0..255, in `serving_bytes` an encoded image (B,). Where the generator has an
    answer to an image alone too, that has the names above, and the others end in what they take:
    `serving_latents`, `serving_uint8_latents`, `serving_bytes_latents`.

    Images of a batch are translated in turn, so that a batch takes as long as its images one by
    one, and the memory of one. Weights stay variables: as constants they would take many times
    their size in memory once loaded. Where the server's environment has
    TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1, oneDNN brings them into the processor's order once, not for
    every image, at the price of a second copy (docs/speed.md says what it brings). The folder is
    written under a temporary name and renamed last, so that a server never sees half a version.

    Args:
        generator: functional model, see `tfi2i.export.generator.inference_generator`; or one that
            takes more than images.
        folder: parent of the versions; the first is 1, later ones count on.
        metadata: JSON-able facts about the model (variant, recipe, run, licence), stored under
            "model" in `assets.extra/tfi2i.json` beside facts about the export.
        precision: precision of weights and arithmetic; "bfloat16" halves the file, and is about
            twice as fast on processors that compute in it (`tfi2i.machine.computes_bfloat16`).
        max_pixels: the limit at serving time. A float batch with more pixels in all is refused, and
            so is an encoded image with more, each after padding, and at the scale at which it is
            translated too. The default is what the generator translates in 4 GiB and in about the
            time of a ResNet of 9 blocks for 4 million pixels; see
            `tfi2i.export.growth.largest_image`.
        scale: factor for the sides of images in the graph before they are translated; results are
            brought back to the images' size, as `translate` does (`tfi2i.export.scale`). 1
            translates the images' own pixels.
        value_ranges: of the pixels that go in, and of those that come out.
        warm_up: heights and widths of the images that TF Serving tries before it lets a version
            answer (`tfi2i.export.serving.warmup`).

    Returns:
        The version's folder.

    Raises:
        ExportError: the generator cannot be exported, or the metadata is not JSON-able.
    """
    folder = Path(folder)
    generators = inference_generators(generator, precision, fused=True, value_ranges=value_ranges)
    # The last one makes all that the others make.
    inference, condition = generators[-1], generators[-1].condition
    if max_pixels is None:
        max_pixels = largest_image(
            lambda image: translated_pixels(
                inference, image, *([condition.for_size_of(image)] if condition else [])
            ),
            channels=inference.input_channels,
            size_multiple=inference.size_multiple,
        )
    signatures = signatures_of(generators, max_pixels, scale)
    facts = _facts(inference, sorted(signatures), max_pixels, scale)
    document = metadata_text(metadata, facts)
    with partial_folder(folder) as unfinished:
        module = tf.Module()
        variables = {id(one): one for model in generators for one in model.model.variables}
        module.weights = [variable.value for variable in variables.values()]
        written = unfinished / "model"
        tf.saved_model.save(module, str(written), signatures=signatures)
        write_metadata(written, document)
        write_warmup(written, folder.name, facts, warm_up)
        return written.rename(folder / str(next_version(folder)))


def _facts(
    generator: InferenceGenerator, signatures: Sequence[str], max_pixels: int, scale: float
) -> dict[str, Any]:
    """What the metadata say of the export."""
    takes, gives = generator.takes, generator.gives
    deep = takes.dtype == "uint16"
    ignored = "ignored by the graph; tfi2i.export.client.prepare applies it"
    return {
        "signatures": list(signatures),
        "signatures_in_words": signature_words(signatures, takes, gives, generator.condition),
        **({"beside_images": generator.condition.facts()} if generator.condition else {}),
        "precision": generator.precision,
        "value_ranges": ranges_facts(takes, gives),
        "input_channels": generator.input_channels,
        "output_channels": generator.output_channels,
        "size_multiple": generator.size_multiple,
        "max_pixels": max_pixels,
        "scale": scale,
        **({} if generator.only_size is None else {"image_size": list(generator.only_size)}),
        "encoded_formats": ["PNG of 16 bits"] if deep else list(FORMATS),
        "exif_orientation": ignored,
        "colour_profile": "ignored, as in training" if deep else ignored,
        "alpha": "laid over white, as in training",
        "notes": list(generator.notes),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }


def next_version(folder: Path) -> int:
    """One above the highest number: TF Serving serves the highest, so a gap is never filled."""
    children = folder.iterdir() if folder.is_dir() else ()
    numbers = [int(child.name) for child in children if child.name.isdecimal()]
    return max(numbers, default=0) + 1
