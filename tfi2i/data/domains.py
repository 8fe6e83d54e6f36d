"""What is asked for the images of each domain: channels, and the range of their values."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tfi2i.data.decode.deep import read_stored
from tfi2i.data.decode.header import Header, read_header
from tfi2i.data.decode.images import ImageFile, display_name
from tfi2i.data.decode.values import (
    AS_EIGHT_BITS,
    DTYPES,
    EIGHT_BITS,
    ValueRange,
)
from tfi2i.errors import DataError

Domain = Literal["a", "b"]

MOST_CHANNELS = 1024
# Files whose values are looked at, for a message.
_LOOKED_AT = 16


@dataclass(frozen=True)
class Asked:
    """What is asked for the images of one domain.

    Attributes:
        channels: 3 for RGB, 1 for grey, or as many as the files have.
        range: What the user states: "<low>:<high>", "8bit", or None for nothing.
    """

    channels: int = 3
    range: str | None = None


@dataclass(frozen=True)
class AskedOfDomains:
    """What is asked for the images of `a` and of `b`."""

    a: Asked = Asked()
    b: Asked = Asked()

    @classmethod
    def of(
        cls,
        channels: int,
        a_channels: int | None,
        b_channels: int | None,
        range: str | None,
        a_range: str | None,
        b_range: str | None,
    ) -> "AskedOfDomains":
        """What the settings of these names ask for; those of one domain win over those of both.

        Raises:
            DataError: Images cannot have so many channels.
        """
        found = cls(
            Asked(channels if a_channels is None else a_channels, a_range or range),
            Asked(channels if b_channels is None else b_channels, b_range or range),
        )
        for one in (found.a, found.b):
            if not 1 <= one.channels <= MOST_CHANNELS:
                raise DataError(
                    f"channels={one.channels} is not possible: images have 3 (RGB), 1 (grey), or "
                    f"as many as their files, up to {MOST_CHANNELS:,}"
                )
        return found

    def __getitem__(self, domain: Domain) -> Asked:
        """Of one domain."""
        return self.a if domain == "a" else self.b

    @property
    def channels(self) -> int | tuple[int, int]:
        """The channels of both domains: one number if they are equal."""
        a, b = self.a.channels, self.b.channels
        return a if a == b else (a, b)

    def refuse_ranges(self, name: str) -> None:
        """Raises a DataError if a range is stated for images whose values are known."""
        stated = self.a.range or self.b.range
        if stated is not None:
            raise DataError(f"{name} has images of 8 bits: leave data.range={stated} out")


def value_range_of(
    files: Sequence[tuple[ImageFile, Header]], asked: Asked, where: str
) -> ValueRange:
    """The dtype that files share, with the range that the user states for it.

    Args:
        files: Files, or what they would contain, with their headers; at least one.
        asked: What is asked for these images.
        where: What the files are, for messages.

    Returns:
        8 bits and 0:255 for files of 8 bits where nothing is stated, and where "8bit" is.

    Raises:
        DataError: The files have other channels than asked for, mixed or unknown dtypes, or are
            deeper than 8 bits and no range is stated: then the message has the values found.
    """
    _check_channels(files, asked.channels, where)
    dtypes: dict[str, list[tuple[ImageFile, Header]]] = {}
    for file, header in files:
        dtypes.setdefault(header.dtype, []).append((file, header))
    for dtype, (first, *_) in dtypes.items():
        if dtype not in DTYPES:
            raise DataError(
                f"{display_name(first[0])} has {dtype} values: images are uint8, uint16 or float32"
            )
    if asked.range == AS_EIGHT_BITS:
        if "float32" in dtypes or ("uint16" in dtypes and asked.channels not in (1, 3)):
            raise DataError(
                f"{where}: {AS_EIGHT_BITS} is for pictures of 16 bits in grey or colour; state the "
                "range of the values instead, such as data.range=0:4095"
            )
        return EIGHT_BITS
    if len(dtypes) > 1:
        counts = ", ".join(
            f"{len(some)} {dtype} (such as {display_name(some[0][0])})"
            for dtype, some in sorted(dtypes.items())
        )
        raise DataError(
            f"{where} has images of several depths: {counts}. Convert them to one"
            + ("" if "float32" in dtypes else f", or read all with data.range={AS_EIGHT_BITS}")
        )
    dtype = next(iter(dtypes))
    if asked.range is None:
        if dtype != "uint8":
            raise _no_range(files, dtype, asked.channels, where)
        return EIGHT_BITS
    stated = ValueRange.stated(asked.range, dtype)
    if stated != EIGHT_BITS:
        _look_at_values(files, stated, asked.channels, where)
    return stated


def headers_of(contents: Sequence[bytes]) -> list[tuple[ImageFile, Header]]:
    """Contents of files with their headers."""
    return [(content, read_header(content)) for content in contents]


def _check_channels(files: Sequence[tuple[ImageFile, Header]], channels: int, where: str) -> None:
    """Raises a DataError if files have channels of which those asked for cannot be made."""
    others = [
        (file, header)
        for file, header in files
        if channels not in (header.channels, header.pages)
        and not (channels in (1, 3) and header.channels <= 4)
    ]
    if others:
        file, header = others[0]
        raise DataError(
            f"{len(others)} of {len(files)} images of {where} have other channels than the "
            f"{channels} asked for, such as {display_name(file)} with {header.channels}: set "
            f"data.channels={header.channels} (data.a_channels or data.b_channels for one domain)"
        )


def _no_range(
    files: Sequence[tuple[ImageFile, Header]], dtype: str, channels: int, where: str
) -> DataError:
    low, high, count = _extremes(files, channels)
    form, bits = "float values", 0
    ways = "State both, such as data.range=0:1"
    if dtype == "uint16":
        form, bits = "16 bits", max(9, int(high).bit_length())
        ways = f"State data.range=0:{2**bits - 1} (all that {bits} bits hold)"
        if bits < 16:
            ways += ", or 0:65535 (all that 16 bits hold)"
        if channels in (1, 3):
            ways += f", or data.range={AS_EIGHT_BITS} to keep the upper 8 bits"
    return DataError(
        f"{where} has images of {form}, which do not say which value is black and which is white; "
        f"those of the {count} looked at go from {low:g} to {high:g}. {ways}; data.a_range and "
        "data.b_range where the domains differ"
    )


def _look_at_values(
    files: Sequence[tuple[ImageFile, Header]], stated: ValueRange, channels: int, where: str
) -> None:
    """Warns where a range is far from the values that some of the files have."""
    low, high, count = _extremes(files, channels)
    found = f"{where}: the values of {count} images looked at go from {low:g} to {high:g}"
    range_ = f"range {stated.low:g}:{stated.high:g}"
    if low < stated.low or high > stated.high:
        warnings.warn(
            f"{found}: those beyond the {range_} are taken for its nearer end", stacklevel=4
        )
    elif high - stated.low < (stated.high - stated.low) / 8:
        warnings.warn(f"{found}: in the {range_} they are nearly black", stacklevel=4)


def _extremes(files: Sequence[tuple[ImageFile, Header]], channels: int) -> tuple[float, float, int]:
    """The smallest and the largest value of some of the files, and of how many."""
    places = np.linspace(0, len(files) - 1, min(len(files), _LOOKED_AT)).round().astype(int)
    some = [read_stored(*files[place], channels=channels).pixels for place in places.tolist()]
    finite = [pixels[np.isfinite(pixels)] for pixels in some]
    values = [one for one in finite if one.size] or [np.zeros(1)]
    return (
        min(float(one.min()) for one in values),
        max(float(one.max()) for one in values),
        len(some),
    )
