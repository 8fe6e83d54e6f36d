"""What an image file says besides its pixels, and what a translation of it keeps."""

import io
import struct
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tfi2i.data.decode.header import is_array
from tfi2i.data.decode.images import FORMATS, ImageFile, without_unstated_alpha

# Description, make, model, date, artist, copyright, and the five that Windows writes.
_KEPT_TAGS = (270, 271, 272, 306, 315, 33432, 40091, 40092, 40093, 40094, 40095)
_SUB_TABLES = (0x8769, 0x8825)  # Those of the exposure and of the place.
# What Pillow raises on tags that it cannot parse.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    struct.error,
)
# Keyword of the text in a sample grid that names its columns, as JSON.
COLUMNS = "Columns"


@dataclass(frozen=True)
class Tags:
    """The tags of one file.

    Attributes:
        exif: captions, authors, camera, date and place as encoded EXIF, without the orientation,
            which reading applies, and without a preview of the old pixels; empty for none.
        dpi: pixels per inch, None where the file does not say.
        texts: the captions of a PNG file by their keywords.
        frames: number of pictures in the file: of an animation, or the pages of a TIFF.
        transparent: whether any part may be seen through.
    """

    exif: bytes = b""
    dpi: tuple[float, float] | None = None
    texts: dict[str, str] = field(default_factory=dict)
    frames: int = 1
    transparent: bool = False

    def save_options(self, suffix: str) -> dict[str, Any]:
        """What Pillow's `save` takes for a suffix, as far as the format can hold it."""
        options: dict[str, Any] = {"exif": self.exif} if self.exif else {}
        if self.dpi is not None and suffix != ".webp":
            options["dpi"] = self.dpi
        if self.texts and suffix == ".png":
            options["pnginfo"] = PngInfo()
            for keyword, text in self.texts.items():
                options["pnginfo"].add_itxt(keyword, text)
        return options


def read_tags(path: ImageFile) -> Tags:
    """Reads what an image file says besides its pixels; tags that cannot be parsed say nothing.

    XMP, IPTC and colour profiles are not kept: `read_image` turns the picture upright and brings it
    to sRGB, and they may say otherwise.

    Args:
        path: an image file that `read_image` reads, or its content.
    """
    if is_array(path):
        return Tags()
    try:
        file = io.BytesIO(path) if isinstance(path, bytes) else path
        image = Image.open(file, formats=FORMATS)
    except Image.UnidentifiedImageError:
        return Tags()  # A TIFF of many channels, which Pillow does not know.
    with image:
        return Tags(
            exif=_exif(image),
            dpi=_dpi(image),
            texts=_texts(image),
            frames=getattr(image, "n_frames", 1),
            transparent=_is_transparent(image),
        )


def _exif(image: Image.Image) -> bytes:
    kept = Image.Exif()
    try:
        found = image.getexif()
        for tag in _KEPT_TAGS:
            if tag in found:
                kept[tag] = found[tag]
        for table in _SUB_TABLES:
            if entries := dict(found.get_ifd(table)):
                kept.get_ifd(table).update(entries)
                kept[table] = kept.get_ifd(table)
        return kept.tobytes() if len(kept) else b""
    except _UNREADABLE:
        return b""


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    dpi = image.info.get("dpi")
    try:
        across, down = (float(value) for value in dpi or ())
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 1 <= across < 65536 and 1 <= down < 65536 else None


def _texts(image: Image.Image) -> dict[str, str]:
    """Captions of a PNG file, those before the pixels: the rest would have to be decoded first."""
    texts = getattr(image, "text", {}) if image.format == "PNG" else {}
    return {key: str(text) for key, text in texts.items() if not key.startswith(("XML:", "Raw "))}


def _is_transparent(image: Image.Image) -> bool:
    image = without_unstated_alpha(image)
    if not image.has_transparency_data:
        return False
    return image.convert("RGBA").getchannel("A").getextrema() != (255, 255)
