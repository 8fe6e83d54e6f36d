"""TIFF files that Pillow does not read as they are: several deep channels, or more than four."""

import importlib.util
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from tfi2i.data.decode.header import Stored, binary
from tfi2i.data.decode.images import ImageFile, display_name
from tfi2i.data.decode.rows import Room, Rows, WritableRows, blocks
from tfi2i.data.decode.upright import upright
from tfi2i.errors import DataError, MissingExtraError

# Compressions that are bounded by what the header says. The first two are checked here, for
# tifffile's own decoder has no bound; imagecodecs' have.
_NONE, _DEFLATE = 1, (8, 32946)
_OF_IMAGECODECS = {5: "LZW", 32773: "PackBits", 50000: "Zstandard"}
_GREY, _RGB = 1, 2  # PhotometricInterpretation
_ALPHA = {1, 2}  # ExtraSamples: associated, unassociated


def read_tiff(source: ImageFile, *, pages: int = 1, room: Room = np.empty) -> Stored:
    """Decodes a TIFF whose header has passed the limits.

    Channels may lie pixel by pixel or in planes, in strips or tiles, uncompressed or deflated;
    with the package imagecodecs also compressed by LZW, PackBits or Zstandard.

    Args:
        source: Path or content.
        pages: How many pictures of one channel, from the first, are the channels.
        room: Makes the place for the pixels; strips and tiles go there one by one, unless the file
            is turned, or its channels lie in planes or pages.

    Raises:
        DataError: The file is damaged, or has a form that is not read.
        MissingExtraError: The package tifffile is not installed.
    """
    tifffile = _tifffile("Reading TIFF files of several channels or of floats")
    name = display_name(source)
    with binary(source) as file, tifffile.TiffFile(file) as tiff:
        planes = [tiff.pages[number] for number in range(pages)]
        for page in planes:
            _check(page, name)
            if page.shape != planes[0].shape or page.dtype != planes[0].dtype:
                raise DataError(f"{name} has pages of several forms, which are not its channels")
        if pages == 1 and _by_bands(planes[0]):
            pixels = _decoded_by_bands(planes[0], room)
        else:
            pixels = np.concatenate([_decoded(page) for page in planes], axis=-1)
        fourth = planes[0].extrasamples[-1:] if planes[0].samplesperpixel in (2, 4) else ()
    alpha = bool(_ALPHA & {*fourth})
    return Stored(pixels, alpha=alpha, spare=pixels.shape[-1] == 4 and not alpha)


def write_tiff(path: Path, pixels: Rows) -> None:
    """Writes (H, W, C) of any depth, deflated, strip by strip; three channels are RGB.

    Raises:
        MissingExtraError: The package tifffile is not installed.
    """
    tifffile = _tifffile("Writing TIFF files")
    height, width, channels = pixels.shape
    dtype = np.dtype(pixels.dtype).newbyteorder("<")
    rows = [*blocks(pixels.shape, channels * dtype.itemsize)]
    tifffile.imwrite(
        path,
        (zlib.compress(pixels[one].astype(dtype, copy=False).tobytes()) for one in rows),
        shape=(height, width) if channels == 1 else (height, width, channels),
        dtype=dtype,
        byteorder="<",
        rowsperstrip=rows[0].stop,
        photometric="rgb" if channels == 3 else "minisblack",
        planarconfig=None if channels == 1 else "contig",
        compression="zlib",
        metadata=None,
    )


def check_can_write_tiff() -> None:
    """Raises a MissingExtraError unless `write_tiff` works."""
    _tifffile("Writing TIFF files")


def _tifffile(feature: str) -> Any:
    try:
        import tifffile
    except ImportError:
        raise MissingExtraError(feature, "tifffile", "tiff") from None
    return tifffile


def _check(page: Any, name: str) -> None:
    """Refuses forms that would be read wrongly, and data that unfold beyond the header's size."""
    if page.photometric not in (_GREY, _RGB):
        raise DataError(
            f"{name} has colours of the kind {getattr(page.photometric, 'name', page.photometric)};"
            " of deep pictures grey, RGB and plain channels are read: convert it"
        )
    if page.compression in (_NONE, *_DEFLATE):
        if page.compression != _NONE:
            _check_deflated(page)
        return
    kind = _OF_IMAGECODECS.get(page.compression)
    if kind is None or importlib.util.find_spec("imagecodecs") is None:
        way = "install the package imagecodecs, or " if kind else ""
        raise DataError(
            f"{name} is compressed by {kind or getattr(page.compression, 'name', 'another method')}"
            f": {way}save it with deflate or uncompressed"
        )


def _check_deflated(page: Any) -> None:
    """Unfolds each part, up to the size that the header gives it: a small file may be much."""
    largest = int(np.prod(page.chunks, dtype=object)) * page.dtype.itemsize
    file: IO[bytes] = page.parent.filehandle
    for start, length in zip(page.dataoffsets, page.databytecounts, strict=True):
        file.seek(start)
        unfold = zlib.decompressobj()
        unfold.decompress(file.read(length), largest)
        if unfold.unconsumed_tail and not unfold.eof:
            raise ValueError("its compressed data are larger than its header says")


def _decoded(page: Any) -> np.ndarray:
    """(H, W, C), upright."""
    pixels = page.asarray(maxworkers=1)
    if page.axes == "SYX":
        pixels = np.moveaxis(pixels, 0, -1)
    elif page.axes == "YX":
        pixels = pixels[..., None]
    elif page.axes != "YXS":
        raise ValueError(f"its axes are {page.axes}, and a picture has Y, X and S")
    turned = page.tags.get("Orientation")
    return upright(pixels, 1 if turned is None else int(turned.value))


def _by_bands(page: Any) -> bool:
    """Whether strips or rows of tiles are rows of the upright picture."""
    turned = page.tags.get("Orientation")
    upright_already = turned is None or int(turned.value) == 1
    return page.axes in ("YX", "YXS") and upright_already and page.tilelength != page.imagelength


def _decoded_by_bands(page: Any, room: Room) -> WritableRows:
    """(H, W, C), of which a strip or a row of tiles is in memory at a time."""
    shape = page.imagelength, page.imagewidth, page.samplesperpixel
    pixels = room(shape, page.dtype)
    lines = page.tilelength or page.rowsperstrip
    band = np.empty((min(lines, shape[0]), *shape[1:]), page.dtype)
    top = 0
    for part, place, size in page.segments(maxworkers=1):
        first, left = int(place[2]), int(place[3])
        if first != top:
            pixels[top:first] = band[: first - top]
            top = first
        down, across = min(size[1], shape[0] - top), min(size[2], shape[1] - left)
        values = page.nodata if part is None else part[0, :down, :across]
        band[:down, left : left + across] = values
    pixels[top : shape[0]] = band[: shape[0] - top]
    return pixels
