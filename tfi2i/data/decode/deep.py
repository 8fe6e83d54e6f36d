"""Pictures with the depth and the channels that their files have: 8 or 16 bits, or float32.

- A TIFF has any number of channels, pixel by pixel or in planes, or as pages of one channel.
- An array (`.npy`) is (H, W) or (H, W, C).
- A PNG has 1 to 4 channels of 8 or 16 bits.

Where 1 or 3 channels are asked for, grey becomes RGB, RGB becomes grey (luma of ITU-R 601), alpha
is laid over the range's white, and a TIFF's fourth channel that is not stated to be alpha is left
out: as `read_image` does with 8 bits. Every other number is that of the file, alpha among them.
Orientation is applied; colour profiles are not, to deep pictures.
"""

from typing import Any

import numpy as np

from tfi2i.data.decode.budget import DECODING
from tfi2i.data.decode.header import Header, Stored, array_form, binary, is_array, read_header
from tfi2i.data.decode.images import (
    COLOURS_TAG,
    MAX_ASPECT,
    MAX_PIXELS,
    ImageFile,
    display_name,
    opened,
    orientation,
    read_image,
    tiff_values,
)
from tfi2i.data.decode.rows import Room, Rows, WritableRows, blocks
from tfi2i.data.decode.tiff import read_tiff
from tfi2i.data.decode.upright import upright
from tfi2i.data.decode.values import DTYPES, EIGHT_BITS, ValueRange, largest_value
from tfi2i.errors import DataError

# Weights of the luma of ITU-R 601 as Pillow has them, in 1/65536.
LUMA = (19595, 38470, 7471)
# What changing the channels may take for each number of a pixel: twice in float64, and the pixels.
_BYTES_PER_NUMBER = 24


def read_pixels(
    source: ImageFile,
    *,
    channels: int = 3,
    value_range: ValueRange = EIGHT_BITS,
    max_pixels: int = MAX_PIXELS,
    max_aspect: int = MAX_ASPECT,
    room: Room = np.empty,
) -> Any:
    """Decodes one picture to the pixels that a value range describes.

    Pictures of 8 bits with 1 or 3 channels are those of `read_image`, whatever the file has.

    Args:
        source: Path of a picture or of an array (`.npy`), or its content.
        channels: How many are wanted.
        value_range: The dtype that the file shall have; values beyond the range stay.
        max_pixels: The same as for `read_image`.
        max_aspect: The same as for `read_image`.
        room: The same as for `read_image`. An array, and a TIFF in strips or tiles, never are in
            memory as a whole.

    Returns:
        (H, W, channels) of the range's dtype, upright, where `room` put it.

    Raises:
        DataError: The file is missing, damaged or beyond the limits, or has another dtype or other
            channels.
        MissingExtraError: The package for this form of TIFF is not installed.
    """
    limits = {"max_pixels": max_pixels, "max_aspect": max_aspect}
    if value_range.dtype == "uint8" and channels in (1, 3) and not is_array(source):
        return _of_eight_bits(source, channels, limits, room)
    header = read_header(source, **limits)
    if header.dtype != value_range.dtype:
        raise DataError(
            f"{display_name(source)} has {_kind(header.dtype)} values, and "
            f"{_kind(value_range.dtype)} ones are wanted ({value_range.words()})"
        )
    stored = read_stored(source, header, channels=channels, room=room)
    _require_finite(stored.pixels, display_name(source))
    return _in_channels(stored, channels, value_range, display_name(source), room)


def _require_finite(pixels: Rows, name: str) -> None:
    if pixels.dtype.kind != "f":
        return
    found = (pixels[rows] for rows in blocks(pixels.shape, pixels.shape[-1] * 8))
    if broken := sum(int(part.size - np.isfinite(part).sum()) for part in found):
        raise DataError(f"{name} has {broken} values that are not finite: fill them first")


def _of_eight_bits(
    source: ImageFile, channels: int, limits: dict[str, int], room: Room
) -> WritableRows:
    try:
        return read_image(source, channels=channels, room=room, **limits)
    except DataError:
        # Pillow says of a TIFF of five channels that it is of no known format.
        found = read_header(source, **limits).channels
        if found > 4:
            raise _other_channels(display_name(source), found, channels) from None
        raise


def _other_channels(name: str, found: int, wanted: int) -> DataError:
    return DataError(f"{name} has {found} channels, and {wanted} are wanted (data.channels)")


def read_stored(
    source: ImageFile, header: Header, *, channels: int | None = None, room: Room = np.empty
) -> Stored:
    """Decodes a picture with the channels that its file has.

    Args:
        source: Path or content.
        header: What `read_header` says of it.
        channels: How many are wanted: as many pages of a TIFF may be the channels.
        room: The same as for `read_image`, for arrays and TIFF files; others are arrays.

    Raises:
        DataError: The file is damaged, or its values have a dtype that is not read.
        MissingExtraError: The package for this form of TIFF is not installed.
    """
    if header.dtype not in DTYPES:
        raise DataError(
            f"{display_name(source)} has {_kind(header.dtype)} values: convert it to uint8, uint16 "
            "or float32"
        )
    size = header.height * header.width * header.channels * header.pages
    with DECODING.taking(2 * size * np.dtype(header.dtype).itemsize):
        return _stored(source, header, channels, room)


def _stored(source: ImageFile, header: Header, channels: int | None, room: Room) -> Stored:
    if is_array(source):
        return Stored(_read_array(source, room))
    with binary(source) as file:
        start = file.read(4)
    if start == b"\x89PNG":
        return _read_png(source, header)
    if start[:2] not in (b"II", b"MM"):
        if header.dtype != "uint8":
            raise DataError(
                f"{display_name(source)}: deep pictures are read from PNG, TIFF and .npy, not this "
                "kind of file: convert it"
            )
        return Stored(_read_bands(source), alpha=header.channels in (2, 4))
    as_pages = header.pages > 1 and channels == header.pages
    if header.channels == 1 and not as_pages:
        return Stored(_read_bands(source))
    return read_tiff(source, pages=header.pages if as_pages else 1, room=room)


def _kind(dtype: str) -> str:
    return "8-bit" if dtype == "uint8" else "16-bit" if dtype == "uint16" else dtype


def _read_array(source: ImageFile, room: Room) -> WritableRows:
    with binary(source) as file:
        found, by_columns, dtype = array_form(file)  # Its own limit on the length of a header.
        shape = (*found, 1)[:3]
        if by_columns:
            file.seek(0)
            array = np.lib.format.read_array(file, allow_pickle=False).reshape(shape)
            array = array.astype(array.dtype.newbyteorder("="), copy=False)
            return np.ascontiguousarray(array)
        pixels = room(shape, dtype.newbyteorder("="))
        row = shape[1] * shape[2] * dtype.itemsize
        for rows in blocks(shape, shape[2] * dtype.itemsize):
            part = np.frombuffer(file.read((rows.stop - rows.start) * row), dtype)
            pixels[rows] = part.reshape(-1, *shape[1:])
        return pixels


def _read_png(source: ImageFile, header: Header) -> Stored:
    with binary(source) as file:
        content = file.read()
    alpha = header.channels in (2, 4) or b"tRNS" in content.partition(b"IDAT")[0]
    if header.dtype == "uint8" or not (alpha or header.channels == 3):
        return Stored(_read_bands(source), alpha)
    # Pillow keeps the upper 8 bits of 16-bit colours; TensorFlow's decoder keeps all.
    import tensorflow as tf

    with opened(source, MAX_PIXELS, MAX_ASPECT) as image:
        turned = orientation(image)
        pixels = tf.io.decode_png(content, channels=4 if alpha else 3, dtype=tf.uint16).numpy()
    if header.channels < 3:
        pixels = pixels[..., [0, 3]]
    return Stored(upright(pixels, turned), alpha)


def _read_bands(source: ImageFile) -> np.ndarray:
    """What Pillow reads, with all of its channels; colours of a palette or of CMYK as RGB."""
    with opened(source, MAX_PIXELS, MAX_ASPECT) as image:
        turned = orientation(image)
        if image.format == "TIFF" and 0 in tiff_values(image, COLOURS_TAG):
            raise DataError(
                f"{display_name(source)} has values of which 0 is white: convert it to 0 for black"
            )
        if image.mode not in ("L", "LA", "RGB", "RGBA", "F") and not image.mode.startswith("I"):
            image = image.convert("L" if image.mode == "1" else "RGB")
        pixels = np.asarray(image)
    if pixels.dtype.kind in "iu" and pixels.dtype != np.uint8:
        # Big-endian files stay so in Pillow, and its older releases give 16 bits as 32.
        pixels = pixels.astype(np.uint16)
    return upright(pixels if pixels.ndim == 3 else pixels[..., None], turned)


def _in_channels(
    stored: Stored, channels: int, value_range: ValueRange, name: str, room: Room
) -> WritableRows:
    """The pixels with the channels that are wanted; see the module's text.

    Raises:
        DataError: They cannot be had from those of the file.
    """
    pixels, found = stored.pixels, stored.pixels.shape[-1]
    if channels == found:
        return np.ascontiguousarray(pixels) if isinstance(pixels, np.ndarray) else pixels
    made = room((*pixels.shape[:2], channels), pixels.dtype)
    for rows in blocks(pixels.shape, found * _BYTES_PER_NUMBER):
        part = _converted(stored._replace(pixels=pixels[rows]), channels, value_range)
        if part.shape[-1] != channels:
            raise _other_channels(name, found, channels)
        made[rows] = part
    return made


def _converted(stored: Stored, channels: int, value_range: ValueRange) -> np.ndarray:
    """Grey for colour, colour for grey, and no alpha, where 1 or 3 channels are wanted."""
    pixels = stored.pixels
    if channels not in (1, 3):
        return pixels
    if stored.alpha:
        pixels = _over_white(pixels, value_range)
    elif stored.spare:
        pixels = pixels[..., :3]
    if (channels, pixels.shape[-1]) == (3, 1):
        return np.repeat(pixels, 3, axis=-1)
    return _luma(pixels) if (channels, pixels.shape[-1]) == (1, 3) else pixels


def _over_white(pixels: np.ndarray, value_range: ValueRange) -> np.ndarray:
    opaque = largest_value(value_range.dtype)
    colour, alpha = pixels[..., :-1].astype(np.float64), pixels[..., -1:].astype(np.float64)
    laid = (colour * alpha + value_range.high * (opaque - alpha)) / opaque
    return np.floor(laid + 0.5).astype(pixels.dtype)


def _luma(pixels: np.ndarray) -> np.ndarray:
    luma = pixels.astype(np.float64) @ np.array(LUMA, np.float64)[:, None] / 65536
    whole = pixels.dtype.kind == "u"
    return (np.floor(luma + 0.5) if whole else luma).astype(pixels.dtype)
