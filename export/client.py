"""For programs that send images to a served generator; needs neither TensorFlow nor Keras."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfi2i.data.decode.deep import read_pixels
from tfi2i.data.decode.header import binary, read_header
from tfi2i.data.decode.images import (
    MAX_ASPECT,
    MAX_PIXELS,
    ImageFile,
    display_name,
    opened,
    orientation,
)
from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.data.decode.writing import encode_png
from tfi2i.errors import DataError
from tfi2i.export.metadata import ranges_of_facts, read_metadata


@dataclass(frozen=True)
class Served:
    """What a served generator takes and gives.

    Attributes:
        channels: of the images that go in.
        output_channels: of the images that come out.
        takes: depth of the pixels that go in, and the values that are black and white.
        gives: the same of those that come out.
    """

    channels: int
    output_channels: int
    takes: ValueRange
    gives: ValueRange

    @classmethod
    def of(cls, version: str | Path) -> "Served":
        """Reads the metadata of a SavedModel.

        Args:
            version: the numbered folder that the export wrote.

        Raises:
            ExportError: the folder holds no SavedModel of tfi2i.
        """
        facts = read_metadata(version)["export"]
        noted = facts.get("value_ranges")
        # Exports of earlier versions say nothing of it, and take 8 bits.
        ranges = ranges_of_facts(noted) if noted else (EIGHT_BITS, EIGHT_BITS)
        return cls(facts["input_channels"], facts["output_channels"], *ranges)

    def prepare(self, source: ImageFile) -> bytes:
        """`prepare` for this generator."""
        return prepare(source, channels=self.channels, value_range=self.takes)

    def pixels(self, source: ImageFile | np.ndarray) -> np.ndarray:
        """Makes one image of what the signature `serving_default` takes.

        Args:
            source: path or content of an image file or an array (`.npy`), or the pixels
                themselves, which are then only checked.

        Returns:
            (H, W, C) of the dtype of `takes`. A generator of 8 bits takes them as float32.

        Raises:
            DataError: the file cannot be read, or has another dtype or other channels.
        """
        if not isinstance(source, np.ndarray):
            return read_pixels(source, channels=self.channels, value_range=self.takes)
        self.takes.require(source, "the served model")
        if source.ndim != 3 or source.shape[-1] != self.channels:
            raise DataError(
                f"the served model takes images (H, W, {self.channels}), not {source.shape}"
            )
        return source


def prepare(source: ImageFile, *, channels: int = 3, value_range: ValueRange = EIGHT_BITS) -> bytes:
    """Makes the PNG that the signature `serving_bytes` takes from any image file.

    It reads the file as training and translating do (`tfi2i.data.read_pixels`): orientation from
    EXIF and colour profiles are applied, any CMYK is resolved, and TIFF, WebP, GIF and BMP are
    understood. The graph on the server can do none of that. A PNG of 16 bits that is upright is
    sent as it is.

    Args:
        source: path or content of an image file, or for 16 bits of an array (`.npy`).
        channels: channels of the generator's input, 1 or 3.
        value_range: of the pixels that it takes.

    Returns:
        An encoded PNG. For TF Serving's REST interface send
        `{"signature_name": "serving_bytes", "instances": [{"b64": base64 of it}]}`.

    Raises:
        DataError: the file is not an image, exceeds the limits of `read_image`, or has another
            depth; or no PNG holds such pixels.
    """
    if not value_range.is_whole or channels not in (1, 3):
        raise DataError(
            f"no PNG holds {value_range.dtype} pixels of {channels} channels for serving_bytes: "
            "send the array to serving_default (Served.pixels reads it)"
        )
    if value_range.dtype == "uint16" and _is_upright_png(source):
        with binary(source) as file:
            return file.read()
    return encode_png(read_pixels(source, channels=channels, value_range=value_range))


def _is_upright_png(source: ImageFile) -> bool:
    """Whether a file is a PNG of 16 bits that the server decodes to the right pixels.

    Raises:
        DataError: it is no picture within the limits.
    """
    with binary(source) as file:
        if file.read(4) != b"\x89PNG":
            return False
    header = read_header(source)
    if header.dtype != "uint16":
        raise DataError(f"{display_name(source)} has 8-bit values, and 16-bit ones are wanted")
    with opened(source, MAX_PIXELS, MAX_ASPECT) as image:
        return orientation(image) == 1
